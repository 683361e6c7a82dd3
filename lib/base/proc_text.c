/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proc_text.h"

#include <fcntl.h>
#include <string.h>

#include "base/os_file.h"

size_t
proc_text_read(const char *path, char *text, size_t bytes)
{
	int fd = os_open(path, O_RDONLY | O_CLOEXEC, 0);
	size_t used = 0;
	long n;

	while (fd >= 0 && used < bytes - 1 && (n = os_read(fd, text + used, bytes - 1 - used)) > 0)
		used += (size_t)n;
	if (fd >= 0)
		os_close(fd);
	text[used] = '\0';
	return used;
}

bool
proc_text_take_decimal(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	while (*text == ' ')
		text++;
	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	*ret_number = number;
	return true;
}

uint64_t
proc_text_take_hexadecimal(const char **next)
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

bool
proc_text_is_filtered(void)
{
	static const char word[] = "\nSeccomp:\t";
	char text[4096];
	size_t bytes = proc_text_read("/proc/thread-self/status", text, sizeof text);
	const char *found = strstr(text, word);

	/* A kernel without filters has no such line; it may be behind a long one. */
	if (found == NULL)
		return bytes == 0 || bytes == sizeof text - 1;
	return found[sizeof word - 1] != '0';
}
