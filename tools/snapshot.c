/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - read a recording, of a living process or of one that ended
 *
 * The only file of the tool that knows the layout of recording.h. How it reads while the process
 * writes:
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
#include "snapshot.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"
#include "util/intern.h"
#include "util/xalloc.h"

/* More than any runtime writes; what these bound is time, not memory. */
#define MODULES_MAX (1u << 16)
#define RECORDS_MAX (1u << 27)

enum {
	PIECE_BYTES = 64 * 1024,
	PATH_BYTES = 4096,
	PEAK_TRIES = 3,
};

struct snapshot {
	int fd;
	uint64_t file_bytes;
	uint64_t modified_ns; /* realtime */
	struct recording_header header;
	struct snapshot_identity identity;
	struct profile *profile;
	uint32_t frame_capacity, node_capacity, site_capacity;
};

/* Records of one section that are to be read now, checked against the file. */
struct extent {
	uint64_t offset;
	uint32_t count;
};

static int
read_exactly(const struct snapshot *snapshot, void *buffer, size_t bytes, uint64_t offset)
{
	char *next = buffer;

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

/* The extent of a section as it is in the file now. */
static int
read_extent(const struct snapshot *snapshot, enum recording_section section, size_t record_bytes,
	    uint32_t max, struct extent *ret_extent)
{
	size_t place = offsetof(struct recording_header, sections) +
		       section * sizeof(struct recording_extent);
	struct recording_extent extent;
	uint64_t end;
	int result = read_exactly(snapshot, &extent, sizeof(extent), place);

	if (result != 0)
		return result;
	if (extent.count > extent.capacity || extent.count > max)
		return -EBADMSG;
	if (extent.count != 0 && extent.record_bytes != record_bytes)
		return -EBADMSG;
	if (__builtin_add_overflow(extent.offset, extent.count * record_bytes, &end) ||
	    end > snapshot->file_bytes)
		return -EBADMSG;
	*ret_extent = (struct extent){extent.offset, (uint32_t)extent.count};
	return 0;
}

/* A string of the recording. The section is only read where something refers to it. */
static int
read_string(const struct snapshot *snapshot, uint32_t place, const char **ret_text)
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
	result = read_exactly(snapshot, text, bytes, start);
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

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
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
		return later_minus_earlier(now_ns(CLOCK_MONOTONIC), header->start_monotonic_ns);
	if (header->end_monotonic_ns != 0)
		return later_minus_earlier(header->end_monotonic_ns, header->start_monotonic_ns);
	duration = later_minus_earlier(snapshot->modified_ns, header->start_realtime_ns);
	return duration > header->control.peak_ns ? duration : header->control.peak_ns;
}

