/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - read a recording, of a living process or of one that ended
 *
 * With the other files of its name the only one in the tool that knows the layout of recording.h.
 * It puts them together: `snapshot_file` reads checked pieces, `snapshot_life` tells who lives,
 * tables, counters, blocks and lifetimes fill the profile, each without the others.
 * How it reads while the process writes:
 *
 *     1. counts, users before what they use: sites, nodes, frames, modules. Records are complete
 *        before their count says so and never change, so whatever a counted record refers to is
 *        counted when its own count is read later.
 *     2. the new records of each table.
 *     3. counters of every shard, then the control line. If a new peak made the saved at-peak
 *        values old in between, 3 is done again, a few times at most.
 *
 * Nothing in it is trusted. Tables are read in small pieces and every record is checked when it
 * arrives; a hole reads as records that are not valid, so a sparse file with huge counts ends after
 * the first piece and memory stays proportional to what the file really holds.
 */
#include "config.h"
#include "read/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/trouble.h"
#include "read/snapshot_life.h"
#include "read/snapshot_private.h"
#include "util/clock.h"
#include "util/intern.h"
#include "util/xalloc.h"

enum {
	PROTECTED_TRIES = 100,
	ERRNO_MOST = 4095, /* of the kernel */
};

/* --- header --- */

static uint64_t
later_minus_earlier(uint64_t later, uint64_t earlier)
{
	return later > earlier ? later - earlier : 0;
}

/*
 * A process that was killed leaves no time of death. The last change of the file that the kernel
 * noticed, or the peak, is the best that is known.
 */
static uint64_t
get_duration(const struct snapshot *snapshot)
{
	const struct recording_header *header = &snapshot->file.header;
	uint64_t duration;

	if (snapshot->identity.alive && snapshot->identity.this_boot)
		return later_minus_earlier(clock_get_ns(CLOCK_MONOTONIC),
					   header->start_monotonic_ns);
	if (header->copied_ns != 0)
		return header->copied_ns;
	if (header->end_monotonic_ns != 0)
		return later_minus_earlier(header->end_monotonic_ns, header->start_monotonic_ns);
	duration = later_minus_earlier(snapshot->file.modified_ns, header->start_realtime_ns);
	return duration > header->control.peak_ns ? duration : header->control.peak_ns;
}

static int
read_shards(const struct snapshot *snapshot, struct recording_shard *shards, uint32_t *ret_count)
{
	const struct recording_extent *extent = &snapshot->file.header.sections[SECTION_SHARDS];
	uint32_t count = snapshot->file.header.shard_count;

	if (count > SHARDS_MAX || count > extent->capacity ||
	    (count != 0 && extent->record_bytes != sizeof(*shards)))
		return -EBADMSG;
	*ret_count = count;
	return snapshot_file_read(&snapshot->file, shards, count * sizeof(*shards), extent->offset);
}

static int
read_live_bytes(struct snapshot *snapshot)
{
	struct recording_shard shards[SHARDS_MAX];
	uint64_t live = (uint64_t)snapshot->file.header.control.live_bytes;
	uint32_t count;
	int result = read_shards(snapshot, shards, &count);

	if (result != 0)
		return result;
	for (uint32_t i = 0; i < count; i++)
		live += (uint64_t)shards[i].pending_bytes;
	snapshot->identity.live_bytes =
		(int64_t)(live - (uint64_t)snapshot->file.header.control.live_offset);
	return 0;
}

static enum profile_pause
convert_pause(uint8_t paused)
{
	static const enum profile_pause pauses[] = {
		[RECORDING_GOES_ON] = PROFILE_GOES_ON,
		[RECORDING_PAUSED] = PROFILE_PAUSED,
		[RECORDING_STOPPED] = PROFILE_STOPPED,
	};

	return paused < sizeof(pauses) / sizeof(pauses[0]) ? pauses[paused] : PROFILE_PAUSED;
}

static enum profile_python
convert_python(uint32_t python)
{
	static const enum profile_python states[] = {
		[RECORDING_PYTHON_NONE] = PROFILE_PYTHON_NONE,
		[RECORDING_PYTHON_ON] = PROFILE_PYTHON_ON,
		[RECORDING_PYTHON_FRAMES] = PROFILE_PYTHON_FRAMES,
		[RECORDING_PYTHON_OFF] = PROFILE_PYTHON_OFF,
		[RECORDING_PYTHON_OBJECTS] = PROFILE_PYTHON_OBJECTS,
	};

	return python < sizeof(states) / sizeof(states[0]) ? states[python] : PROFILE_PYTHON_OFF;
}

