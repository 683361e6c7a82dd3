/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording/recording_space.h"

#include <sys/resource.h>

#include "base/os.h"
#include "base/os_memory.h"

#define FIRST_MAX  ((uint64_t)4 << 20)
#define FIRST_MIN  ((uint64_t)64 << 10)
#define GROWTH_MAX ((uint64_t)32 << 20)
#define TRIES      4

/* The header, then the sections. */
#define PARTS (1 + SECTION_COUNT)

static char *base;
static struct part {
	uint64_t offset;
	uint64_t limit;
	uint64_t mapped; /* of that, for certain */
	uint64_t wanted; /* as much, or what a growth under way will make of it */
} parts[PARTS];

static void
set_parts(const struct recording_extent *sections, uint64_t first)
{
	parts[0].offset = 0;
	parts[0].limit = parts[0].mapped = round_up(sizeof(struct recording_header), PAGE_BYTES);
	for (int i = 1; i < PARTS; i++) {
		const struct recording_extent *s = &sections[i - 1];

		parts[i].offset = s->offset;
		parts[i].limit = round_up(s->capacity * s->record_bytes, PAGE_BYTES);
		parts[i].mapped = parts[i].limit < first ? parts[i].limit : first;
	}
	for (int i = 0; i < PARTS; i++)
		parts[i].wanted = parts[i].mapped;
}

static void
unmap(int count)
{
	for (int i = 0; i < count; i++) {
		if (parts[i].wanted != 0)
			os_unmap(base + parts[i].offset, parts[i].wanted);
	}
}

/* From the file, or as private memory if `fd` is negative. */
static bool
map_parts(int fd)
{
	for (int i = 0; i < PARTS; i++) {
		uint64_t offset = parts[i].offset, bytes = parts[i].wanted;

		if (bytes == 0 || (fd < 0 ? os_map_at(base + offset, bytes)
					  : os_map_file_at(base + offset, bytes, fd, offset)) == 0)
			continue;
		unmap(i);
		return false;
	}
	return true;
}

/* Few growths, but little of what a limit leaves. */
static uint64_t
first_bytes(void)
{
	uint64_t room = os_limit(RLIMIT_AS) / 512 & ~(PAGE_BYTES - 1);

	return room < FIRST_MIN ? FIRST_MIN : room > FIRST_MAX ? FIRST_MAX : room;
}

char *
recording_space_map(int fd, const struct recording_extent *sections, uint64_t file_bytes,
		    uint64_t whole_limit)
{
	set_parts(sections, first_bytes());
	/* A forked child's is most likely free where its parent's was. */
	for (int i = 0; i < TRIES; i++) {
		if (base == NULL || i > 0)
			base = os_random_place(file_bytes);
		if (map_parts(fd))
			return base;
	}
	base = file_bytes <= whole_limit ? os_map_file(fd, file_bytes) : NULL;
	set_parts(sections, UINT64_MAX);
	return base;
}

/* Noted as wanted before it is done: a child that is forked in between imitates all of it. As
 * mapped after: a handler that leaves in between leaves nothing that is believed and not there. */
static bool
grow(struct part *part, uint64_t bytes)
{
	store(&part->wanted, bytes);
	if (!os_grow(base + part->offset, part->mapped, bytes))
		return false;
	store(&part->mapped, bytes);
	return true;
}

bool
recording_space_extend(enum recording_section section, uint64_t bytes)
{
	struct part *part = &parts[1 + section];
	uint64_t old = part->mapped, more = old + (old < GROWTH_MAX ? old : GROWTH_MAX);

	bytes = round_up(bytes, PAGE_BYTES);
	if (likely(bytes <= old))
		return true;
	if (bytes > part->limit)
		return false;
	/* A growth that was left in between is done first: how far it came is not known. */
	if (part->wanted > old && grow(part, part->wanted) && bytes <= part->mapped)
		return true;
	if (more > part->limit)
		more = part->limit;
	if (more < bytes)
		more = bytes;
	if (more > part->mapped && grow(part, more))
		return true;
	if (grow(part, bytes))
		return true;
	store(&part->wanted, part->mapped);
	return false;
}

bool
recording_space_imitate(void)
{
	return map_parts(-1);
}

void
recording_space_unmap(void)
{
	unmap(PARTS);
}
