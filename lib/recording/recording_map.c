/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/recording_map.h"

#include <string.h>
#include <sys/resource.h>

#include "memory/arena.h"
#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "recording/recording_identity.h"
#include "recording/recording_space.h"

#define STEP_MIN ((uint64_t)16 << 10)
#define STEP_MAX ((uint64_t)256 << 10) /* longer would be a pause of the program */

static struct recording_control no_control;
struct recording recording = {.control = &no_control};

/* What a recording at its full size can hold; a limited one holds a power of two less. */
static const struct {
	uint64_t records;
	uint32_t bytes;
	bool fixed; /* not made smaller */
} sizes[SECTION_COUNT] = {
	[SECTION_STRINGS] = {(uint64_t)16 << 20, 1, false},
	[SECTION_MODULES] = {1 << 16, sizeof(struct recording_module), false},
	[SECTION_CODE_TEXT] = {(uint64_t)256 << 20, 1, false},
	[SECTION_CODES] = {1 << 20, sizeof(struct recording_code), false},
	[SECTION_FRAMES] = {1 << 22, sizeof(struct recording_frame), false},
	[SECTION_NODES] = {1 << 26, sizeof(struct recording_node), false},
	[SECTION_SITES] = {1 << 26, sizeof(uint32_t), false},
	[SECTION_SHARDS] = {SHARDS_MAX, sizeof(struct recording_shard), true},
	[SECTION_CHUNKS] = {(1 << 26) / SITES_PER_CHUNK * SHARDS_MAX, sizeof(uint32_t), false},
	[SECTION_COUNTERS] = {1 << 20, SITES_PER_CHUNK * sizeof(struct recording_counters), false},
	[SECTION_MARKS] = {1 << 16, sizeof(struct recording_mark), false},
	[SECTION_MAPPINGS] = {1 << 20, sizeof(struct recording_mapping), false},
	[SECTION_LIFETIMES] = {1 << 20, SITES_PER_CHUNK * sizeof(struct recording_lifetimes),
			       false},
	[SECTION_LEAVES] = {1 << 18, sizeof(uint64_t), false},
	[SECTION_BLOCKS] = {(uint64_t)1 << 31, sizeof(struct recording_block), false},
};

/* Bytes from the start of each section that have memory. */
static uint64_t reserved[SECTION_COUNT];
static bool is_placeholder; /* in a forked child */
static bool with_blocks, with_mappings;

static bool
is_wanted(enum recording_section section)
{
	if (section == SECTION_MAPPINGS)
		return with_mappings;
	return section < SECTION_LIFETIMES || with_blocks;
}

/* Lay the sections out for tables 2^-shift as large; returns the file's size. */
static uint64_t
lay_out(unsigned shift, struct recording_extent *sections)
{
	uint64_t offset = round_up(sizeof(struct recording_header), PAGE_BYTES);

	for (int i = 0; i < SECTION_COUNT; i++) {
		uint64_t capacity = sizes[i].fixed ? sizes[i].records : sizes[i].records >> shift;

		if (!is_wanted((enum recording_section)i))
			capacity = 0;

		sections[i] = (struct recording_extent){
			.offset = offset,
			.capacity = capacity,
			.record_bytes = sizes[i].bytes,
		};
		offset += round_up(capacity * sizes[i].bytes, PAGE_BYTES);
	}
	return offset;
}

static void
set_pointers(char *base)
{
	struct recording_extent *s = recording.header->sections;

	recording.strings = base + s[SECTION_STRINGS].offset;
	recording.modules = (void *)(base + s[SECTION_MODULES].offset);
	recording.frames = (void *)(base + s[SECTION_FRAMES].offset);
	recording.nodes = (void *)(base + s[SECTION_NODES].offset);
	recording.sites = (void *)(base + s[SECTION_SITES].offset);
	recording.shards = (void *)(base + s[SECTION_SHARDS].offset);
	recording.chunks = (void *)(base + s[SECTION_CHUNKS].offset);
	recording.counters = (void *)(base + s[SECTION_COUNTERS].offset);
	recording.marks = (void *)(base + s[SECTION_MARKS].offset);
	recording.mappings = (void *)(base + s[SECTION_MAPPINGS].offset);
	recording.codes = (void *)(base + s[SECTION_CODES].offset);
	recording.code_text = base + s[SECTION_CODE_TEXT].offset;
	recording.lifetimes = (void *)(base + s[SECTION_LIFETIMES].offset);
	recording.leaves = (void *)(base + s[SECTION_LEAVES].offset);
	recording.blocks = (void *)(base + s[SECTION_BLOCKS].offset);
}