static uint32_t
convert_troubles(uint32_t bits)
{
	static const struct {
		enum recording_trouble recorded;
		enum profile_trouble trouble;
	} table[] = {
		{TROUBLE_NO_UNWINDER, PROFILE_TROUBLE_NO_UNWINDER},
		{TROUBLE_FULL, PROFILE_TROUBLE_FULL},
		{TROUBLE_NODES_FULL, PROFILE_TROUBLE_NODES_FULL},
		{TROUBLE_FOREIGN_MALLOC, PROFILE_TROUBLE_FOREIGN_MALLOC},
		{TROUBLE_BAD_OPTION, PROFILE_TROUBLE_BAD_OPTION},
		{TROUBLE_NO_BLOCK_TABLE, PROFILE_TROUBLE_NO_BLOCK_TABLE},
		{TROUBLE_UNWINDER_FORKED, PROFILE_TROUBLE_UNWINDER_FORKED},
		{TROUBLE_LIMITED, PROFILE_TROUBLE_LIMITED},
		{TROUBLE_NOTHING_SEEN, PROFILE_TROUBLE_NOTHING_SEEN},
		{TROUBLE_UNLOCKED, PROFILE_TROUBLE_UNLOCKED},
		{TROUBLE_OWN_NEW, PROFILE_TROUBLE_OWN_NEW},
		{TROUBLE_OUT_REFUSED, PROFILE_TROUBLE_OUT_REFUSED},
		{TROUBLE_EARLY, PROFILE_TROUBLE_EARLY},
		{TROUBLE_PYTHON_VERSION, PROFILE_TROUBLE_PYTHON_VERSION},
		{TROUBLE_PYTHON_THREADED, PROFILE_TROUBLE_PYTHON_THREADED},
		{TROUBLE_PYTHON_STRANGE, PROFILE_TROUBLE_PYTHON_STRANGE},
		{TROUBLE_PYTHON_OTHER, PROFILE_TROUBLE_PYTHON_OTHER},
		{TROUBLE_PYTHON_FULL, PROFILE_TROUBLE_PYTHON_FULL},
		{TROUBLE_PYTHON_OLD, PROFILE_TROUBLE_PYTHON_OLD},
		{TROUBLE_PYTHON_TRACED, PROFILE_TROUBLE_PYTHON_TRACED},
	};
	uint32_t troubles = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if ((bits & (uint32_t)table[i].recorded) != 0)
			troubles |= (uint32_t)table[i].trouble;
		bits &= ~(uint32_t)table[i].recorded;
	}
	return bits == 0 ? troubles : troubles | PROFILE_TROUBLE_NEWER;
}

/* Where the lock could not be had when the recording was made, the mappings tell. */
static bool
may_live_without_lock(const struct recording_header *header)
{
	return (header->trouble & TROUBLE_UNLOCKED) != 0 && header->copied_ns == 0;
}

/* EACCES of a look means a filter of system calls; here a file could not be made. */
static int
get_exit_look_error(const struct recording_header *header)
{
	int error = header->look_error;

	if (header->look_serial != 0 || error > 0 || error < -ERRNO_MOST)
		return 0;
	return error == -EACCES ? -EPERM : error;
}

static void
fill_state(struct snapshot *snapshot)
{
	struct snapshot_identity *identity = &snapshot->identity;
	const struct recording_header *header = &snapshot->file.header;
	uint64_t duration;

	/* A copy is of a process that ran. */
	identity->state = identity->alive || header->copied_ns != 0 ? PROFILE_RUNNING
			  : header->state == RECORDING_EXITED       ? PROFILE_EXITED
								    : PROFILE_ENDED;
	identity->private_bytes = header->tracer_bytes > snapshot->file.stored_bytes
					  ? header->tracer_bytes - snapshot->file.stored_bytes
					  : 0;
	identity->peak_bytes = (int64_t)((uint64_t)header->control.peak_bytes -
					 (uint64_t)header->control.live_offset);
	if (header->control.rising && identity->live_bytes > identity->peak_bytes)
		identity->peak_bytes = identity->live_bytes;
	identity->trouble = convert_troubles(header->trouble);
	identity->mark_count = header->sections[SECTION_MARKS].count;
	identity->pause = convert_pause(header->control.paused);
	duration = get_duration(snapshot);
	/* It may be seen alive after it has noted its end. */
	if (identity->duration_ns < duration)
		identity->duration_ns = duration;
	identity->exit_look_error = get_exit_look_error(header);
}

