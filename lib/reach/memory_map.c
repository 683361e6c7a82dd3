/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_map.c - what is mapped in this process, from /proc/self/maps
 *
 * The text is read twice: for its length, which decides on the memory for it, and to keep it.
 */
#include "reach/memory_map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/os_file.h"
#include "base/os_memory.h"
#include "base/proc_text.h"
#include "reach/process_stat.h"

#define LEAST_LINE 40 /* bytes: two addresses, the flags, offset, device and inode */

/* Bytes of the text, at most those that fit into the buffer; without one just counted. */
static long
read_text(const char *path, char *buffer, size_t bytes)
{
	static char piece[4096];
	int fd = os_open(path, O_RDONLY | O_CLOEXEC, 0);
	long n, all = 0;

	if (fd < 0)
		return fd;
	do {
		if (buffer != NULL)
			n = os_read(fd, buffer + all, bytes - (size_t)all);
		else
			n = os_read(fd, piece, sizeof piece);
		if (n > 0)
			all += n;
	} while (n > 0 && (buffer == NULL || (size_t)all < bytes));
	os_close(fd);
	return n < 0 ? n : all;
}

static void
pass_word(const char **next)
{
	*next += strcspn(*next, " ");
	while (**next == ' ')
		(*next)++;
}

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Pages of the kernel's own are no program's memory. */
static bool
is_device(const char *name)
{
	return (begins_with(name, "/dev/") && !begins_with(name, "/dev/zero") &&
		!begins_with(name, "/dev/shm/")) ||
	       begins_with(name, "[v");
}

/* Memory that is shared under a name, or without one. */
static bool
is_shared_memory(const char *name)
{
	return begins_with(name, "/memfd:") || begins_with(name, "/SYSV") ||
	       begins_with(name, "/dev/zero") || begins_with(name, "/dev/shm/");
}

/* One line, which ends in NUL: 5581e000-5583f000 rw-p 00000000 00:00 0      [heap] */
static struct mapping
parse_line(const char *line, const char *text)
{
	struct mapping mapping = {0};
	const char *next = line;

	mapping.start = proc_text_take_hexadecimal(&next);
	next += *next == '-';
	mapping.end = proc_text_take_hexadecimal(&next);
	next += *next == ' ';
	mapping.readable = next[0] == 'r';
	mapping.writable = next[0] != '\0' && next[1] == 'w';
	mapping.executable = mapping.writable ? next[2] == 'x' : strncmp(next + 1, "-x", 2) == 0;
	mapping.is_shared = strcspn(next, " ") == 4 && next[3] == 's';
	for (int i = 0; i < 3; i++)
		pass_word(&next);
	mapping.is_file = *next != '0';
	pass_word(&next);
	mapping.name = (uint32_t)(next - text);
	mapping.is_device = is_device(next);
	mapping.is_memory = mapping.is_shared && is_shared_memory(next);
	return mapping;
}

static void
insert(struct memory_map *map, struct mapping mapping)
{
	const struct mapping *before = map->count > 0 ? &map->mappings[map->count - 1] : NULL;

	mapping.object = mapping.name;
	if (before != NULL && map->text[mapping.name] == '\0' && !mapping.is_file &&
	    before->end == mapping.start && before->is_file && before->writable &&
	    !before->is_shared)
		mapping.object = before->object;
	map->mappings[map->count++] = mapping;
}

/* Where the program's variables end at the page where its heap begins, as they do when addresses
 * are not chosen at random, the kernel makes one mapping of both. */
static void
insert_heap(struct memory_map *map, struct mapping mapping, uint64_t heap_start)
{
	struct mapping variables = mapping;

	if (heap_start > mapping.start && heap_start < mapping.end) {
		variables.end = mapping.start = heap_start;
		variables.name += (uint32_t)strlen(map->text + variables.name);
		insert(map, variables);
	}
	insert(map, mapping);
}

static void
parse(struct memory_map *map, size_t bytes, uint64_t heap_start)
{
	const char *text = map->text;
	char *line = map->text, *end = map->text + bytes;

	while (line < end) {
		char *newline = strchr(line, '\n');
		struct mapping mapping;

		if (newline == NULL)
			break;
		*newline = '\0';
		mapping = parse_line(line, text);
		if (strcmp(text + mapping.name, "[heap]") == 0)
			insert_heap(map, mapping, heap_start);
		else
			insert(map, mapping);
		line = newline + 1;
	}
}

int
memory_map_init_of(struct memory_map *map, const char *path, uint64_t heap_start)
{
	long bytes = read_text(path, NULL, 0);

	*map = (struct memory_map){0};
	if (bytes < 0)
		return (int)bytes;
	/* What is mapped for it, and by others meanwhile. */
	map->text_bytes = (size_t)bytes + (size_t)bytes / 8 + 4 * PAGE_BYTES;
	map->mappings_bytes = map->text_bytes / LEAST_LINE * sizeof *map->mappings;
	map->text = os_map(map->text_bytes, false);
	map->mappings = os_map(map->mappings_bytes, false);
	bytes = -ENOMEM;
	if (map->text != NULL && map->mappings != NULL)
		bytes = read_text(path, map->text, map->text_bytes - 1);
	if (bytes < 0) {
		memory_map_release(map);
		return (int)bytes;
	}
	map->is_cut = (size_t)bytes == map->text_bytes - 1;
	parse(map, (size_t)bytes, heap_start);
	return 0;
}

int
memory_map_init(struct memory_map *map)
{
	return memory_map_init_of(map, "/proc/self/maps", process_stat_get(PROCESS_STAT_HEAP));
}

void
memory_map_release(struct memory_map *map)
{
	if (map->text != NULL)
		os_unmap(map->text, map->text_bytes);
	if (map->mappings != NULL)
		os_unmap(map->mappings, map->mappings_bytes);
	*map = (struct memory_map){0};
}

static size_t
find_index(const struct memory_map *map, uint64_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address >= map->mappings[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mapping *
memory_map_find(const struct memory_map *map, uint64_t address)
{
	size_t i = find_index(map, address);

	return i < map->count && address >= map->mappings[i].start ? &map->mappings[i] : NULL;
}

bool
memory_map_can_read(const struct memory_map *map, uint64_t start, uint64_t end)
{
	for (size_t i = find_index(map, start); start < end; i++) {
		const struct mapping *mapping = &map->mappings[i];

		if (i == map->count || mapping->start > start || !mapping->readable ||
		    mapping->is_device || (mapping->is_shared && mapping->is_file))
			return false;
		start = mapping->end;
	}
	return true;
}
