/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_maps.c - the mappings of a process, from /proc/PID/smaps
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "model/memory.h"
#include "read/memory_read.h"
#include "util/intern.h"
#include "util/text.h"
#include "util/xalloc.h"

static FILE *
open_file(uint32_t pid, const char *name)
{
	char *path = xasprintf("/proc/%" PRIu32 "/%s", pid, name);
	FILE *file = fopen(path, "re");

	free(path);
	return file;
}

/* The number of "Rss:      1234 kB", in bytes. */
static uint64_t
get_bytes(const char *line)
{
	const char *colon = strchr(line, ':');

	return colon != NULL ? strtoull(colon + 1, NULL, 10) << 10 : 0;
}

/* Whether all of a file was read: of a process that has ended it is empty. */
static int
finish(FILE *file, bool found)
{
	int result = ferror(file) ? -EIO : 0;

	fclose(file);
	return result == 0 && !found ? -ENOENT : result;
}

int
memory_read_rss(uint32_t pid, uint64_t *ret_bytes)
{
	FILE *file = open_file(pid, "smaps_rollup");
	char *line = NULL;
	size_t bytes = 0;
	bool found = false;

	if (file == NULL)
		return -errno;
	while (!found && getline(&line, &bytes, file) > 0) {
		if (!text_starts_with(line, "Rss:"))
			continue;
		*ret_bytes = get_bytes(line);
		found = true;
	}
	free(line);
	return finish(file, found);
}

static uint32_t
parse_flags(const char *words)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} table[] = {
		{"nr", MEMORY_NO_RESERVE}, {"dd", MEMORY_NO_DUMP},   {"nh", MEMORY_NO_HUGE_PAGES},
		{"hg", MEMORY_HUGE_PAGES}, {"ac", MEMORY_ACCOUNTED}, {"wf", MEMORY_WIPED_IN_CHILD},
		{"pf", MEMORY_DEVICE},     {"io", MEMORY_DEVICE},    {"ht", MEMORY_HUGETLB},
	};
	uint32_t flags = 0;

	for (; *words != '\0'; words++)
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (strncmp(words, table[i].word, 2) == 0 && words[-1] == ' ')
				flags |= table[i].flag;
	return flags;
}

static void
parse_value(struct memory_mapping *mapping, const char *line)
{
	const struct {
		const char *key;
		uint64_t *value;
	} table[] = {
		{"Rss:", &mapping->resident},
		{"LazyFree:", &mapping->lazy_free},
		{"AnonHugePages:", &mapping->huge},
		{"Swap:", &mapping->swapped},
		{"KSM:", &mapping->merged},
		{"Shared_Dirty:", &mapping->shared_dirty},
		{"Shared_Hugetlb:", &mapping->hugetlb},
		{"Private_Hugetlb:", &mapping->hugetlb},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (text_starts_with(line, table[i].key))
			*table[i].value += get_bytes(line);
	if (text_starts_with(line, "VmFlags:"))
		mapping->flags = parse_flags(line + strlen("VmFlags:"));
}

static bool
is_of_no_file(const char *name)
{
	static const char *const starts[] = {"/dev/shm/", "/memfd:", "/SYSV", "/dev/zero",
					     "/anon_hugepage"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (text_starts_with(name, starts[i]))
			return true;
	return name[0] == '\0';
}

/* "7f0000000000-7f0000001000 rw-p 00000000 00:00 0      [heap]" */
static bool
parse_head(struct memory *memory, char *line, struct memory_mapping *ret_mapping)
{
	struct memory_mapping mapping = {0};
	char permissions[5] = "";
	int name = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64 " %n", &mapping.start,
		   &mapping.end, permissions, &mapping.inode, &name) < 4 ||
	    mapping.end <= mapping.start)
		return false;
	line[strcspn(line, "\n")] = '\0';
	mapping.name = intern_insert_string(memory->strings, name != 0 ? line + name : "");
	mapping.readable = permissions[0] == 'r';
	mapping.writable = permissions[1] == 'w';
	mapping.executable = permissions[2] == 'x';
	mapping.shared = permissions[3] == 's';
	mapping.of_no_file = mapping.shared && is_of_no_file(mapping.name);
	mapping.of_no_name = mapping.of_no_file && text_starts_with(mapping.name, "/dev/zero");
	*ret_mapping = mapping;
	return true;
}

/* Lines of a mapping begin with a small hexadecimal digit, those about it with a capital. */
static bool
is_head(const char *line)
{
	return strchr("0123456789abcdef", line[0]) != NULL;
}

/* Linux 6.7 or later. */
static bool
has_flag_for_stacks(void)
{
	struct utsname system;
	unsigned major = 0, minor = 0;

	if (uname(&system) != 0 || sscanf(system.release, "%u.%u", &major, &minor) < 2)
		return false;
	return major > 6 || (major == 6 && minor >= 7);
}

static uint32_t
count_threads(uint32_t pid)
{
	FILE *file = open_file(pid, "status");
	char *line = NULL;
	size_t bytes = 0;
	uint32_t threads = 1;

	while (file != NULL && getline(&line, &bytes, file) > 0)
		if (sscanf(line, "Threads: %" SCNu32, &threads) == 1)
			break;
	free(line);
	if (file != NULL)
		fclose(file);
	return threads;
}

int
memory_read_mappings(uint32_t pid, struct memory *memory)
{
	FILE *file = open_file(pid, "smaps");
	struct memory_mapping mapping;
	char *line = NULL;
	size_t bytes = 0;
	uint64_t end = 0;
	bool is_known = false;

	if (file == NULL)
		return -errno;
	while (getline(&line, &bytes, file) > 0) {
		if (!is_head(line)) {
			if (is_known)
				parse_value(&memory->mappings.items[memory->mappings.count - 1],
					    line);
			continue;
		}
		/* A mapping that changed while the file was read may come again. */
		is_known = parse_head(memory, line, &mapping) && mapping.start >= end;
		if (!is_known)
			continue;
		end = mapping.end;
		*array_push(&memory->mappings) = mapping;
	}
	free(line);
	memory->flags_stacks = has_flag_for_stacks();
	memory->threads = count_threads(pid);
	return finish(file, memory->mappings.count != 0);
}
