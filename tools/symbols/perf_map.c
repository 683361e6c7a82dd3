/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perf_map.c - names of generated code, by the map that its makers write for perf
 *
 * A map may have millions of lines, of which few are asked for. So it is read line by line, and
 * each looks which of the wanted addresses it holds.
 */
#include "config.h"

#include "symbols/perf_map.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/profile.h"
#include "util/clock.h"
#include "util/intern.h"
#include "util/xalloc.h"

/* A map that was written so long after the end is another process's. */
#define SLACK_NS (2 * CLOCK_SECOND_NS)

/* Times of files are those of the last tick of the kernel, 100 in a second or more. */
#define TICK_NS    (CLOCK_SECOND_NS / 100)

#define LINE_BYTES 65536 /* what is longer is no name */

/* --- the file --- */

static char *
make_path(const struct profile *profile)
{
	if (profile->pid_here != 0)
		return xasprintf("/proc/%" PRIu32 "/root/tmp/perf-%" PRIu32 ".map",
				 profile->pid_here, profile->pid);
	return xasprintf("/tmp/perf-%" PRIu32 ".map", profile->pid);
}

/* The process may run as another user, whose folder of processes shows that. */
static bool
is_owner(const struct profile *profile, uid_t owner)
{
	struct stat status;
	char *path;
	bool owns;

	if (owner == geteuid() || owner == 0)
		return true;
	if (profile->pid_here == 0)
		return false;
	path = xasprintf("/proc/%" PRIu32, profile->pid_here);
	owns = stat(path, &status) == 0 && status.st_uid == owner;
	free(path);
	return owns;
}

/* Everybody may write to this folder, and numbers of processes come again. */
static bool
is_of_process(const struct profile *profile, const struct stat *status)
{
	uint64_t changed = clock_from(status->st_mtim);

	if (!S_ISREG(status->st_mode) || !is_owner(profile, status->st_uid))
		return false;
	if (changed + TICK_NS < profile->start_realtime_ns)
		return false;
	return profile->state == PROFILE_RUNNING ||
	       changed <= profile->start_realtime_ns + profile->duration_ns + SLACK_NS;
}

static int
open_map(const struct profile *profile, FILE **ret_file)
{
	char *path = make_path(profile);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int result = fd < 0 ? -errno : 0;

	free(path);
	if (result == 0 && (fstat(fd, &status) != 0 || !is_of_process(profile, &status)))
		result = -ENOENT;
	if (result == 0 && (*ret_file = fdopen(fd, "r")) == NULL)
		result = -errno;
	if (result != 0 && fd >= 0)
		close(fd);
	return result;
}

/* --- lines --- */

static size_t
find_first(const struct perf_map_wanted *wanted, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (wanted[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* "7f01a000 40 name with blanks\n"; false if it is none. */
static bool
parse_line(char *line, uint64_t *ret_start, uint64_t *ret_size, const char **ret_name)
{
	char *end, *name;

	if (!isxdigit((unsigned char)line[0]))
		return false;
	*ret_start = strtoull(line, &end, 16);
	if (*end != ' ' || !isxdigit((unsigned char)end[1]))
		return false;
	*ret_size = strtoull(end + 1, &name, 16);
	if (*name != ' ')
		return false;
	name[strcspn(name, "\n")] = '\0';
	*ret_name = name + 1;
	return name[1] != '\0' && *ret_size <= UINT64_MAX - *ret_start;
}

/* A return address may be that behind the last instruction. */
static void
note_line(struct profile *profile, struct perf_map_wanted *wanted, size_t count, char *line)
{
	uint64_t start, size;
	const char *text, *name = NULL;

	if (!parse_line(line, &start, &size, &text))
		return;
	for (size_t i = find_first(wanted, count, start + 1);
	     i < count && wanted[i].address <= start + size; i++) {
		if (name == NULL)
			name = intern_insert_string(profile->strings, text);
		wanted[i].is_reused |= wanted[i].name != NULL && wanted[i].name != name;
		wanted[i].name = name;
	}
}

/* Read the next line; false at the end. Of one that is too long nothing is left. */
static bool
read_line(FILE *file, char *line)
{
	bool is_whole = true;

	/* It may hold zeros, so strlen() does not tell whether it is full. */
	for (;;) {
		line[LINE_BYTES - 1] = 1;
		if (fgets(line, LINE_BYTES, file) == NULL)
			return !is_whole && !ferror(file);
		if (line[LINE_BYTES - 1] != '\0' || line[LINE_BYTES - 2] == '\n') {
			if (!is_whole)
				line[0] = '\0';
			return true;
		}
		is_whole = false;
		line[0] = '\0';
	}
}

int
perf_map_find(struct profile *profile, struct perf_map_wanted *wanted, size_t count)
{
	FILE *file = NULL;
	char *line;
	int result = open_map(profile, &file);

	if (result != 0)
		return result;
	line = xmalloc(LINE_BYTES);
	while (read_line(file, line))
		note_line(profile, wanted, count, line);
	free(line);
	fclose(file);
	return 0;
}

/* --- names --- */

/* What V8 calls a function of the program's: "JS:*name FILE:LINE:COLUMN". */
static const char *
skip_kind(const char *name)
{
	static const char *const kinds[] = {"JS:", "LazyCompile:", "Function:", "Eval:", "Script:"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i]);

		if (strncmp(name, kinds[i], length) != 0)
			continue;
		name += length;
		return name + strspn(name, "*~^+");
	}
	return NULL;
}

/* The number behind the last colon of the first length bytes, which then end before it. */
static bool
take_number(const char *text, size_t *length, uint32_t *ret_number)
{
	size_t digits = 0;

	while (digits < *length && isdigit((unsigned char)text[*length - digits - 1]))
		digits++;
	if (digits == 0 || digits > 9 || digits + 1 >= *length || text[*length - digits - 1] != ':')
		return false;
	*ret_number = (uint32_t)strtoul(text + *length - digits, NULL, 10);
	*length -= digits + 1;
	return true;
}

void
perf_map_parse_name(const char *name, char **ret_function, char **ret_file, uint32_t *ret_line)
{
	const char *rest = skip_kind(name), *blank;
	uint32_t line = 0, column;
	size_t length;

	*ret_function = *ret_file = NULL;
	*ret_line = 0;
	/* Neither an anonymous function nor a path is without blanks for certain: the path begins
	 * at the first one, and the name has none. */
	blank = rest != NULL ? strchr(rest, ' ') : NULL;
	length = blank != NULL ? strlen(blank + 1) : 0;
	if (blank == NULL || !take_number(blank + 1, &length, &column) ||
	    !take_number(blank + 1, &length, &line)) {
		*ret_function = xstrdup(name);
		return;
	}
	*ret_function =
		blank != rest ? xstrndup(rest, (size_t)(blank - rest)) : xstrdup("anonymous");
	if (strncmp(blank + 1, "file://", 7) == 0) {
		blank += 7;
		length -= 7;
	}
	*ret_file = xstrndup(blank + 1, length);
	*ret_line = line;
}