int
snapshot_refresh(struct snapshot *snapshot)
{
	struct snapshot_identity *identity = &snapshot->identity;
	struct snapshot_file *file = &snapshot->file;
	int result = snapshot_file_read_status(file);

	/* The lock first: if it is gone, what is read after is final. */
	identity->alive = snapshot_life_is_locked(file);
	if (result == 0)
		result = snapshot_file_read_header(file);
	if (result == 0 && !identity->alive && may_live_without_lock(&file->header)) {
		identity->alive = snapshot_life_is_mapped(file, &file->header);
		result = snapshot_file_read_header(file);
	}
	if (result == 0 && file->header.state == RECORDING_STARTING && identity->alive)
		result = -EAGAIN;
	if (result == 0)
		result = read_live_bytes(snapshot);
	if (result == 0)
		fill_state(snapshot);
	return result;
}

/* From what every version has in its header. */
static void
fill_identity(struct snapshot_identity *identity, const struct recording_header *header)
{
	identity->layout = header->version;
	identity->pid = header->pid;
	identity->parent_pid = header->parent_pid;
	memcpy(identity->command, header->command, sizeof(identity->command));
	identity->command[sizeof(identity->command) - 1] = '\0';
	identity->this_boot = snapshot_life_is_this_boot(header);
	identity->this_namespace = snapshot_life_is_this_namespace(header);
	identity->start_realtime_ns = header->start_realtime_ns;
	identity->start_monotonic_ns = header->start_monotonic_ns;
}

/*
 * Exchange the descriptor of a recording for one to write with. The runtime lets nobody write, so
 * that nobody shortens a mapped file by mistake: its owner takes the right for a moment. Of two
 * that do so at once one may lose it again, and tries again.
 */
static int
make_writable(struct snapshot *snapshot, const char *path)
{
	struct stat known, status;
	int writable = -1;

	if (fstat(snapshot->file.fd, &known) < 0)
		return -errno;
	for (int tries = 0; writable < 0 && tries < PROTECTED_TRIES; tries++) {
		writable = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (writable < 0 && errno == EACCES && known.st_uid == geteuid())
			fchmod(snapshot->file.fd, RECORDING_MODE | S_IWUSR);
		else if (writable < 0)
			break;
	}
	if (writable < 0)
		writable = -errno;
	if (known.st_uid == geteuid())
		fchmod(snapshot->file.fd, RECORDING_MODE);
	if (writable < 0)
		return writable;
	if (fstat(writable, &status) < 0 || status.st_dev != known.st_dev ||
	    status.st_ino != known.st_ino) {
		close(writable);
		return -ESTALE;
	}
	close(snapshot->file.fd);
	snapshot->file.fd = writable;
	return 0;
}

int
snapshot_open(const char *path, unsigned flags, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	struct snapshot_file file;
	int result = snapshot_file_open(&file, path, (flags & SNAPSHOT_ANY_OWNER) != 0);

	if (result != 0)
		return result;
	snapshot = xcalloc(1, sizeof(*snapshot));
	snapshot->file = file;
	snapshot->profile = profile_new();
	result = snapshot_refresh(snapshot);
	if (result == 0 && (flags & SNAPSHOT_WRITABLE) != 0 && snapshot->identity.alive)
		result = make_writable(snapshot, path);
	if (result != 0) {
		snapshot_free(snapshot);
		return result;
	}
	fill_identity(&snapshot->identity, &snapshot->file.header);
	snapshot->identity.readable = true;
	snapshot->identity.duration_ns = get_duration(snapshot);
	*ret_snapshot = snapshot;
	return 0;
}

