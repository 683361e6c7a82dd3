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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/locate.h"
#include "model/leak_look.h"
#include "model/memory.h"
#include "model/process.h"
#include "model/profile.h"
#include "model/resident.h"
#include "read/graph_file.h"
#include "read/history.h"
#include "model/trouble.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"
#include "read/tally.h"
#include "run/exec_reader.h"
#include "run/unseen.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

enum {
	SAMPLES_MAX = 2000,
	/* Each has two descriptors; what lives beyond that is read when it ended. */
	TRACKED_MAX = 256,
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
	int statm;      /* /proc/PID/statm, or -1 */
	uint64_t marks; /* that are in the profile, or were passed over */
	bool failed;    /* damaged: left as it is */
	bool ended;     /* of the main process: it is another program now, or gone */
	bool kept;      /* taken in, but its process lives on */
};

struct collector {
	char *directory;
	DIR *entries;
	uint64_t changed_ns; /* the directory, when it was read last */
	bool settled;        /* it was read so long after that, that nothing was missed */
	bool is_asked;       /* somebody wants to know what is known so far */
	pid_t pid;
	struct tracked *tracked;
	int spool;
	struct tally_writer *writer;
	struct tally_reader *reader;
	struct exec_reader *execs; /* or NULL */
	struct unseen *unseen;
	struct process_list processes; /* of what was put aside, in that order */
	long page_bytes;
	size_t tracked_max;
	size_t left;
	uint64_t once_ns; /* of processor, for what is done once for each recording */
	int error;
	bool keeps_graphs;
	ARRAY(char *) graphs; /* paths */
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
	snapshot_free(tracked->snapshot);
	if (tracked->statm >= 0)
		close(tracked->statm);
	free(tracked->samples);
	free(tracked->name);
	free(tracked);
}

static int
open_statm(const struct snapshot_identity *identity)
{
	char path[64];

	if (!identity->this_namespace)
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/statm", identity->pid);
	return open(path, O_RDONLY | O_CLOEXEC);
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

static bool
is_main(const struct collector *collector, const struct tracked *tracked)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);

	return identity->pid == (uint32_t)collector->pid && identity->this_namespace;
}

/* --- the curve --- */

/*
 * Resident memory, and how much of it is neither a file's nor ours: the second number of statm,
 * less the third, less what the runtime has beside its recording, which is a file.
 */
static uint64_t
get_resident_bytes(const struct collector *collector, struct tracked *tracked)
{
	struct profile *profile = snapshot_get_profile(tracked->snapshot);
	uint64_t resident, others, anonymous, page = (uint64_t)collector->page_bytes;
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

static void
sample(struct collector *collector, struct tracked *tracked)
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
		.rss_bytes = get_resident_bytes(collector, tracked),
	};
}

/* --- taking in --- */

/* Name the moment that was taken after the last new mark, if there is any. */
static void
label_moment(struct tracked *tracked)
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

/* A later program of the process may leave one of the same name. */
static void
keep_graph(struct collector *collector, const char *path)
{
	char *kept = xasprintf("%s.%zu", path, collector->graphs.count);

	if (rename(path, kept) == 0)
		*array_push(&collector->graphs) = kept;
	else
		free(kept);
}

