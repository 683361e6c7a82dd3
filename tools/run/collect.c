/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * collect.c - gather the recordings of a run while it lasts
 *
 * The recordings of the program's own process id are only taken in at the end: it may have become
 * another program by exec, and the last one is whose status we get.
 */
#include "config.h"
#include "run/collect.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/profile.h"
#include "model/trouble.h"
#include "read/history.h"
#include "read/locate.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"
#include "run/exec_reader.h"
#include "run/exit_graphs.h"
#include "run/spool.h"
#include "run/tracked.h"
#include "run/unseen.h"
#include "util/clock.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

enum {
	/* Each has two descriptors; what lives beyond that is read when it ended. */
	TRACKED_MAX = 256,
};

/* Memory for the values of all moments of all living processes. */
#define VALUES_MAX ((uint64_t)256 << 20)

struct collector {
	char *directory;
	DIR *entries;
	uint64_t changed_ns; /* the directory, when it was read last */
	bool settled;        /* it was read so long after that, that nothing was missed */
	bool is_asked;       /* somebody wants to know what is known so far */
	pid_t pid;
	struct tracked *tracked;
	struct spool *spool;
	struct exec_reader *execs; /* or NULL */
	struct unseen *unseen;
	size_t tracked_max;
	size_t left;
	uint64_t once_ns; /* of processor, for what is done once for each recording */
	int error;
	struct exit_graphs graphs;
};

static void
note_error(struct collector *collector, int error)
{
	if (collector->error == 0)
		collector->error = error;
}

/* --- watching --- */

static void
untrack(struct collector *collector, struct tracked *tracked)
{
	HASH_DEL(collector->tracked, tracked);
	tracked_free(tracked);
}

/*
 * Whether the directory can have changed since it was read. Its time has the grain of a clock tick,
 * so what was made within the tick of the last reading may have been missed.
 */
static bool
may_have_changed(struct collector *collector)
{
	const int64_t tick_ns = 10000000;
	struct stat status;
	int64_t age_ns;
	bool same;

	if (fstat(dirfd(collector->entries), &status) != 0)
		return true;
	same = clock_from(status.st_mtim) == collector->changed_ns;
	if (same && collector->settled)
		return false;
	collector->changed_ns = clock_from(status.st_mtim);
	age_ns = (int64_t)(clock_get_ns(CLOCK_REALTIME) - collector->changed_ns);
	collector->settled = age_ns > tick_ns;
	return true;
}

/* --- taking in --- */

static bool
is_empty(const struct profile *profile)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];

	return last->sum.total_blocks == 0 && profile->dropped_events == 0 &&
	       profile->nested_events == 0;
}

static char *
make_path(const struct collector *collector, const struct tracked *tracked)
{
	return xasprintf("%s/%s", collector->directory, tracked->name);
}

/* Read a recording to its end and put the profile aside. 0 or -errno. */
static int
take_in(struct collector *collector, struct tracked *tracked, const int *wait_status)
{
	struct profile *profile;
	char *path;
	int result = snapshot_update(tracked->snapshot, "");

	if (result == 0)
		result = snapshot_update_lifetimes(tracked->snapshot);
	if (result == 0)
		result = snapshot_update_blocks(tracked->snapshot, NULL);
	if (result != 0)
		return result;
	profile = snapshot_get_profile(tracked->snapshot);
	path = make_path(collector, tracked);
	exit_graphs_take(&collector->graphs, path, snapshot_get_identity(tracked->snapshot),
			 profile);
	free(path);
	tracked_label_moment(tracked);
	snapshot_set_end(tracked->snapshot);
	if (wait_status != NULL) {
		profile->wait_status = *wait_status;
		profile->has_wait_status = true;
	}
	tracked_give_samples(tracked);
	/* A fork that only goes on to exec has nothing to tell. */
	if (is_empty(profile) && !tracked_is_of(tracked, collector->pid)) {
		if ((profile->trouble & PROFILE_TROUBLE_FOREIGN_MALLOC) != 0)
			unseen_insert_empty(collector->unseen, profile);
		return 0;
	}
	result = spool_insert(collector->spool, profile);
	block_set_drop(&profile->blocks);
	return result;
}