/* Of a recording that `snapshot_open` refuses as one of another version. 0 or -errno. */
static int
identify_other_version(const char *path, unsigned flags, struct snapshot_identity *ret_identity)
{
	struct snapshot_identity identity = {.state = PROFILE_ENDED};
	struct recording_header header;
	struct snapshot_file file;
	int result = snapshot_file_open(&file, path, (flags & SNAPSHOT_ANY_OWNER) != 0);

	if (result != 0)
		return result;
	identity.alive = snapshot_life_is_locked(&file);
	result = snapshot_file_read_fixed(&file, &header);
	if (result == 0) {
		fill_identity(&identity, &header);
		/* Whether it could be locked is in no fixed place. */
		identity.alive |= snapshot_life_is_mapped(&file, &header);
	}
	snapshot_file_close(&file);
	/* In another byte order only the lock can be read. */
	if (result != 0 && result != -EPROTO)
		return result;
	if (identity.alive)
		identity.state = PROFILE_RUNNING;
	*ret_identity = identity;
	return 0;
}

int
snapshot_identify(const char *path, unsigned flags, struct snapshot_identity *ret_identity)
{
	struct snapshot *snapshot;
	int result = snapshot_open(path, flags, &snapshot);

	if (result == -EPROTO)
		return identify_other_version(path, flags, ret_identity);
	if (result != 0)
		return result;
	*ret_identity = snapshot->identity;
	snapshot_free(snapshot);
	return 0;
}

bool
snapshot_may_live(const char *path)
{
	struct snapshot_identity identity;
	struct snapshot_file file;
	bool locked;
	int result = snapshot_identify(path, 0, &identity);

	if (result == 0)
		return identity.alive;
	if (result == -ENOENT)
		return false;
	/* What is no recording yet may be about to become one. */
	if (result != -EBADMSG && result != -ENOMSG)
		return true;
	if (snapshot_file_open(&file, path, false) != 0)
		return result != -ENOMSG;
	locked = snapshot_life_is_locked(&file);
	snapshot_file_close(&file);
	return locked;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	snapshot_file_close(&snapshot->file);
	snapshot_free_codes(snapshot);
	profile_free(snapshot->profile);
	free(snapshot);
}

void
snapshot_set_end(struct snapshot *snapshot)
{
	const struct snapshot_identity *identity = &snapshot->identity;
	struct profile *profile = snapshot->profile;
	uint64_t now = clock_get_ns(CLOCK_MONOTONIC);

	if (profile->state != PROFILE_ENDED || !identity->this_boot ||
	    now < identity->start_monotonic_ns)
		return;
	profile->duration_ns = now - identity->start_monotonic_ns;
	profile->moments[profile->moment_count - 1].time_ns = profile->duration_ns;
}

uint32_t
snapshot_get_layout(void)
{
	return RECORDING_VERSION;
}

const struct snapshot_identity *
snapshot_get_identity(const struct snapshot *snapshot)
{
	return &snapshot->identity;
}

/* --- profile --- */

static int
fill_profile(struct snapshot *snapshot)
{
	const struct recording_header *header = &snapshot->file.header;
	struct profile *profile = snapshot->profile;
	int result = snapshot_file_read_string(&snapshot->file, snapshot->profile->strings,
					       header->executable, &profile->executable);

	if (result == 0)
		result = snapshot_file_read_string(&snapshot->file, snapshot->profile->strings,
						   header->allocator, &profile->allocator);
	if (result == 0 && profile->arguments[0] == '\0')
		result = snapshot_file_read_string(&snapshot->file, profile->strings,
						   header->arguments, &profile->arguments);
	snapshot_update_title(snapshot);
	profile->pid = header->pid;
	profile->pid_here =
		snapshot->identity.alive ? snapshot_life_get_pid(&snapshot->file.header) : 0;
	profile->parent_pid = header->parent_pid;
	profile->command = intern_insert_string(profile->strings, snapshot->identity.command);
	profile->version = intern_insert_string(profile->strings, PACKAGE_VERSION);
	profile->state = snapshot->identity.state;
	profile->pause = snapshot->identity.pause;
	profile->start_realtime_ns = header->start_realtime_ns;
	profile->duration_ns = snapshot->identity.duration_ns;
	profile->trouble = snapshot->identity.trouble;
	profile->python = convert_python(header->python);
	profile->python_version = header->python_version;
	profile->tracer_bytes = header->tracer_bytes;
	profile->crosschecks = header->crosschecks;
	profile->crosscheck_differences = header->crosscheck_differences;
	profile->full_walks = header->full_walks;
	profile->rules = header->rules;
	profile->frames_limit = header->frames_limit;
	profile->realloc_origin = header->realloc_origin != 0;
	profile->blocks.recorded = header->sections[SECTION_BLOCKS].capacity != 0;
	if (header->control.batch_bytes != 0)
		profile->peak_error_bytes =
			(int64_t)header->control.batch_bytes * (int64_t)header->shard_count;
	return result;
}

