/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/process_stat.h"

#include <fcntl.h>
#include <string.h>

#include "base/os.h"

#define BEHIND_NAME 2 /* the place of what the name of the command, which may hold anything, is */

uint64_t
process_stat_get(enum process_stat place)
{
	static char text[1024];
	int fd = os_open("/proc/self/stat", O_RDONLY | O_CLOEXEC, 0);
	long n = fd >= 0 ? os_read(fd, text, sizeof text - 1) : 0;
	const char *next;
	uint64_t number = 0;

	if (fd >= 0)
		os_close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* The name is in brackets. */
	next = strrchr(text, ')');
	for (int i = BEHIND_NAME; next != NULL && i < (int)place; i++) {
		next = strchr(next, ' ');
		next = next != NULL ? next + 1 : NULL;
	}
	for (; next != NULL && *next >= '0' && *next <= '9'; next++)
		number = number * 10 + (uint64_t)(*next - '0');
	return number;
}
