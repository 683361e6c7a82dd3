/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/memory_room.h"

#include <string.h>

#include "base/proc_text.h"

#define PATH_BYTES 1024u
#define FILE_BYTES 32u /* more than the longest name of a file below */

/* Of a control group. */
struct files {
	const char *folder, *limit, *usage;
	const char *cache; /* a word of memory.stat */
};

static const struct files unified_files = {"", "/memory.max", "/memory.current",
					   "\ninactive_file "};
static const struct files old_files = {"/memory", "/memory.limit_in_bytes",
				       "/memory.usage_in_bytes", "\ntotal_inactive_file "};

static uint64_t
read_available(const char *path)
{
	static const char word[] = "MemAvailable:";
	static char text[4096];
	const char *found;
	uint64_t kib;

	proc_text_read(path, text, sizeof text);
	found = strstr(text, word);
	return found != NULL && proc_text_take_decimal(found + sizeof word - 1, &kib) ? kib << 10
										      : UINT64_MAX;
}

/* The file of this name in a group, whose path has room for it and stays as it is. */
static bool
read_number(char *path, size_t length, const char *name, uint64_t *ret_number)
{
	char text[32];

	memcpy(path + length, name, strlen(name) + 1);
	proc_text_read(path, text, sizeof text);
	path[length] = '\0';
	return proc_text_take_decimal(text, ret_number);
}

/* Of what a group uses, what it caches of files is given up first. */
static uint64_t
read_cache(char *path, size_t length, const char *word)
{
	static const char name[] = "/memory.stat";
	static char text[4096];
	const char *found;
	uint64_t bytes = 0;

	memcpy(path + length, name, sizeof name);
	proc_text_read(path, text, sizeof text);
	path[length] = '\0';
	found = strstr(text, word);
	if (found == NULL || !proc_text_take_decimal(found + strlen(word), &bytes))
		return 0;
	return bytes;
}

static uint64_t
read_one(char *path, size_t length, const struct files *files)
{
	uint64_t most, used, cache;

	if (!read_number(path, length, files->limit, &most) ||
	    !read_number(path, length, files->usage, &used))
		return UINT64_MAX;
	cache = read_cache(path, length, files->cache);
	used -= cache < used ? cache : used;
	return most > used ? most - used : 0;
}

/* Up from a group to where groups are mounted. */
static uint64_t
read_groups(char *path, size_t length, size_t top, const struct files *files)
{
	uint64_t room = UINT64_MAX;

	for (;;) {
		uint64_t rest = read_one(path, length, files);

		room = rest < room ? rest : room;
		if (length <= top)
			return room;
		while (length > top && path[length - 1] != '/')
			length--;
		length -= length > top;
		path[length] = '\0';
	}
}

/* A path of groups, which a line ends, below where they are mounted. */
static uint64_t
read_path(const char *mount, const char *group, const struct files *files)
{
	static char path[PATH_BYTES];
	size_t top = strlen(mount), more = strlen(files->folder), length = strcspn(group, "\n");

	if (top + more + length + FILE_BYTES >= sizeof path || group[0] != '/')
		return UINT64_MAX;
	memcpy(path, mount, top);
	memcpy(path + top, files->folder, more);
	top += more;
	memcpy(path + top, group, length);
	length = length > 1 ? top + length : top;
	path[length] = '\0';
	return read_groups(path, length, top, files);
}

/* "0::/path" of the unified groups, "4:memory:/path" of the old ones. */
static uint64_t
read_group_room(const char *groups, const char *mount)
{
	static char text[4096];
	const char *unified, *old;
	uint64_t room = UINT64_MAX, other = UINT64_MAX;

	proc_text_read(groups, text, sizeof text);
	unified = strstr(text, "0::");
	old = strstr(text, ":memory:");
	if (unified != NULL && (unified == text || unified[-1] == '\n'))
		room = read_path(mount, unified + strlen("0::"), &unified_files);
	if (old != NULL)
		other = read_path(mount, old + strlen(":memory:"), &old_files);
	return other < room ? other : room;
}

uint64_t
memory_room_get_of(const char *memory, const char *groups, const char *mount)
{
	uint64_t machine = read_available(memory), group = read_group_room(groups, mount);

	return group < machine ? group : machine;
}

uint64_t
memory_room_get(void)
{
	return memory_room_get_of("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup");
}