static int
fill_shard_sums(struct snapshot *snapshot)
{
	struct recording_shard shards[SHARDS_MAX];
	struct profile *profile = snapshot->profile;
	uint32_t count;
	int result = read_shards(snapshot, shards, &count);

	if (result != 0)
		return result;
	profile->reallocs = profile->failed_allocations = profile->unknown_frees = 0;
	profile->nested_events = profile->dropped_events = profile->cut_stacks = 0;
	profile->threads = 0;
	for (uint32_t i = 0; i < count; i++) {
		profile->reallocs += shards[i].reallocs;
		profile->failed_allocations += shards[i].failed;
		profile->unknown_frees += shards[i].unknown_frees;
		profile->nested_events += shards[i].nested;
		profile->dropped_events += shards[i].dropped;
		profile->cut_stacks += shards[i].cut;
		profile->threads += shards[i].threads;
	}
	return 0;
}

static int
append_moment(struct snapshot *snapshot, const char *label)
{
	struct profile *profile = snapshot->profile;
	struct profile_moment moment = {
		.time_ns = snapshot->identity.duration_ns,
		.site_count = profile->site_count,
	};
	int result;

	snprintf(moment.label, sizeof(moment.label), "%s", label);
	moment.values = xcalloc(moment.site_count, sizeof(*moment.values));
	result = snapshot_read_counters(snapshot, &moment);
	if (result != 0) {
		free(moment.values);
		return result;
	}
	profile->moments = xreallocarray(profile->moments, profile->moment_count + 1,
					 sizeof(*profile->moments));
	profile->moments[profile->moment_count++] = moment;
	return 0;
}

/* 0 or -errno; the profile may be between what it was and what it should be then. */
static int
read_all(struct snapshot *snapshot, const char *label)
{
	int result = snapshot_refresh(snapshot);

	if (result == 0)
		result = snapshot_read_tables(snapshot);
	if (result == 0)
		result = fill_profile(snapshot);
	if (result == 0)
		result = fill_shard_sums(snapshot);
	if (result == 0)
		result = append_moment(snapshot, label);
	if (result == 0)
		result = profile_finish(snapshot->profile);
	return result;
}

/*
 * Make of the profile what it was before. Tables only grow, by records that nothing older refers
 * to, so that all but the modules are as they were when their counts are; but they may have moved.
 */
static void
undo(struct profile *profile, const struct profile *before, struct profile_module *modules)
{
	const struct profile now = *profile;

	for (uint32_t i = before->moment_count; i < now.moment_count; i++)
		free(now.moments[i].values);
	free(now.modules);
	*profile = *before;
	profile->modules = modules;
	profile->frames = now.frames;
	profile->nodes = now.nodes;
	profile->sites = now.sites;
	profile->moments = now.moments;
	profile->marks = now.marks;
	profile->locations = now.locations;
}

int
snapshot_update(struct snapshot *snapshot, const char *label)
{
	struct profile *profile = snapshot->profile;
	const struct profile before = *profile;
	struct profile_module *modules = xcalloc((size_t)before.module_count + 1, sizeof(*modules));
	int result;

	if (before.module_count != 0)
		memcpy(modules, before.modules, before.module_count * sizeof(*modules));
	result = read_all(snapshot, label);
	if (result != 0) {
		undo(profile, &before, modules);
		return result;
	}
	free(modules);
	/* A program whose allocator is linked into it, with hidden names, never calls the hooks. */
	if (profile->mark_count == 0 && profile->pause == PROFILE_GOES_ON &&
	    profile->moments[profile->moment_count - 1].sum.total_blocks == 0)
		profile->trouble |= PROFILE_TROUBLE_NOTHING_SEEN;
	return 0;
}

struct profile *
snapshot_get_profile(struct snapshot *snapshot)
{
	return snapshot->profile;
}

struct profile *
snapshot_take_profile(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;

	snapshot->profile = NULL;
	return profile;
}
