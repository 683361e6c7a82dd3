/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source_recording.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "model/memory.h"
#include "model/moment.h"
#include "model/profile.h"
#include "read/history.h"
#include "read/identity.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"
#include "read/source_choice.h"
#include "read/source_request.h"
#include "util/clock.h"
#include "util/xalloc.h"

/* Moments that are there at any time need no history. */
static bool
needs_history(const struct source_request *request, const char *moment)
{
	return request->history || (moment != NULL && !moment_is_always_there(moment));
}

static int
look_once(struct snapshot *snapshot, const struct source_request *request)
{
	/* Of several moments what is mapped is that of each. */
	bool each = request->mapped && request->history && snapshot_notes_mappings(snapshot);
	int result = snapshot_update(snapshot, "");

	if (result == 0 && (each || request->resident))
		snapshot_update_resident(snapshot);
	return result;
}

/* One look, or as many as are asked for when the history is too short; fewer when it ends. */
static int
look(struct snapshot *snapshot, const struct source_request *request,
     const struct source_watch *watch)
{
	struct timespec wait = clock_to(watch != NULL ? watch->interval_ns : 0);
	int result = look_once(snapshot, request);

	if (watch == NULL)
		return result;
	for (uint32_t i = 1; result == 0 && i < watch->looks; i++) {
		if (watch->progress != NULL)
			watch->progress(watch->context, i, watch->looks);
		nanosleep(&wait, NULL);
		result = look_once(snapshot, request);
		if (!snapshot_get_identity(snapshot)->alive)
			break;
	}
	return result;
}

static int
read_moments(const char *path, struct snapshot *snapshot, const struct source_choice *choice,
	     struct source *source)
{
	const struct source_watch *watch = choice->request->watch;
	struct profile *history = NULL;
	bool is_alive = snapshot_get_identity(snapshot)->alive;
	uint32_t known = 1;
	int result;

	if (is_alive && needs_history(choice->request, choice->moment) &&
	    history_ask(path, &history) == 0)
		known += history->moment_count;
	if (!is_alive || watch == NULL || known >= watch->enough)
		watch = NULL;
	source->is_watched = watch != NULL && known == 1;
	result = look(snapshot, choice->request, watch);
	if (result == 0 && history != NULL)
		profile_insert_history(snapshot_get_profile(snapshot), history);
	profile_free(history);
	return result;
}

/* That it cannot be read is an answer, too. */
static void
read_memory(struct snapshot *snapshot, struct source *source)
{
	struct memory *memory = xmalloc(sizeof(*memory));

	memory_init(memory);
	source->memory_error = snapshot_read_process(snapshot, 0, memory);
	if (source->memory_error == 0) {
		source->memory = memory;
		return;
	}
	memory_release(memory);
	free(memory);
}

int
source_recording_read(const char *path, struct source_choice *choice, struct source *source)
{
	struct snapshot *snapshot;
	int result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);

	if (result != 0)
		return result;
	result = read_moments(path, snapshot, choice, source);
	if (result == 0)
		result = snapshot_update_lifetimes(snapshot);
	if (result == 0 && choice->request->blocks)
		result = snapshot_update_blocks(snapshot, choice->request->freed_at);
	if (result == 0 && (choice->request->memory ||
			    (choice->request->mapped && snapshot_notes_mappings(snapshot))))
		read_memory(snapshot, source);
	if (result == 0)
		result = profile_finish(snapshot_get_profile(snapshot));
	if (result == 0) {
		source->is_live = snapshot_get_identity(snapshot)->alive;
		source_choice_insert(choice, snapshot_take_profile(snapshot));
	}
	snapshot_free(snapshot);
	return result;
}