/* Who points at whom, if the process has looked at its exit. The file has no other reader. */
static void
take_in_graph(struct collector *collector, const struct tracked *tracked)
{
	const struct snapshot_identity *identity = snapshot_get_identity(tracked->snapshot);
	struct profile *profile = snapshot_get_profile(tracked->snapshot);
	char *recording = xasprintf("%s/%s", collector->directory, tracked->name);
	char *path = graph_file_make_path(recording);
	struct graph graph;

	if (graph_file_read(path, profile->site_count, &graph) == 0) {
		if (graph.start_monotonic_ns == identity->start_monotonic_ns)
			leak_look(&profile->leaks, &graph, profile, REACH_HEURISTICS_ALL);
		if (collector->keeps_graphs && profile->leaks.is_known && graph.error == 0)
			keep_graph(collector, path);
		graph_release(&graph);
	} else if (identity->exit_look_error != 0) {
		leak_set_init_refused(&profile->leaks, identity->exit_look_error,
				      profile->site_count);
	}
	unlink(path);
	free(path);
	free(recording);
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

	if (result == 0)
		result = snapshot_update_lifetimes(tracked->snapshot);
	if (result == 0)
		result = snapshot_update_blocks(tracked->snapshot, NULL);
	if (result != 0)
		return result;
	profile = snapshot_get_profile(tracked->snapshot);
	take_in_graph(collector, tracked);
	label_moment(tracked);
	snapshot_set_end(tracked->snapshot);
	if (wait_status != NULL) {
		profile->wait_status = *wait_status;
		profile->has_wait_status = true;
	}
	profile->samples = tracked->samples;
	profile->sample_count = tracked->sample_count;
	tracked->samples = NULL;
	tracked->sample_count = 0;
	/* A fork that only goes on to exec has nothing to tell. */
	if (is_empty(profile) && !is_main(collector, tracked)) {
		if ((profile->trouble & PROFILE_TROUBLE_FOREIGN_MALLOC) != 0)
			unseen_insert_empty(collector->unseen, profile);
		return 0;
	}
	result = tally_writer_insert(collector->writer, profile);
	block_set_drop(&profile->blocks);
	if (result == 0)
		process_list_insert(&collector->processes, profile);
	return result;
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

static struct tracked *
insert_tracked(struct collector *collector, const char *name, struct snapshot *snapshot)
{
	const struct snapshot_identity *identity = snapshot_get_identity(snapshot);
	struct tracked *tracked = xcalloc(1, sizeof(*tracked));

	tracked->name = xstrdup(name);
	tracked->snapshot = snapshot;
	tracked->statm = identity->alive ? open_statm(identity) : -1;
	HASH_ADD_KEYPTR(hh, collector->tracked, tracked->name, strlen(name), tracked);
	return tracked;
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
	tracked = insert_tracked(collector, name, snapshot);
	unseen_insert_recording(collector->unseen, snapshot_get_identity(snapshot)->pid,
				snapshot_get_identity(snapshot)->start_monotonic_ns);
	if (!alive && !is_main(collector, tracked))
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

/* Make room by dropping every second moment when there are too many. True if it was so. */
static bool
limit_moments(struct collector *collector)
{
	struct tracked *tracked, *next;
	uint64_t bytes = 0;

	HASH_ITER (hh, collector->tracked, tracked, next)
		bytes += get_values_bytes(snapshot_get_profile(tracked->snapshot));
	if (bytes <= VALUES_MAX)
		return false;
	HASH_ITER (hh, collector->tracked, tracked, next)
		thin_moments(snapshot_get_profile(tracked->snapshot));
	return true;
}

static void
harvest_ended(struct collector *collector, struct tracked *tracked)
{
	uint64_t start_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);

	harvest(collector, tracked, NULL);
	collector->once_ns += clock_get_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
}

static void
take_marked_moment(struct collector *collector, struct tracked *tracked)
{
	/* Also when it cannot be read: not again and again. */
	uint64_t seen = snapshot_get_identity(tracked->snapshot)->mark_count;

	if (snapshot_update(tracked->snapshot, "") == 0) {
		label_moment(tracked);
		snapshot_update_resident(tracked->snapshot);
	}
	if (tracked->marks < seen)
		tracked->marks = seen;
	limit_moments(collector);
}

/* --- what others ask --- */

static void
answer(struct collector *collector, const char *question, const char *name)
{
	struct tracked *tracked;
	struct profile *profile = NULL;

	HASH_FIND_STR(collector->tracked, name, tracked);
	if (tracked != NULL && !tracked->failed) {
		profile = snapshot_get_profile(tracked->snapshot);
		profile->samples = tracked->samples;
		profile->sample_count = tracked->sample_count;
	}
	history_answer(collector->directory, question, profile);
	if (profile != NULL) {
		profile->samples = NULL;
		profile->sample_count = 0;
	}
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
				sample(collector, tracked);
			if (snapshot_get_identity(tracked->snapshot)->mark_count > tracked->marks)
				take_marked_moment(collector, tracked);
		} else if (is_main(collector, tracked)) {
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
collector_rewind(struct collector *collector)
{
	int result;

	tally_reader_free(collector->reader);
	collector->reader = NULL;
	if (lseek(collector->spool, 0, SEEK_SET) < 0)
		return -errno;
	result = tally_reader_new(collector->spool, &collector->reader);
	if (result == 0)
		tally_reader_keep_blocks(collector->reader);
	return result;
}

/* Behind those that were recorded. */
static void
put_unseen_aside(struct collector *collector)
{
	struct profile *profile;

	unseen_finish(collector->unseen);
	while ((profile = unseen_next(collector->unseen)) != NULL) {
		int result = tally_writer_insert(collector->writer, profile);

		if (result == 0)
			process_list_insert(&collector->processes, profile);
		else
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
	result = tally_writer_finish(collector->writer);
	if (result == 0)
		result = collector_rewind(collector);
	if (result != 0)
		note_error(collector, result);
	return collector->error;
}

int
collector_next(struct collector *collector, struct profile **ret_profile)
{
	return collector->reader != NULL ? tally_reader_next(collector->reader, ret_profile) : 0;
}

const struct process_list *
collector_get_processes(const struct collector *collector)
{
	return &collector->processes;
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
	DIR *entries;

	if (spool < 0)
		spool = open_spool(directory);
	if (spool < 0)
		return spool;
	entries = opendir(directory);
	if (entries == NULL) {
		int error = -errno;

		close(spool);
		return error;
	}
	collector = xcalloc(1, sizeof(*collector));
	collector->entries = entries;
	collector->tracked_max = TRACKED_MAX;
	collector->directory = xstrdup(directory);
	collector->pid = pid;
	collector->spool = spool;
	collector->writer = tally_writer_new(spool);
	collector->unseen = unseen_new();
	exec_reader_new(directory, &collector->execs);
	collector->page_bytes = sysconf(_SC_PAGESIZE);
	*ret_collector = collector;
	return 0;
}

void
collector_keep_graphs(struct collector *collector)
{
	collector->keeps_graphs = true;
}

const char *
collector_get_graph(const struct collector *collector, size_t index)
{
	return index < collector->graphs.count ? collector->graphs.items[index] : NULL;
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
	process_list_release(&collector->processes);
	unseen_free(collector->unseen);
	exec_reader_free(collector->execs);
	close(collector->spool);
	closedir(collector->entries);
	array_each (&collector->graphs, graph)
		free(*graph);
	array_release(&collector->graphs);
	free(collector->directory);
	free(collector);
}
