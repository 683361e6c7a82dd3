/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/proc_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/os_file.h"
#include "base/proc_text.h"

#define PATH_BYTES 64

/* What getdents64(2) writes. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

static bool
parse_number(const char *name, uint32_t *ret_number)
{
	uint32_t number = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		number = number * 10 + (uint32_t)(*name - '0');
	*ret_number = number;
	return *name == '\0';
}

int
proc_list_read(const char *directory, uint32_t *numbers, uint32_t most)
{
	static char buffer[8192] __attribute__((aligned(8)));
	int fd = os_open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	uint32_t count = 0;
	long n;

	if (fd < 0)
		return fd;
	while ((n = os_read_directory(fd, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *entry = (const void *)(buffer + at);

			if (count < most && parse_number(entry->name, &numbers[count]))
				count++;
			at += entry->bytes;
		}
	}
	os_close(fd);
	return (int)count;
}

static void
make_path(const char *directory, uint32_t number, const char *file, char path[PATH_BYTES])
{
	char digits[12];
	size_t used = strlen(directory), i = sizeof digits;

	memcpy(path, directory, used);
	path[used++] = '/';
	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	memcpy(path + used, digits + i, sizeof digits - i);
	used += sizeof digits - i;
	if (file != NULL) {
		path[used++] = '/';
		memcpy(path + used, file, strlen(file));
		used += strlen(file);
	}
	path[used] = '\0';
}

void
proc_list_read_text(const char *directory, uint32_t number, const char *file, char *text,
		    size_t bytes)
{
	char path[PATH_BYTES];

	make_path(directory, number, file, path);
	proc_text_read(path, text, bytes);
}
