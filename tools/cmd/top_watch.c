/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/top_watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "read/locate.h"
#include "read/operand.h"
#include "read/snapshot.h"
#include "read/source_explain.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/symbolize.h"
#include "util/clock.h"
#include "util/error.h"

/* How long a process that became another program may take until it is recorded again. */
#define EXEC_TRIES   20
#define EXEC_WAIT_NS (CLOCK_SECOND_NS / 100)

/* Take the recording of the program that the process has become. False if there is none yet. */
static bool
take_successor(struct top_watch *watch, pid_t pid)
{
	struct snapshot *snapshot;
	char *path;

	if (locate_process(pid, &path) != 0)
		return false;
	if (strcmp(path, watch->path) == 0 ||
	    snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot) != 0) {
		free(path);
		return false;
	}
	if (!snapshot_get_identity(snapshot)->alive) {
		snapshot_free(snapshot);
		free(path);
		return false;
	}
	snapshot_free(watch->snapshot);
	free(watch->path);
	watch->snapshot = snapshot;
	watch->path = path;
	return true;
}

void
top_watch_open(struct top_watch *watch, const char *operand, bool online)
{
	char *why;
	int result;

	*watch = (struct top_watch){.name = operand, .online = online};
	if (operand == NULL)
		die(COMMAND_TROUBLE, "--refresh: no process given");
	if (operand_find_file(operand, &watch->path, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	result = snapshot_open(watch->path, SNAPSHOT_ANY_OWNER, &watch->snapshot);
	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: no recording; --refresh is for a process", operand);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(operand, result));
	watch->cache = debuginfo_cache_new();
}

const struct profile *
top_watch_read(struct top_watch *watch)
{
	const struct symbolize_options symbols = {
		.online = watch->online,
		.cache = watch->cache,
	};
	struct profile *profile;
	int result = snapshot_update(watch->snapshot, "");

	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(watch->name, result));
	profile = snapshot_get_profile(watch->snapshot);
	watch->was_alive |= profile->state == PROFILE_RUNNING;
	if (watch->was_alive)
		snapshot_set_end(watch->snapshot);
	profile_drop_moments(profile, 1);
	symbolize_profile(profile, &symbols);
	return profile;
}

bool
top_watch_has_ended(struct top_watch *watch)
{
	return snapshot_refresh(watch->snapshot) != 0 ||
	       !snapshot_get_identity(watch->snapshot)->alive;
}

bool
top_watch_follow(struct top_watch *watch)
{
	const struct snapshot_identity *identity = snapshot_get_identity(watch->snapshot);
	const struct timespec wait = clock_to(EXEC_WAIT_NS);
	pid_t pid = (pid_t)identity->pid;
	bool by_id = strspn(watch->name, "0123456789") == strlen(watch->name);

	if (snapshot_refresh(watch->snapshot) != 0 || identity->alive || !by_id ||
	    !identity->this_namespace)
		return false;
	for (int i = 0; i < EXEC_TRIES && kill(pid, 0) == 0; i++) {
		if (take_successor(watch, pid))
			return true;
		nanosleep(&wait, NULL);
	}
	return false;
}

void
top_watch_release(struct top_watch *watch)
{
	debuginfo_cache_free(watch->cache);
	snapshot_free(watch->snapshot);
	free(watch->path);
}
