/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * collect.c - gather the recordings of a run while it lasts
 *
 * The recordings of the program's own process id are only taken in at the end: it may have become
 * another program by exec, and the last one is whose status we get.
 */
#include "config.h"
#include "collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "locate.h"
#include "profile.h"
#include "snapshot.h"
#include "tally.h"
#include "util/xalloc.h"

#define uthash_malloc(size)              xmalloc(size)
#define uthash_fatal(text)               abort()
#define HASH_FUNCTION(key, length, hash) ((hash) = (unsigned)XXH3_64bits(key, length))
#include <uthash.h>

enum {
	SAMPLES_MAX = 2000,
	/* Each has a descriptor; those beyond are read when they ended. */
	TRACKED_MAX = 512,
};

/* Memory for the values of all moments of all living processes. */
#define VALUES_MAX ((uint64_t)256 << 20)

/* A recording that is being watched. */
struct tracked {
	UT_hash_handle hh;
	char *name;
	struct snapshot *snapshot;
	struct profile_sample *samples;
	uint32_t sample_count;
	bool failed; /* damaged: left as it is */
	bool kept;   /* taken in, but its process lives on */
};

struct collector {
	char *directory;
	pid_t pid;
	struct tracked *tracked;
	int spool;
	struct tally_writer *writer;
	struct tally_reader *reader;
	long page_bytes;
	size_t left;
	int error;
};

static void
note_error(struct collector *collector, int error)
{
	if (collector->error == 0)
		collector->error = error;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- watching --- */

static void
untrack(struct collector *collector, struct tracked *tracked)
{
	HASH_DEL(collector->tracked, tracked);
	snapshot_free(tracked->snapshot);
	free(tracked->samples);
	free(tracked->name);
	free(tracked);
}

static void
track(struct collector *collector, const char *name)
{
	char *path = xasprintf("%s/%s", collector->directory, name);
	struct snapshot *snapshot = NULL;
	int result = snapshot_open(path, 0, &snapshot);

	free(path);
	/* Not yet filled, or no descriptor left: the next look sees it again. */
	if (result == 0) {
		struct tracked *tracked = xcalloc(1, sizeof(*tracked));

		tracked->name = xstrdup(name);
		tracked->snapshot = snapshot;
		HASH_ADD_KEYPTR(hh, collector->tracked, tracked->name, strlen(name), tracked);
	}
}

static void
track_new(struct collector *collector)
{
	DIR *directory = opendir(collector->directory);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		struct tracked *tracked;

		if (!locate_is_recording_name(entry->d_name) ||
		    HASH_COUNT(collector->tracked) >= TRACKED_MAX)
			continue;
		HASH_FIND_STR(collector->tracked, entry->d_name, tracked);
		if (tracked == NULL)
			track(collector, entry->d_name);
	}
	if (directory != NULL)
		closedir(directory);
}

static bool
is_main(const struct collector *collector, const struct tracked *tracked)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);

	return identity->pid == (uint32_t)collector->pid && identity->this_namespace;
}

/* --- the curve --- */

static uint64_t
get_resident_bytes(const struct collector *collector, uint32_t pid)
{
	char path[64], text[128];
	unsigned long resident = 0;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/statm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	if (sscanf(text, "%*u %lu", &resident) != 1)
		return 0;
	return (uint64_t)resident * (uint64_t)collector->page_bytes;
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

static void
sample(struct collector *collector, struct tracked *tracked)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);
	uint64_t resident =
		identity->this_namespace ? get_resident_bytes(collector, identity->pid) : 0;

	if (tracked->samples == NULL)
		tracked->samples = xcalloc(SAMPLES_MAX, sizeof(*tracked->samples));
	if (tracked->sample_count == SAMPLES_MAX)
		thin_samples(tracked);
	tracked->samples[tracked->sample_count++] = (struct profile_sample){
		.time_ns = identity->duration_ns,
		.live_bytes = identity->live_bytes,
		.rss_bytes = resident,
	};
}

/* --- taking in --- */

/* Who was killed left no time of death: we saw it end just now. */
static void
set_end(const struct tracked *tracked, struct profile *profile)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);
	uint64_t now = now_ns();

	if (profile->state != PROFILE_ENDED || !identity->this_boot ||
	    now < identity->start_monotonic_ns)
		return;
	profile->duration_ns = now - identity->start_monotonic_ns;
	profile->moments[profile->moment_count - 1].time_ns = profile->duration_ns;
}

static bool
is_empty(const struct profile *profile)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];

	return last->sum.total_blocks == 0 && profile->dropped_events == 0 &&
	       profile->nested_events == 0;
}

static void
unlink_recording(const struct collector *collector, const struct tracked *tracked)
{
	char *path = xasprintf("%s/%s", collector->directory, tracked->name);

	unlink(path);
	free(path);
}

/* Read a recording to its end and put the profile aside. 0 or -errno. */
static int
take_in(struct collector *collector, struct tracked *tracked, const int *wait_status)
{
	struct profile *profile;
	int result = snapshot_update(tracked->snapshot, "");

	if (result != 0)
		return result;
	profile = snapshot_get_profile(tracked->snapshot);
	set_end(tracked, profile);
	if (wait_status != NULL) {
		profile->wait_status = *wait_status;
		profile->has_wait_status = true;
	}
	profile->samples = tracked->samples;
	profile->sample_count = tracked->sample_count;
	tracked->samples = NULL;
	tracked->sample_count = 0;
	/* A fork that only goes on to exec has nothing to tell. */
	if (is_empty(profile) && !is_main(collector, tracked))
		return 0;
	return tally_writer_insert(collector->writer, profile);
}