/* Take in a recording whose process ended, and delete it. */
static void
harvest(struct collector *collector, struct tracked *tracked, const int *wait_status)
{
	int result = take_in(collector, tracked, wait_status);
	char *path;

	if (result != 0) {
		note_error(collector, result);
		tracked->failed = true;
		return;
	}
	path = make_path(collector, tracked);
	unlink(path);
	free(path);
	untrack(collector, tracked);
}

/*
 * Watch a new recording, or take it in if its process is gone already. False if it must be looked
 * at again: it is not filled yet, or too many are being watched.
 */
static bool
track(struct collector *collector, const char *name)
{
	char *path = xasprintf("%s/%s", collector->directory, name);
	struct snapshot *snapshot = NULL;
	int result = snapshot_open(path, 0, &snapshot);
	struct tracked *tracked;
	bool alive;

	free(path);
	if (result != 0)
		return false;
	alive = snapshot_get_identity(snapshot)->alive;
	if (alive && HASH_COUNT(collector->tracked) >= collector->tracked_max) {
		snapshot_free(snapshot);
		return false;
	}
	tracked = tracked_new(name, snapshot);
	HASH_ADD_KEYPTR(hh, collector->tracked, tracked->name, strlen(name), tracked);
	unseen_insert_recording(collector->unseen, snapshot_get_identity(snapshot)->pid,
				snapshot_get_identity(snapshot)->start_monotonic_ns);
	if (!alive && !tracked_is_of(tracked, collector->pid))
		harvest(collector, tracked, NULL);
	return true;
}

static void
read_execs(struct collector *collector)
{
	struct exec_note note;

	while (collector->execs != NULL && exec_reader_next(collector->execs, &note))
		unseen_insert_note(collector->unseen, &note);
}

/* False if it must be looked at again. */
static bool
track_if_new(struct collector *collector, const char *name)
{
	uint64_t start_ns;
	struct tracked *tracked;
	bool done;

	HASH_FIND_STR(collector->tracked, name, tracked);
	if (tracked != NULL)
		return true;
	start_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);
	done = track(collector, name);
	if (done)
		collector->once_ns += clock_get_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	return done;
}

static void
track_new(struct collector *collector)
{
	struct dirent *entry;

	if (!may_have_changed(collector))
		return;
	rewinddir(collector->entries);
	while ((entry = readdir(collector->entries)) != NULL) {
		if (locate_is_recording_name(entry->d_name) &&
		    !track_if_new(collector, entry->d_name))
			collector->settled = false;
		collector->is_asked |= history_is_litter(entry->d_name);
	}
}

/* --- moments --- */

/* Make room by dropping every second moment when there are too many. True if it was so. */
static bool
limit_moments(struct collector *collector)
{
	struct tracked *tracked, *next;
	uint64_t bytes = 0;

	HASH_ITER (hh, collector->tracked, tracked, next)
		bytes += tracked_get_values_bytes(tracked);
	if (bytes <= VALUES_MAX)
		return false;
	HASH_ITER (hh, collector->tracked, tracked, next)
		tracked_thin_moments(tracked);
	return true;
}

static void
harvest_ended(struct collector *collector, struct tracked *tracked)
{
	uint64_t start_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);

	harvest(collector, tracked, NULL);
	collector->once_ns += clock_get_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
}

/* --- what others ask --- */

static void
answer(struct collector *collector, const char *question, const char *name)
{
	struct tracked *tracked;

	HASH_FIND_STR(collector->tracked, name, tracked);
	if (tracked == NULL || tracked->failed) {
		history_answer(collector->directory, question, NULL);
		return;
	}
	tracked_lend_samples(tracked);
	history_answer(collector->directory, question, snapshot_get_profile(tracked->snapshot));
	tracked_take_samples_back(tracked);
}

static void
answer_all(struct collector *collector)
{
	uint64_t start_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);
	struct dirent *entry;
	char *name;

	if (!collector->is_asked)
		return;
	collector->is_asked = false;
	rewinddir(collector->entries);
	while ((entry = readdir(collector->entries)) != NULL) {
		if (!history_is_question(entry->d_name, &name))
			continue;
		answer(collector, entry->d_name, name);
		free(name);
	}
	collector->once_ns += clock_get_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
}

/* Nobody waits any more when the run ended. */
static void
remove_litter(struct collector *collector)
{
	struct dirent *entry;

	rewinddir(collector->entries);
	while ((entry = readdir(collector->entries)) != NULL)
		if (history_is_litter(entry->d_name))
			unlinkat(dirfd(collector->entries), entry->d_name, 0);
}

