/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - read a recording, of a living process or of one that ended
 *
 * With the other files of its name the only one in the tool that knows the layout of recording.h.
 * How it reads while the process writes:
 *
 *     1. counts, users before what they use: sites, nodes, frames, modules. Records are complete
 *        before their count says so and never change, so whatever a counted record refers to is
 *        counted when its own count is read later.
 *     2. the new records of each table.
 *     3. counters of every shard, then the control line. If a new peak made the saved at-peak
 *        values old in between, 3 is done again, a few times at most.
 *
 * The file is read with pread and never mapped: it may shrink, and a mapping would then kill us.
 * Nothing in it is trusted. Tables are read in small pieces and every record is checked when it
 * arrives; a hole reads as records that are not valid, so a sparse file with huge counts ends after
 * the first piece and memory stays proportional to what the file really holds.
 */
#include "config.h"
#include "read/snapshot.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/snapshot_private.h"
#include "util/clock.h"
#include "util/intern.h"
#include "util/xalloc.h"

enum {
	PATH_BYTES = 4096,
	PROTECTED_TRIES = 100,
};

int
snapshot_read_exactly(const struct snapshot *snapshot, void *buffer, size_t bytes, uint64_t offset)
{
	char *next = buffer;

	if (offset > snapshot->file_bytes)
		return -EBADMSG;
	while (bytes != 0) {
		ssize_t got = pread(snapshot->fd, next, bytes, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		next += got;
		offset += (uint64_t)got;
		bytes -= (size_t)got;
	}
	return 0;
}

int
snapshot_read_extent(const struct snapshot *snapshot, enum recording_section section,
		     size_t record_bytes, uint32_t max, struct snapshot_extent *ret_extent)
{
	size_t place = offsetof(struct recording_header, sections) +
		       section * sizeof(struct recording_extent);
	struct recording_extent extent;
	uint64_t end;
	int result = snapshot_read_exactly(snapshot, &extent, sizeof(extent), place);

	if (result != 0)
		return result;
	if (extent.count > extent.capacity || extent.count > max)
		return -EBADMSG;
	if (extent.count != 0 && extent.record_bytes != record_bytes)
		return -EBADMSG;
	if (__builtin_add_overflow(extent.offset, extent.count * record_bytes, &end) ||
	    end > snapshot->file_bytes)
		return -EBADMSG;
	*ret_extent = (struct snapshot_extent){extent.offset, (uint32_t)extent.count};
	return 0;
}

int
snapshot_read_string(const struct snapshot *snapshot, uint32_t place, const char **ret_text)
{
	const struct recording_extent *strings = &snapshot->header.sections[SECTION_STRINGS];
	char text[PATH_BYTES];
	uint64_t start, left;
	size_t bytes = sizeof(text);
	const char *end;
	int result;

	if (place == 0) {
		*ret_text = intern_insert(snapshot->profile->strings, "", 0);
		return 0;
	}
	if (place >= strings->capacity || strings->record_bytes != 1 ||
	    __builtin_add_overflow(strings->offset, place, &start) || start >= snapshot->file_bytes)
		return -EBADMSG;
	left = snapshot->file_bytes - start;
	if (left > strings->capacity - place)
		left = strings->capacity - place;
	if (left < bytes)
		bytes = (size_t)left;
	result = snapshot_read_exactly(snapshot, text, bytes, start);
	if (result != 0)
		return result;
	end = memchr(text, '\0', bytes);
	if (end == NULL)
		return -EBADMSG;
	*ret_text = intern_insert(snapshot->profile->strings, text, (size_t)(end - text));
	return 0;
}

/* --- header --- */

static int
check_header(const struct recording_header *header)
{
	if (memcmp(header->magic, RECORDING_MAGIC, sizeof(header->magic)) != 0)
		return -EBADMSG;
	if (header->byte_order != RECORDING_BYTE_ORDER || header->version != RECORDING_VERSION ||
	    header->header_bytes != sizeof(*header) || header->features_incompatible != 0 ||
	    header->machine != EM_X86_64)
		return -EPROTO;
	return 0;
}

static bool
is_locked(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool
is_this_boot(const uint8_t *boot_id)
{
	static const uint8_t unknown[16];
	uint8_t ours[16] = {0};
	char text[64] = "";
	FILE *stream = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned digits = 0;

	if (stream == NULL || fgets(text, sizeof(text), stream) == NULL)
		text[0] = '\0';
	if (stream != NULL)
		fclose(stream);
	for (const char *c = text; *c != '\0' && digits < 32; c++) {
		if (isxdigit((unsigned char)*c)) {
			int digit = *c <= '9' ? *c - '0' : (*c | 0x20) - 'a' + 10;

			ours[digits / 2] = (uint8_t)(ours[digits / 2] << 4 | digit);
			digits++;
		}
	}
	return memcmp(boot_id, unknown, 16) == 0 || digits < 32 || memcmp(boot_id, ours, 16) == 0;
}

static bool
is_this_namespace(uint64_t inode)
{
	struct stat status;

	return inode == 0 || stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == inode;
}

/* Whether the process of the recording has the file mapped. True, too, if that may not be seen. */
static bool
is_mapped(const struct snapshot *snapshot)
{
	char path[64], *line = NULL;
	size_t bytes = 0;
	struct stat status;
	bool found = false;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%u/maps", snapshot->header.pid);
	stream = fopen(path, "re");
	if (stream == NULL)
		return errno == EACCES || errno == EPERM;
	if (fstat(snapshot->fd, &status) != 0)
		status.st_ino = 0;
	while (!found && getline(&line, &bytes, stream) > 0) {
		unsigned long long inode = 0;

		found = sscanf(line, "%*s %*s %*s %*s %llu", &inode) == 1 && inode != 0 &&
			inode == status.st_ino;
	}
	free(line);
	fclose(stream);
	return found;
}

/* Where the lock could not be had when the recording was made, the mappings tell. */
static bool
lives_without_lock(const struct snapshot *snapshot)
{
	const struct recording_header *header = &snapshot->header;

	return (header->trouble & TROUBLE_UNLOCKED) != 0 && header->copied_ns == 0 &&
	       is_this_boot(header->boot_id) && is_this_namespace(header->pid_namespace) &&
	       is_mapped(snapshot);
}

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
	const struct recording_header *header = &snapshot->header;
	uint64_t duration;

	if (snapshot->identity.alive && snapshot->identity.this_boot)
		return later_minus_earlier(clock_get_ns(CLOCK_MONOTONIC),
					   header->start_monotonic_ns);
	if (header->copied_ns != 0)
		return header->copied_ns;
	if (header->end_monotonic_ns != 0)
		return later_minus_earlier(header->end_monotonic_ns, header->start_monotonic_ns);
	duration = later_minus_earlier(snapshot->modified_ns, header->start_realtime_ns);
	return duration > header->control.peak_ns ? duration : header->control.peak_ns;
}

static int
read_shards(const struct snapshot *snapshot, struct recording_shard *shards, uint32_t *ret_count)
{
	const struct recording_extent *extent = &snapshot->header.sections[SECTION_SHARDS];
	uint32_t count = snapshot->header.shard_count;

	if (count > SHARDS_MAX || count > extent->capacity ||
	    (count != 0 && extent->record_bytes != sizeof(*shards)))
		return -EBADMSG;
	*ret_count = count;
	return snapshot_read_exactly(snapshot, shards, count * sizeof(*shards), extent->offset);
}

static int
read_live_bytes(struct snapshot *snapshot)
{
	struct recording_shard shards[SHARDS_MAX];
	uint64_t live = (uint64_t)snapshot->header.control.live_bytes;
	uint32_t count;
	int result = read_shards(snapshot, shards, &count);

	if (result != 0)
		return result;
	for (uint32_t i = 0; i < count; i++)
		live += (uint64_t)shards[i].pending_bytes;
	snapshot->identity.live_bytes =
		(int64_t)(live - (uint64_t)snapshot->header.control.live_offset);
	return 0;
}

static int
read_status(struct snapshot *snapshot)
{
	struct stat status;

	if (fstat(snapshot->fd, &status) != 0)
		return -errno;
	snapshot->file_bytes = (uint64_t)status.st_size;
	snapshot->modified_ns =
		(uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
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

int
snapshot_refresh(struct snapshot *snapshot)
{
	struct snapshot_identity *identity = &snapshot->identity;
	struct recording_header *header = &snapshot->header;
	int result = read_status(snapshot);

	/* The lock first: if it is gone, what is read after is final. */
	identity->alive = is_locked(snapshot->fd);
	if (result == 0)
		result = snapshot_read_exactly(snapshot, header, sizeof(*header), 0);
	if (result == 0)
		result = check_header(header);
	if (result == 0 && !identity->alive && (header->trouble & TROUBLE_UNLOCKED) != 0) {
		identity->alive = lives_without_lock(snapshot);
		result = snapshot_read_exactly(snapshot, header, sizeof(*header), 0);
	}
	if (result == 0 && header->state == RECORDING_STARTING && identity->alive)
		result = -EAGAIN;
	if (result == 0)
		result = read_live_bytes(snapshot);
	if (result != 0)
		return result;
	/* A copy is of a process that ran. */
	identity->state = identity->alive || header->copied_ns != 0 ? PROFILE_RUNNING
			  : header->state == RECORDING_EXITED       ? PROFILE_EXITED
								    : PROFILE_ENDED;
	identity->peak_bytes = (int64_t)((uint64_t)header->control.peak_bytes -
					 (uint64_t)header->control.live_offset);
	if (header->control.rising && identity->live_bytes > identity->peak_bytes)
		identity->peak_bytes = identity->live_bytes;
	identity->trouble = header->trouble;
	identity->mark_count = header->sections[SECTION_MARKS].count;
	identity->pause = convert_pause(header->control.paused);
	identity->duration_ns = get_duration(snapshot);
	return 0;
}

static void
fill_identity(struct snapshot *snapshot)
{
	struct snapshot_identity *identity = &snapshot->identity;
	const struct recording_header *header = &snapshot->header;

	identity->pid = header->pid;
	identity->parent_pid = header->parent_pid;
	memcpy(identity->command, header->command, sizeof(identity->command));
	identity->command[sizeof(identity->command) - 1] = '\0';
	identity->this_boot = is_this_boot(header->boot_id);
	identity->this_namespace = is_this_namespace(header->pid_namespace);
	identity->start_realtime_ns = header->start_realtime_ns;
	identity->start_monotonic_ns = header->start_monotonic_ns;
}

static int
open_recording(const char *path, unsigned flags)
{
	bool any_owner = (flags & SNAPSHOT_ANY_OWNER) != 0;
	struct stat status;
	int result = 0;
	/* O_NONBLOCK: a FIFO in the way must not hang us. */
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (any_owner ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (S_ISDIR(status.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(status.st_mode))
		result = -EBADMSG;
	else if (!any_owner && status.st_uid != geteuid())
		result = -EPERM;
	else if (status.st_size == 0)
		result = -ENOMSG;
	if (result == 0)
		return fd;
	close(fd);
	return result;
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

	if (fstat(snapshot->fd, &known) < 0)
		return -errno;
	for (int tries = 0; writable < 0 && tries < PROTECTED_TRIES; tries++) {
		writable = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (writable < 0 && errno == EACCES && known.st_uid == geteuid())
			fchmod(snapshot->fd, RECORDING_MODE | S_IWUSR);
		else if (writable < 0)
			break;
	}
	if (writable < 0)
		writable = -errno;
	if (known.st_uid == geteuid())
		fchmod(snapshot->fd, RECORDING_MODE);
	if (writable < 0)
		return writable;
	if (fstat(writable, &status) < 0 || status.st_dev != known.st_dev ||
	    status.st_ino != known.st_ino) {
		close(writable);
		return -ESTALE;
	}
	close(snapshot->fd);
	snapshot->fd = writable;
	return 0;
}

int
snapshot_open(const char *path, unsigned flags, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot;
	int fd = open_recording(path, flags);
	int result;

	if (fd < 0)
		return fd;
	snapshot = xcalloc(1, sizeof(*snapshot));
	snapshot->fd = fd;
	snapshot->profile = profile_new();
	result = snapshot_refresh(snapshot);
	if (result == 0 && (flags & SNAPSHOT_WRITABLE) != 0 && snapshot->identity.alive)
		result = make_writable(snapshot, path);
	if (result != 0) {
		snapshot_free(snapshot);
		return result;
	}
	fill_identity(snapshot);
	snapshot->identity.duration_ns = get_duration(snapshot);
	*ret_snapshot = snapshot;
	return 0;
}

void
snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	close(snapshot->fd);
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

const struct snapshot_identity *
snapshot_get_identity(const struct snapshot *snapshot)
{
	return &snapshot->identity;
}

/* --- profile --- */

static int
fill_profile(struct snapshot *snapshot)
{
	const struct recording_header *header = &snapshot->header;
	struct profile *profile = snapshot->profile;
	int result = snapshot_read_string(snapshot, header->executable, &profile->executable);

	if (result == 0)
		result = snapshot_read_string(snapshot, header->allocator, &profile->allocator);
	profile->pid = header->pid;
	profile->parent_pid = header->parent_pid;
	profile->command = intern_insert_string(profile->strings, snapshot->identity.command);
	profile->version = intern_insert_string(profile->strings, PACKAGE_VERSION);
	profile->state = snapshot->identity.state;
	profile->pause = snapshot->identity.pause;
	profile->start_realtime_ns = header->start_realtime_ns;
	profile->duration_ns = snapshot->identity.duration_ns;
	profile->trouble = header->trouble;
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

int
snapshot_update(struct snapshot *snapshot, const char *label)
{
	struct profile *profile = snapshot->profile;
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
		result = profile_finish(profile);
	/* A program whose allocator is linked into it, with hidden names, never calls the hooks. */
	if (result == 0 && profile->mark_count == 0 && profile->pause == PROFILE_GOES_ON &&
	    profile->moments[profile->moment_count - 1].sum.total_blocks == 0)
		profile->trouble |= TROUBLE_NOTHING_SEEN;
	return result;
}

const char *
snapshot_get_trouble(uint32_t trouble, unsigned index)
{
	static const struct {
		uint32_t bit;
		const char *sentence;
	} sentences[] = {
		{TROUBLE_FOREIGN_MALLOC,
		 "the program brings its own malloc, which heaptally does not see"},
		{TROUBLE_OWN_NEW,
		 "the allocator has its own operator new: what C++ code makes by it is not seen"},
		{TROUBLE_NO_UNWINDER, "libunwind could not be opened: stacks have one frame"},
		{TROUBLE_FULL, "there was no room to record everything"},
		{TROUBLE_NODES_FULL, "there was no room for more distinct stacks"},
		{TROUBLE_BAD_OPTION, "HEAPTALLY has a word that was not understood"},
		{TROUBLE_NO_BLOCK_TABLE, "the table of live blocks could not grow"},
		{TROUBLE_UNWINDER_FORKED,
		 "forked while the unwinder was busy: stacks have one frame"},
		{TROUBLE_NOTHING_SEEN,
		 "no allocation was seen: the program makes none, or has its own allocator inside"},
		{TROUBLE_LIMITED, "a resource limit made the tables small"},
		{TROUBLE_UNLOCKED,
		 "the recording could not be locked: from other machines it looks ended"},
	};

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if ((trouble & sentences[i].bit) != 0 && index-- == 0)
			return sentences[i].sentence;
	return NULL;
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