static int
read_shards(const struct snapshot *snapshot, struct recording_shard *shards, uint32_t *ret_count)
{
	struct extent extent;
	uint32_t count = snapshot->header.shard_count;
	int result;

	if (count > SHARDS_MAX)
		return -EBADMSG;
	result = read_extent(snapshot, SECTION_SHARDS, sizeof(*shards), SHARDS_MAX, &extent);
	if (result != 0)
		return result;
	if (count > extent.count && count > snapshot->header.sections[SECTION_SHARDS].capacity)
		return -EBADMSG;
	*ret_count = count;
	return read_exactly(snapshot, shards, count * sizeof(*shards), extent.offset);
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
	snapshot->identity.live_bytes = (int64_t)live;
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

int
snapshot_refresh(struct snapshot *snapshot)
{
	struct snapshot_identity *identity = &snapshot->identity;
	struct recording_header *header = &snapshot->header;
	int result = read_status(snapshot);

	/* The lock first: if it is gone, what is read after is final. */
	identity->alive = is_locked(snapshot->fd);
	if (result == 0)
		result = read_exactly(snapshot, header, sizeof(*header), 0);
	if (result == 0)
		result = check_header(header);
	if (result == 0 && header->state == RECORDING_STARTING && identity->alive)
		result = -EAGAIN;
	if (result == 0)
		result = read_live_bytes(snapshot);
	if (result != 0)
		return result;
	identity->state = identity->alive                     ? PROFILE_RUNNING
			  : header->state == RECORDING_EXITED ? PROFILE_EXITED
							      : PROFILE_ENDED;
	identity->peak_bytes = header->control.peak_bytes;
	if (header->control.rising && identity->live_bytes > identity->peak_bytes)
		identity->peak_bytes = identity->live_bytes;
	identity->trouble = header->trouble;
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
	if (result == 0)
		return fd;
	close(fd);
	return result;
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

const struct snapshot_identity *
snapshot_get_identity(const struct snapshot *snapshot)
{
	return &snapshot->identity;
}

/* --- tables --- */

static const char *const allocator_names[] = {
	[FRAME_MALLOC] = "malloc",
	[FRAME_CALLOC] = "calloc",
	[FRAME_REALLOC] = "realloc",
	[FRAME_REALLOCARRAY] = "reallocarray",
	[FRAME_POSIX_MEMALIGN] = "posix_memalign",
	[FRAME_ALIGNED_ALLOC] = "aligned_alloc",
	[FRAME_MEMALIGN] = "memalign",
	[FRAME_VALLOC] = "valloc",
	[FRAME_PVALLOC] = "pvalloc",
	[FRAME_TRACKED] = "tracked",
};

static int
convert_fixed_frame(uint64_t id, struct profile_frame *frame)
{
	if (id >= FRAME_FIRST)
		return -EBADMSG;
	if (id < sizeof(allocator_names) / sizeof(allocator_names[0]) &&
	    allocator_names[id] != NULL) {
		frame->kind = PROFILE_FRAME_ALLOCATOR;
		frame->allocator_name = allocator_names[id];
	} else if (id == FRAME_TRUNCATED) {
		frame->kind = PROFILE_FRAME_TRUNCATED;
	} else if (id == FRAME_NESTED) {
		frame->kind = PROFILE_FRAME_NESTED;
	} else {
		frame->kind = PROFILE_FRAME_UNKNOWN;
	}
	return 0;
}

static int
convert_frame(const struct profile *profile, uint32_t id, const struct recording_frame *record,
	      struct profile_frame *frame)
{
	*frame = (struct profile_frame){.module = PROFILE_NO_MODULE, .offset = record->value};
	if (id < FRAME_FIRST)
		return convert_fixed_frame(id, frame);
	switch (record->kind) {
	case FRAME_KIND_FIXED:
		/* A record of zeros: a hole. */
		return record->value != 0 ? convert_fixed_frame(record->value, frame) : -EBADMSG;
	case FRAME_KIND_MODULE:
		frame->kind = PROFILE_FRAME_CODE;
		frame->module = record->module;
		return record->module < profile->module_count ? 0 : -EBADMSG;
	case FRAME_KIND_ADDRESS:
		frame->kind = PROFILE_FRAME_ADDRESS;
		return 0;
	case FRAME_KIND_CUT:
		frame->kind = PROFILE_FRAME_CUT;
		return 0;
	case FRAME_KIND_THREAD:
		frame->kind = PROFILE_FRAME_THREAD;
		return 0;
	default:
		return -EBADMSG;
	}
}

/* Make room for one more item and return its place. */
static void *
push(void **items, uint32_t count, uint32_t *capacity, size_t item_bytes)
{
	if (count == *capacity) {
		*capacity = *capacity < 64 ? 64 : *capacity + *capacity / 2;
		*items = xreallocarray(*items, *capacity, item_bytes);
	}
	return (char *)*items + (size_t)count * item_bytes;
}

static int
insert_frame(struct snapshot *snapshot, const void *record)
{
	struct profile *profile = snapshot->profile;
	struct profile_frame *frame = push((void **)&profile->frames, profile->frame_count,
					   &snapshot->frame_capacity, sizeof(*frame));
	int result = convert_frame(profile, profile->frame_count, record, frame);

	if (result == 0)
		profile->frame_count++;
	return result;
}

static int
insert_node(struct snapshot *snapshot, const void *record)
{
	const struct recording_node *node = record;
	struct profile *profile = snapshot->profile;
	uint32_t index = profile->node_count;
	bool root = index == 0;
	struct profile_node *copy =
		push((void **)&profile->nodes, index, &snapshot->node_capacity, sizeof(*copy));

	if (root ? node->parent != 0 : node->parent >= index || node->frame == FRAME_NONE)
		return -EBADMSG;
	if (node->frame >= profile->frame_count)
		return -EBADMSG;
	*copy = (struct profile_node){node->parent, node->frame};
	profile->node_count++;
	return 0;
}

static int
insert_site(struct snapshot *snapshot, const void *record)
{
	struct profile *profile = snapshot->profile;
	uint32_t leaf = *(const uint32_t *)record;
	uint32_t *copy = push((void **)&profile->sites, profile->site_count,
			      &snapshot->site_capacity, sizeof(*copy));

	/* Only the fixed sites may be without a stack. Site numbers here are one less than in the
	 * recording, whose first is SITE_NONE. */
	if (leaf >= profile->node_count || (leaf == 0 && profile->site_count + 1 >= SITE_FIRST))
		return -EBADMSG;
	*copy = leaf;
	profile->site_count++;
	return 0;
}

/* Hand the records from `first` on to insert, one after the other. */
static int
read_records(struct snapshot *snapshot, const struct extent *extent, uint32_t first,
	     size_t record_bytes, int (*insert)(struct snapshot *, const void *))
{
	char piece[PIECE_BYTES] __attribute__((aligned(16)));
	const uint32_t per_piece = (uint32_t)(sizeof(piece) / record_bytes);

	while (first < extent->count) {
		uint32_t count = extent->count - first;
		int result;

		if (count > per_piece)
			count = per_piece;
		result = read_exactly(snapshot, piece, count * record_bytes,
				      extent->offset + (uint64_t)first * record_bytes);
		for (uint32_t i = 0; i < count && result == 0; i++)
			result = insert(snapshot, piece + i * record_bytes);
		if (result != 0)
			return result;
		first += count;
	}
	return 0;
}

static int
convert_module(const struct snapshot *snapshot, const struct recording_module *record,
	       struct profile_module *module)
{
	if (record->build_id_bytes > sizeof(module->build_id))
		return -EBADMSG;
	*module = (struct profile_module){
		.build_id_bytes = record->build_id_bytes,
		.unloaded = (record->flags & RECORDING_MODULE_UNLOADED) != 0,
		.is_main = (record->flags & RECORDING_MODULE_MAIN) != 0,
		.start = record->start,
		.end = record->end,
		.bias = record->bias,
	};
	memcpy(module->build_id, record->build_id, record->build_id_bytes);
	return read_string(snapshot, record->path, &module->path);
}

/* Modules are few, and their flags change: all of them, each time. */
static int
read_modules(struct snapshot *snapshot, const struct extent *extent)
{
	struct profile *profile = snapshot->profile;
	struct recording_module record;
	int result = 0;

	for (uint32_t i = 0; i < extent->count && result == 0; i++) {
		if (i >= profile->module_count) {
			profile->modules =
				xreallocarray(profile->modules, i + 1, sizeof(*profile->modules));
			memset(&profile->modules[i], 0, sizeof(*profile->modules));
		}
		result = read_exactly(snapshot, &record, sizeof(record),
				      extent->offset + (uint64_t)i * sizeof(record));
		if (result == 0)
			result = convert_module(snapshot, &record, &profile->modules[i]);
		if (result == 0 && i >= profile->module_count)
			profile->module_count = i + 1;
	}
	return result;
}

static int
read_tables(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;
	struct extent sites, nodes, frames, modules;
	int result;

	result = read_extent(snapshot, SECTION_SITES, sizeof(uint32_t), RECORDS_MAX, &sites);
	if (result == 0)
		result = read_extent(snapshot, SECTION_NODES, sizeof(struct recording_node),
				     RECORDS_MAX, &nodes);
	if (result == 0)
		result = read_extent(snapshot, SECTION_FRAMES, sizeof(struct recording_frame),
				     RECORDS_MAX, &frames);
	if (result == 0)
		result = read_extent(snapshot, SECTION_MODULES, sizeof(struct recording_module),
				     MODULES_MAX, &modules);
	if (result == 0)
		result = read_modules(snapshot, &modules);
	if (result == 0)
		result = read_records(snapshot, &frames, profile->frame_count,
				      sizeof(struct recording_frame), insert_frame);
	if (result == 0)
		result = read_records(snapshot, &nodes, profile->node_count,
				      sizeof(struct recording_node), insert_node);
	if (result == 0)
		result = read_records(snapshot, &sites, profile->site_count + 1, sizeof(uint32_t),
				      insert_site);
	return result;
}

/* --- counters --- */

static void
add_signed(int64_t *sum, uint64_t value)
{
	*sum = (int64_t)((uint64_t)*sum + value);
}

static void
add_counters(struct profile_values *values, const struct recording_counters *counters,
	     const struct recording_control *control)
{
	uint64_t live_bytes = counters->total_bytes - counters->freed_bytes;
	uint64_t live_blocks = counters->total_blocks - counters->freed_blocks;
	bool saved = !control->rising && counters->epoch == control->epoch;

	values->total_bytes += counters->total_bytes;
	values->total_blocks += counters->total_blocks;
	values->freed_bytes += counters->freed_bytes;
	values->freed_blocks += counters->freed_blocks;
	values->temporary_blocks += counters->temporary_blocks;
	add_signed(&values->live_bytes, live_bytes);
	add_signed(&values->live_blocks, live_blocks);
	add_signed(&values->rounding_bytes, (uint64_t)counters->rounding_bytes);
	add_signed(&values->peak_bytes, saved ? (uint64_t)counters->peak_bytes : live_bytes);
	add_signed(&values->peak_blocks,
		   saved ? (uint64_t)(int64_t)counters->peak_blocks : live_blocks);
}

/* Add the counters of one chunk; `first` is the recording's number of its first site. */
static int
add_chunk(const struct snapshot *snapshot, uint32_t chunk, uint32_t first,
	  struct profile_moment *moment)
{
	const struct recording_extent *extent = &snapshot->header.sections[SECTION_COUNTERS];
	struct recording_counters counters[SITES_PER_CHUNK];
	uint64_t place;
	int result;

	if (extent->record_bytes != sizeof(counters) || chunk >= extent->capacity ||
	    __builtin_add_overflow(extent->offset, (uint64_t)chunk * sizeof(counters), &place) ||
	    place >= snapshot->file_bytes)
		return -EBADMSG;
	result = read_exactly(snapshot, counters, sizeof(counters), place);
	if (result != 0)
		return result;
	for (uint32_t i = 0; i < SITES_PER_CHUNK; i++) {
		uint32_t site = first + i;

		if (site != SITE_NONE && site <= moment->site_count)
			add_counters(&moment->values[site - 1], &counters[i],
				     &snapshot->header.control);
	}
	return 0;
}

/* Where the row of a chunk of sites is: SHARDS_MAX numbers of chunks of counters. */
static int
read_row(const struct snapshot *snapshot, uint32_t row, uint32_t *numbers)
{
	const struct recording_extent *extent = &snapshot->header.sections[SECTION_CHUNKS];
	const size_t row_bytes = SHARDS_MAX * sizeof(numbers[0]);
	uint64_t capacity_bytes, place;

	if (__builtin_mul_overflow(extent->capacity, extent->record_bytes, &capacity_bytes) ||
	    ((uint64_t)row + 1) * row_bytes > capacity_bytes ||
	    __builtin_add_overflow(extent->offset, row * row_bytes, &place) ||
	    place >= snapshot->file_bytes)
		return -EBADMSG;
	return read_exactly(snapshot, numbers, row_bytes, place);
}

static int
add_all_shards(const struct snapshot *snapshot, struct profile_moment *moment)
{
	uint32_t row_count = moment->site_count / SITES_PER_CHUNK + 1;

	for (uint32_t row = 0; row < row_count; row++) {
		uint32_t numbers[SHARDS_MAX];
		int result = read_row(snapshot, row, numbers);

		for (uint32_t shard = 0; shard < SHARDS_MAX && result == 0; shard++)
			if (numbers[shard] != 0)
				result = add_chunk(snapshot, numbers[shard] - 1,
						   row * SITES_PER_CHUNK, moment);
		if (result != 0)
			return result;
	}
	return 0;
}

static int
read_control(const struct snapshot *snapshot, struct recording_control *control)
{
	return read_exactly(snapshot, control, sizeof(*control),
			    offsetof(struct recording_header, control));
}

/* Fill the values of moment, which has room for its sites. */
static int
read_counters(struct snapshot *snapshot, struct profile_moment *moment)
{
	struct recording_control *control = &snapshot->header.control;
	struct recording_control after;
	int result = 0;

	for (int tries = 0; tries < PEAK_TRIES && result == 0; tries++) {
		memset(moment->values, 0, moment->site_count * sizeof(*moment->values));
		result = add_all_shards(snapshot, moment);
		if (result == 0)
			result = read_control(snapshot, &after);
		if (result != 0 ||
		    (after.epoch == control->epoch && after.rising == control->rising))
			break;
		*control = after;
	}
	moment->peak_time_ns = control->peak_ns;
	return result;
}

/* --- the whole --- */

static int
fill_profile(struct snapshot *snapshot)
{
	const struct recording_header *header = &snapshot->header;
	struct profile *profile = snapshot->profile;
	int result = read_string(snapshot, header->executable, &profile->executable);

	if (result == 0)
		result = read_string(snapshot, header->allocator, &profile->allocator);
	profile->pid = header->pid;
	profile->parent_pid = header->parent_pid;
	profile->command = intern_insert_string(profile->strings, snapshot->identity.command);
	profile->version = intern_insert_string(profile->strings, PACKAGE_VERSION);
	profile->state = snapshot->identity.state;
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
	result = read_counters(snapshot, &moment);
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
		result = read_tables(snapshot);
	if (result == 0)
		result = fill_profile(snapshot);
	if (result == 0)
		result = fill_shard_sums(snapshot);
	if (result == 0)
		result = append_moment(snapshot, label);
	if (result == 0)
		result = profile_finish(profile);
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
		{TROUBLE_NO_UNWINDER, "libunwind could not be opened: stacks have one frame"},
		{TROUBLE_FULL, "there was no room to record everything"},
		{TROUBLE_NODES_FULL, "there was no room for more distinct stacks"},
		{TROUBLE_BAD_OPTION, "HEAPTALLY has a word that was not understood"},
		{TROUBLE_NO_BLOCK_TABLE, "the table of live blocks could not grow"},
		{TROUBLE_UNWINDER_FORKED,
		 "forked while the unwinder was busy: stacks have one frame"},
		{TROUBLE_LIMITED, "a resource limit made the tables small"},
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