uint64_t
collector_tick(struct collector *collector, bool with_sample)
{
	uint64_t start_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);
	struct tracked *tracked, *next;

	collector->once_ns = 0;
	read_execs(collector);
	track_new(collector);
	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (tracked->failed || tracked->ended || snapshot_refresh(tracked->snapshot) != 0)
			continue;
		if (snapshot_get_identity(tracked->snapshot)->alive) {
			if (with_sample)
				tracked_sample(tracked);
			if (snapshot_get_identity(tracked->snapshot)->mark_count > tracked->marks) {
				tracked_take_marked(tracked);
				limit_moments(collector);
			}
		} else if (tracked_is_of(tracked, collector->pid)) {
			tracked->ended = true;
		} else {
			harvest_ended(collector, tracked);
		}
	}
	answer_all(collector);
	return clock_get_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns - collector->once_ns;
}

bool
collector_snapshot(struct collector *collector)
{
	struct tracked *tracked, *next;

	HASH_ITER (hh, collector->tracked, tracked, next)
		if (!tracked->failed && snapshot_get_identity(tracked->snapshot)->alive &&
		    snapshot_update(tracked->snapshot, "") == 0)
			snapshot_update_resident(tracked->snapshot);
	return limit_moments(collector);
}

/* --- the end --- */

/* The program that the process was at its end. */
static struct tracked *
find_last_main(struct collector *collector)
{
	struct tracked *last = NULL, *tracked, *next;

	HASH_ITER (hh, collector->tracked, tracked, next) {
		if (tracked_is_of(tracked, collector->pid) &&
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
		if (!tracked->failed && tracked_is_of(tracked, collector->pid))
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

/* Behind those that were recorded. */
static void
put_unseen_aside(struct collector *collector)
{
	struct profile *profile;

	unseen_finish(collector->unseen);
	while ((profile = unseen_next(collector->unseen)) != NULL) {
		int result = spool_insert(collector->spool, profile);

		if (result != 0)
			note_error(collector, result);
		profile_free(profile);
	}
}

int
collector_finish(struct collector *collector, int wait_status)
{
	struct rlimit files;
	int result;

	/* The program has its own limit and is gone; now all that is left must be read. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	collector->tracked_max = SIZE_MAX;
	collector->settled = false;
	collector_tick(collector, false);
	take_in_main(collector, wait_status);
	take_in_living(collector);
	remove_litter(collector);
	put_unseen_aside(collector);
	result = spool_finish(collector->spool);
	if (result != 0)
		note_error(collector, result);
	return collector->error;
}

struct spool *
collector_get_spool(const struct collector *collector)
{
	return collector->spool;
}

size_t
collector_get_left(const struct collector *collector)
{
	return collector->left;
}

int
collector_new(const char *directory, const char *spool_directory, pid_t pid,
	      struct collector **ret_collector)
{
	struct spool *spool;
	struct collector *collector;
	int result = spool_new(spool_directory, directory, &spool);
	DIR *entries;

	if (result != 0)
		return result;
	entries = opendir(directory);
	if (entries == NULL) {
		result = -errno;
		spool_free(spool);
		return result;
	}
	collector = xcalloc(1, sizeof(*collector));
	collector->entries = entries;
	collector->tracked_max = TRACKED_MAX;
	collector->directory = xstrdup(directory);
	collector->pid = pid;
	collector->spool = spool;
	collector->unseen = unseen_new();
	exec_reader_new(directory, &collector->execs);
	*ret_collector = collector;
	return 0;
}

void
collector_keep_graphs(struct collector *collector)
{
	collector->graphs.keeps = true;
}

const char *
collector_get_graph(const struct collector *collector, size_t index)
{
	return index < collector->graphs.paths.count ? collector->graphs.paths.items[index] : NULL;
}

void
collector_free(struct collector *collector)
{
	struct tracked *tracked, *next;

	if (collector == NULL)
		return;
	HASH_ITER (hh, collector->tracked, tracked, next)
		untrack(collector, tracked);
	spool_free(collector->spool);
	unseen_free(collector->unseen);
	exec_reader_free(collector->execs);
	closedir(collector->entries);
	exit_graphs_release(&collector->graphs);
	free(collector->directory);
	free(collector);
}
