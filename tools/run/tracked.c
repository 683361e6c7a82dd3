/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/tracked.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/profile.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"
#include "util/xalloc.h"

enum {
	SAMPLES_MAX = 2000,
};

static int
open_statm(const struct snapshot_identity *identity)
{
	char path[64];

	if (!identity->this_namespace)
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/statm", identity->pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

struct tracked *
tracked_new(const char *name, struct snapshot *snapshot)
{
	const struct snapshot_identity *identity = snapshot_get_identity(snapshot);
	struct tracked *tracked = xcalloc(1, sizeof(*tracked));

	tracked->name = xstrdup(name);
	tracked->snapshot = snapshot;
	tracked->statm = identity->alive ? open_statm(identity) : -1;
	return tracked;
}

bool
tracked_is_of(const struct tracked *tracked, pid_t pid)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);

	return identity->pid == (uint32_t)pid && identity->this_namespace;
}

/*
 * Resident memory, and how much of it is neither a file's nor ours: the second number of statm,
 * less the third, less what the runtime has beside its recording, which is a file.
 */
static uint64_t
get_resident_bytes(struct tracked *tracked)
{
	struct profile *profile = snapshot_get_profile(tracked->snapshot);
	uint64_t resident, others, anonymous, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[128], *end;
	ssize_t length = tracked->statm >= 0 ? pread(tracked->statm, text, sizeof(text) - 1, 0) : 0;
	const char *blank;

	text[length > 0 ? length : 0] = '\0';
	blank = strchr(text, ' ');
	if (blank == NULL)
		return 0;
	resident = strtoull(blank, &end, 10) * page;
	others = strtoull(end, NULL, 10) * page +
		 snapshot_get_identity(tracked->snapshot)->private_bytes;
	anonymous = resident > others ? resident - others : 0;
	if (anonymous != 0)
		profile->anonymous_last_bytes = anonymous;
	if (anonymous > profile->anonymous_bytes)
		profile->anonymous_bytes = anonymous;
	return resident;
}

/* Keep every second sample: the curve stays whole and has room for as many again. */
static void
thin_samples(struct tracked *tracked)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < tracked->sample_count; i += 2)
		tracked->samples[kept++] = tracked->samples[i];
	tracked->sample_count = kept;
}

void
tracked_sample(struct tracked *tracked)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);

	if (tracked->samples == NULL)
		tracked->samples = xcalloc(SAMPLES_MAX, sizeof(*tracked->samples));
	if (tracked->sample_count == SAMPLES_MAX)
		thin_samples(tracked);
	/* Most take their title soon. */
	if ((tracked->sample_count & (tracked->sample_count - 1)) == 0)
		snapshot_update_title(tracked->snapshot);
	tracked->samples[tracked->sample_count++] = (struct profile_sample){
		.time_ns = identity->duration_ns,
		.live_bytes = identity->live_bytes,
		.rss_bytes = get_resident_bytes(tracked),
	};
}

void
tracked_label_moment(struct tracked *tracked)
{
	const struct profile *profile = snapshot_get_profile(tracked->snapshot);
	struct profile_moment *moment = &profile->moments[profile->moment_count - 1];

	for (uint64_t i = profile->mark_count; i > tracked->marks; i--) {
		const struct profile_mark *mark = &profile->marks[i - 1];

		if (mark->kind != PROFILE_MARK_LABEL)
			continue;
		snprintf(moment->label, sizeof(moment->label), "%s", mark->label);
		break;
	}
	tracked->marks = profile->mark_count;
}

void
tracked_take_marked(struct tracked *tracked)
{
	/* Also when it cannot be read: not again and again. */
	uint64_t seen = snapshot_get_identity(tracked->snapshot)->mark_count;

	if (snapshot_update(tracked->snapshot, "") == 0) {
		tracked_label_moment(tracked);
		snapshot_update_resident(tracked->snapshot);
	}
	if (tracked->marks < seen)
		tracked->marks = seen;
}

void
tracked_lend_samples(struct tracked *tracked)
{
	struct profile *profile = snapshot_get_profile(tracked->snapshot);

	profile->samples = tracked->samples;
	profile->sample_count = tracked->sample_count;
}

void
tracked_take_samples_back(struct tracked *tracked)
{
	struct profile *profile = snapshot_get_profile(tracked->snapshot);

	profile->samples = NULL;
	profile->sample_count = 0;
}

void
tracked_give_samples(struct tracked *tracked)
{
	tracked_lend_samples(tracked);
	tracked->samples = NULL;
	tracked->sample_count = 0;
}

uint64_t
tracked_get_values_bytes(const struct tracked *tracked)
{
	const struct profile *profile = snapshot_get_profile(tracked->snapshot);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++)
		bytes += profile->moments[i].site_count * sizeof(struct profile_values);
	return bytes;
}

void
tracked_thin_moments(struct tracked *tracked)
{
	struct profile *profile = snapshot_get_profile(tracked->snapshot);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++) {
		if ((profile->moment_count - 1 - i) % 2 == 0)
			profile->moments[kept++] = profile->moments[i];
		else
			free(profile->moments[i].values);
	}
	profile->moment_count = kept;
}

void
tracked_free(struct tracked *tracked)
{
	snapshot_free(tracked->snapshot);
	if (tracked->statm >= 0)
		close(tracked->statm);
	free(tracked->samples);
	free(tracked->name);
	free(tracked);
}