/* Take in a recording whose process ended, and delete it. */
static void
harvest(struct collector *collector, struct tracked *tracked, const int *wait_status)
{
	int result = take_in(collector, tracked, wait_status);

	if (result != 0) {
		note_error(collector, result);
		tracked->failed = true;
		return;
	}
	unlink_recording(collector, tracked);
	untrack(collector, tracked);
}

void
collector_tick(struct collector *collector, bool with_sample)
{
	struct tracked *tracked, *next;

	track_new(collector);
	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (tracked->failed || snapshot_refresh(tracked->snapshot) != 0)
			continue;
		if (snapshot_get_identity(tracked->snapshot)->alive) {
			if (with_sample)
				sample(collector, tracked);
		} else if (!is_main(collector, tracked)) {
			harvest(collector, tracked, NULL);
		}
	}
}

/* --- moments --- */

static uint64_t
get_values_bytes(const struct profile *profile)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++)
		bytes += profile->moments[i].site_count * sizeof(struct profile_values);
	return bytes;
}

/* Keep the last moment, and every second one before it. */
static void
thin_moments(struct profile *profile)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++) {
		if ((profile->moment_count - 1 - i) % 2 == 0)
			profile->moments[kept++] = profile->moments[i];
		else
			free(profile->moments[i].values);
	}
	profile->moment_count = kept;
}

bool
collector_snapshot(struct collector *collector)
{
	struct tracked *tracked, *next;
	uint64_t bytes = 0;

	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (!tracked->failed && snapshot_get_identity(tracked->snapshot)->alive)
			snapshot_update(tracked->snapshot, "");
		bytes += get_values_bytes(snapshot_get_profile(tracked->snapshot));
	}
	if (bytes <= VALUES_MAX)
		return false;
	HASH_ITER (hh, collector->tracked, tracked, next)
		thin_moments(snapshot_get_profile(tracked->snapshot));
	return true;
}

/* --- the end --- */

/* The program that the process was at its end. */
static struct tracked *
find_last_main(struct collector *collector)
{
	struct tracked *last = NULL, *tracked, *next;

	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (is_main(collector, tracked) &&
		    (last == NULL ||
		     snapshot_get_identity(tracked->snapshot)->start_monotonic_ns >
			     snapshot_get_identity(last->snapshot)->start_monotonic_ns))
			last = tracked;
	}
	return last;
}

static void
take_in_main(struct collector *collector, int wait_status)
{
	struct tracked *last = find_last_main(collector), *tracked, *next;

	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (!tracked->failed && is_main(collector, tracked))
			harvest(collector, tracked, tracked == last ? &wait_status : NULL);
	}
}

static void
take_in_living(struct collector *collector)
{
	struct tracked *tracked, *next;

	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (!tracked->failed && !tracked->kept) {
			int result = take_in(collector, tracked, NULL);

			tracked->failed = result != 0;
			if (result != 0)
				note_error(collector, result);
		}
		tracked->kept = true;
		collector->left++;
	}
}

int
collector_finish(struct collector *collector, int wait_status)
{
	size_t before;
	int result;

	/* More than can be watched at once may be left. */
	do {
		before = HASH_COUNT(collector->tracked);
		collector_tick(collector, false);
		take_in_main(collector, wait_status);
	} while (before >= TRACKED_MAX && HASH_COUNT(collector->tracked) < before);
	take_in_living(collector);
	result = tally_writer_finish(collector->writer);
	if (result == 0 && lseek(collector->spool, 0, SEEK_SET) < 0)
		result = -errno;
	if (result == 0)
		result = tally_reader_new(collector->spool, &collector->reader);
	if (result != 0)
		note_error(collector, result);
	return collector->error;
}

int
collector_next(struct collector *collector, struct profile **ret_profile)
{
	return collector->reader != NULL ? tally_reader_next(collector->reader, ret_profile) : 0;
}

size_t
collector_get_left(const struct collector *collector)
{
	return collector->left;
}

/* A file without a name, so that nothing is left if we are killed. -errno if it cannot be. */
static int
open_spool(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *path;

	if (fd >= 0)
		return fd;
	path = xasprintf("%s/spool.XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	else
		fd = -errno;
	free(path);
	return fd;
}

int
collector_new(const char *directory, const char *spool_directory, pid_t pid,
	      struct collector **ret_collector)
{
	int spool = open_spool(spool_directory);
	struct collector *collector;

	if (spool < 0)
		spool = open_spool(directory);
	if (spool < 0)
		return spool;
	collector = xcalloc(1, sizeof(*collector));
	collector->directory = xstrdup(directory);
	collector->pid = pid;
	collector->spool = spool;
	collector->writer = tally_writer_new(spool);
	collector->page_bytes = sysconf(_SC_PAGESIZE);
	*ret_collector = collector;
	return 0;
}

void
collector_free(struct collector *collector)
{
	struct tracked *tracked, *next;

	if (collector == NULL)
		return;
	HASH_ITER (hh, collector->tracked, tracked, next)
		untrack(collector, tracked);
	tally_writer_free(collector->writer);
	tally_reader_free(collector->reader);
	close(collector->spool);
	free(collector->directory);
	free(collector);
}
