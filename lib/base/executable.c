/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/executable.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/loader.h"
#include "base/os_file.h"
#include "base/proc_text.h"

#define PATH_BYTES 4096u
#define LINE_BYTES (PATH_BYTES + 128u) /* of /proc/self/maps */

static char path[PATH_BYTES];

/* The kernel says where it has put the loader only if it was not told to execute it. */
static bool
was_loaded_by_name(void)
{
	return getauxval(AT_BASE) == 0;
}

/* The last file that was seen, and where its first mapping begins. */
static struct {
	uint64_t start;
	char path[PATH_BYTES];
} file;

static void
note_file(const char *name, uint64_t start)
{
	size_t length = strlen(name);

	if (strcmp(file.path, name) == 0 || length >= sizeof file.path)
		return;
	memcpy(file.path, name, length + 1);
	file.start = start;
}

/* The path of a line if that maps the address: all that is behind the first slash. */
static const char *
path_in_line(const char *line, uint64_t address)
{
	uint64_t start = proc_text_take_hexadecimal(&line), end;
	const char *name;

	if (*line++ != '-')
		return NULL;
	end = proc_text_take_hexadecimal(&line);
	name = strchr(line, '/');
	if (name != NULL)
		note_file(name, start);
	return address >= start && address < end ? name : NULL;
}

/* Take what is a whole line off the front. NULL when there is none. */
static const char *
next_line(char *buffer, size_t *bytes, size_t *taken)
{
	*bytes -= *taken;
	for (size_t i = 0; i < *bytes; i++)
		buffer[i] = buffer[*taken + i];
	*taken = 0;
	for (size_t i = 0; i < *bytes; i++) {
		if (buffer[i] != '\n')
			continue;
		buffer[i] = '\0';
		*taken = i + 1;
		return buffer;
	}
	return NULL;
}

static void
find_mapped(uint64_t address)
{
	static char buffer[LINE_BYTES];
	int fd = os_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	size_t bytes = 0, taken = 0;
	const char *found = NULL;
	long n;

	if (fd < 0)
		return;
	while (found == NULL && (n = os_read(fd, buffer + bytes, sizeof buffer - bytes)) > 0) {
		const char *line;

		bytes += (size_t)n;
		while (found == NULL && (line = next_line(buffer, &bytes, &taken)) != NULL)
			found = path_in_line(line, address);
	}
	os_close(fd);
	if (found == NULL || strlen(found) >= sizeof path)
		return;
	memcpy(path, found, strlen(found) + 1);
	loader_note_program((const void *)file.start);
}

const char *
executable_path(void)
{
	if (path[0] == '\0' && was_loaded_by_name() && loader_first() != NULL)
		find_mapped((uint64_t)loader_first()->l_ld);
	if (path[0] == '\0')
		os_read_link("/proc/self/exe", path, sizeof path - 1);
	return path;
}

const char *
executable_file(void)
{
	return was_loaded_by_name() ? executable_path() : "/proc/self/exe";
}

static bool
read_kernels_name(char *command, size_t bytes)
{
	int fd = os_open("/proc/self/comm", O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? -1 : os_read(fd, command, bytes - 1);

	if (fd >= 0)
		os_close(fd);
	if (n <= 0)
		return false;
	command[n] = '\0';
	command[strcspn(command, "\n")] = '\0';
	return true;
}

void
executable_read_command(char *command, size_t bytes)
{
	const char *slash = was_loaded_by_name() ? strrchr(executable_path(), '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : "unknown";
	size_t length = strlen(name);

	if (slash == NULL && read_kernels_name(command, bytes))
		return;
	/* As long as the kernel's. */
	if (length >= bytes)
		length = bytes - 1;
	if (length > 15)
		length = 15;
	memcpy(command, name, length);
	command[length] = '\0';
}
