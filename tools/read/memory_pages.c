/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_pages.c - which pages of a process are there, from /proc/PID/pagemap
 *
 * The kernel's page of zeroes is "present" there, but not counted in Rss. PAGEMAP_SCAN tells it
 * apart. Without that, where a mapping has more pages present than its Rss, it is those that are
 * neither a file's nor the process's alone.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "model/memory.h"
#include "read/memory_read.h"
#include "util/array.h"

/* include/uapi/linux/fs.h, since Linux 6.7. */
struct scan_argument {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
	uint64_t inverted, mask, any_of, returned;
};

struct scan_region {
	uint64_t start, end, categories;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan_argument)

enum {
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_ZERO = 1 << 5,
	SCAN_REGIONS = 4096,
	ENTRIES = 16384,
};

/* An entry of the file for a page. */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_FILE    (UINT64_C(1) << 61)
#define ENTRY_ALONE   (UINT64_C(1) << 56)

static void
insert_run(struct memory *memory, size_t first, uint64_t start, uint64_t end,
	   enum memory_page_state state)
{
	struct memory_run *last =
		memory->runs.count > first ? &memory->runs.items[memory->runs.count - 1] : NULL;

	if (last != NULL && last->end == start && last->state == state)
		last->end = end;
	else
		*array_push(&memory->runs) = (struct memory_run){start, end, state};
}

/* --- PAGEMAP_SCAN --- */

static enum memory_page_state
get_scanned_state(uint64_t categories)
{
	if ((categories & SCAN_SWAPPED) != 0)
		return MEMORY_SWAPPED;
	return (categories & SCAN_ZERO) != 0 ? MEMORY_ZERO : MEMORY_PRESENT;
}

/* When an answer ends early its last region may reach beyond `walk_end`, and come again. */
static int
scan_mapping(int fd, const struct memory_mapping *mapping, struct memory *memory)
{
	static struct scan_region regions[SCAN_REGIONS];
	size_t first = memory->runs.count;
	uint64_t at = mapping->start, done = mapping->start;

	while (at < mapping->end) {
		struct scan_argument argument = {
			.size = sizeof(argument),
			.start = at,
			.end = mapping->end,
			.regions = (uintptr_t)regions,
			.region_count = SCAN_REGIONS,
			.any_of = SCAN_PRESENT | SCAN_SWAPPED,
			.returned = SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO,
		};
		int count = ioctl(fd, SCAN_REQUEST, &argument);

		if (count < 0)
			return -errno;
		for (int i = 0; i < count; i++) {
			uint64_t start = regions[i].start > done ? regions[i].start : done;
			uint64_t end =
				regions[i].end < mapping->end ? regions[i].end : mapping->end;

			if (start >= end)
				continue;
			insert_run(memory, first, start, end,
				   get_scanned_state(regions[i].categories));
			done = end;
		}
		if (argument.walk_end <= at)
			break;
		at = argument.walk_end;
	}
	return 0;
}

/* --- page by page --- */

static int
read_entries(int fd, uint64_t start, size_t count, uint64_t *ret_entries)
{
	ssize_t got = pread(fd, ret_entries, count * sizeof(*ret_entries),
			    (off_t)(start / MEMORY_PAGE_BYTES * sizeof(*ret_entries)));

	if (got < 0)
		return -errno;
	/* Behind the end of the address space there is nothing. */
	memset((char *)ret_entries + got, 0, count * sizeof(*ret_entries) - (size_t)got);
	return 0;
}

static void
insert_entry(struct memory *memory, size_t first, uint64_t start, uint64_t entry)
{
	enum memory_page_state state = MEMORY_PRESENT;

	if ((entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) == 0)
		return;
	if ((entry & ENTRY_PRESENT) == 0)
		state = MEMORY_SWAPPED;
	else if ((entry & (ENTRY_FILE | ENTRY_ALONE)) == 0)
		state = MEMORY_ZERO;
	insert_run(memory, first, start, start + MEMORY_PAGE_BYTES, state);
}

/* What looks like the page of zeroes may be a page that is shared with another process. */
static void
tell_zero_pages(struct memory *memory, size_t first, uint64_t resident)
{
	uint64_t present = 0;

	for (size_t i = first; i < memory->runs.count; i++)
		if (memory->runs.items[i].state != MEMORY_SWAPPED)
			present += memory->runs.items[i].end - memory->runs.items[i].start;
	if (present > resident)
		return;
	for (size_t i = first; i < memory->runs.count; i++)
		if (memory->runs.items[i].state == MEMORY_ZERO)
			memory->runs.items[i].state = MEMORY_PRESENT;
}

static int
read_mapping(int fd, const struct memory_mapping *mapping, struct memory *memory)
{
	static uint64_t entries[ENTRIES];
	size_t first = memory->runs.count;

	/* Reservations may be of any size. */
	if (mapping->resident == 0 && mapping->swapped == 0)
		return 0;
	for (uint64_t at = mapping->start; at < mapping->end;) {
		uint64_t left = (mapping->end - at) / MEMORY_PAGE_BYTES;
		size_t count = left < ENTRIES ? (size_t)left : ENTRIES;
		int result = read_entries(fd, at, count, entries);

		if (result != 0)
			return result;
		for (size_t i = 0; i < count; i++, at += MEMORY_PAGE_BYTES)
			insert_entry(memory, first, at, entries[i]);
	}
	tell_zero_pages(memory, first, mapping->resident);
	return 0;
}

/* --- both --- */

int
memory_open_pagemap(uint32_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

int
memory_read_present(int pagemap, uint64_t start, size_t count, bool *ret_present)
{
	uint64_t entries[512];

	for (size_t done = 0; done < count;) {
		size_t part = count - done < 512 ? count - done : 512;
		int result = read_entries(pagemap, start + done * MEMORY_PAGE_BYTES, part, entries);

		if (result != 0)
			return result;
		for (size_t i = 0; i < part; i++)
			ret_present[done++] = (entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)) != 0;
	}
	return 0;
}

int
memory_read_pages(uint32_t pid, struct memory *memory, bool scan)
{
	int fd = memory_open_pagemap(pid), result = 0;

	if (fd < 0)
		return fd;
	memory->scanned = scan;
	array_each (&memory->mappings, mapping) {
		if ((mapping->flags & (MEMORY_DEVICE | MEMORY_HUGETLB)) != 0 ||
		    strcmp(mapping->name, "[vsyscall]") == 0)
			continue;
		if (memory->scanned) {
			result = scan_mapping(fd, mapping, memory);
			/* ENOTTY: the kernel is older. A filter of system calls says what it likes.
			 */
			memory->scanned = result == 0 || memory->runs.count != 0;
		}
		if (!memory->scanned)
			result = read_mapping(fd, mapping, memory);
		if (result != 0)
			break;
	}
	close(fd);
	return result;
}
