/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/proc_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/os.h"

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
	size_t used = 0;
	long n;
	int fd;

	make_path(directory, number, file, path);
	fd = os_open(path, O_RDONLY | O_CLOEXEC, 0);
	while (fd >= 0 && used < bytes - 1 && (n = os_read(fd, text + used, bytes - 1 - used)) > 0)
		used += (size_t)n;
	if (fd >= 0)
		os_close(fd);
	text[used] = '\0';
}

uint64_t
proc_list_take_hexadecimal(const char **next)
{
	uint64_t value = 0;

	for (;; (*next)++) {
		int c = **next, digit = c >= '0' && c <= '9'   ? c - '0'
					: c >= 'a' && c <= 'f' ? c - 'a' + 10
							       : 16;

		if (digit == 16)
			return value;
		value = value << 4 | (unsigned)digit;
	}
}