/* Map the file at the largest size that the limits of this process allow. */
static char *
map_file(int fd, struct recording_extent *sections, uint64_t *ret_bytes, unsigned *ret_shift)
{
	uint64_t limit = os_limit(RLIMIT_FSIZE), room = os_limit(RLIMIT_AS);

	for (unsigned shift = 0; shift <= 14; shift++) {
		uint64_t bytes = lay_out(shift, sections);
		char *base;

		/* Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ. */
		if (bytes > limit || os_truncate(fd, bytes) != 0)
			continue;
		/* Leave the program most of its address space. */
		base = recording_space_map(fd, sections, bytes, room / 8);
		if (base != NULL) {
			*ret_bytes = bytes;
			*ret_shift = shift;
			return base;
		}
	}
	return NULL;
}

/* The sections that hold something from the start. */
static bool
reserve_first_records(void)
{
	return recording_reserve(SECTION_STRINGS, 1) && recording_reserve(SECTION_MODULES, 1) &&
	       recording_reserve(SECTION_FRAMES, FRAME_FIRST) &&
	       recording_reserve(SECTION_NODES, 1) &&
	       recording_reserve(SECTION_SITES, SITE_BASE_FIRST + FIXED_SITES) &&
	       recording_reserve(SECTION_SHARDS, sizes[SECTION_SHARDS].records);
}

bool
recording_start_in_file(int fd, bool has_blocks, bool has_mappings)
{
	struct recording_extent sections[SECTION_COUNT];
	uint64_t bytes = 0;
	unsigned shift = 0;
	char *base;

	with_blocks = has_blocks;
	with_mappings = has_mappings;
	base = map_file(fd, sections, &bytes, &shift);
	if (base == NULL)
		return false;
	memset(reserved, 0, sizeof reserved);
	if (os_populate_file(base, round_up(sizeof(struct recording_header), PAGE_BYTES)) != 0) {
		recording_space_unmap();
		return false;
	}
	recording.header = (void *)base;
	recording_identify(recording.header);
	recording.header->file_bytes = bytes;
	memcpy(recording.header->sections, sections, sizeof sections);
	set_pointers(base);
	if (!reserve_first_records()) {
		recording.header = NULL;
		recording_space_unmap();
		return false;
	}
	recording.control = &recording.header->control;
	recording.header->sections[SECTION_STRINGS].count = 1;
	if (shift > 4)
		recording_note(TROUBLE_LIMITED);
	return true;
}

bool
recording_reserve(enum recording_section section, uint64_t count)
{
	struct recording_extent *s;
	uint64_t wanted, limit, step, start;

	if (recording.header == NULL)
		return false;
	s = &recording.header->sections[section];
	if (count > s->capacity)
		return false;
	wanted = count * s->record_bytes;
	if (likely(wanted <= reserved[section]))
		return true;
	limit = round_up(s->capacity * s->record_bytes, PAGE_BYTES);
	/* A quarter more each time, so that large tables grow in few calls and small ones stay
	 * small. */
	step = round_up(reserved[section] / 4, PAGE_BYTES);
	step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
	start = reserved[section];
	wanted = round_up(wanted > start + step ? wanted : start + step, PAGE_BYTES);
	if (wanted > limit)
		wanted = limit;
	if (!recording_space_extend(section, wanted) ||
	    os_populate_file((char *)recording.header + s->offset + start, wanted - start) != 0) {
		recording_note(TROUBLE_FULL);
		return false;
	}
	reserved[section] = wanted;
	recording_publish_memory();
	return true;
}

uint32_t
recording_add_string(const char *text)
{
	struct recording_extent *s = &recording.header->sections[SECTION_STRINGS];
	uint64_t offset = s->count, bytes = strlen(text) + 1;

	if (bytes == 1 || !recording_reserve(SECTION_STRINGS, offset + bytes))
		return 0;
	memcpy(recording.strings + offset, text, bytes);
	/* Release: a reader that sees the count sees the bytes. */
	store_release(&s->count, offset + bytes);
	return (uint32_t)offset;
}

void
recording_note(uint32_t trouble)
{
	if (recording.header != NULL)
		fetch_or(&recording.header->trouble, trouble);
}

void
recording_publish_memory(void)
{
	uint64_t bytes = arena_bytes() + PAGE_BYTES;

	for (int i = 0; i < SECTION_COUNT; i++)
		bytes += reserved[i];
	store(&recording.header->tracer_bytes, bytes);
}

void
recording_abandon(void)
{
	/* A child that made no recording has its parent's placeholder, itself a parent. */
	if (recording.header == NULL || is_placeholder)
		return;
	if (!recording_space_imitate()) {
		recording_forget();
		return;
	}
	is_placeholder = true;
	recording.control->paused = RECORDING_PAUSED;
	recording.control->site_base = SITE_BASE_FIRST;
}

void
recording_forget(void)
{
	if (is_placeholder)
		recording_space_unmap();
	is_placeholder = false;
	recording = (struct recording){.control = &no_control};
}
