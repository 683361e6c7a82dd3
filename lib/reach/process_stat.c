/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/process_stat.h"

#include <string.h>

#include "base/proc_text.h"

#define BEHIND_NAME 2 /* the place of what the name of the command, which may hold anything, is */

uint64_t
process_stat_get(enum process_stat place)
{
	static char text[1024];
	const char *next;
	uint64_t number = 0;

	proc_text_read("/proc/self/stat", text, sizeof text);
	/* The name is in brackets. */
	next = strrchr(text, ')');
	for (int i = BEHIND_NAME; next != NULL && i < (int)place; i++) {
		next = strchr(next, ' ');
		next = next != NULL ? next + 1 : NULL;
	}
	if (next != NULL)
		proc_text_take_decimal(next, &number);
	return number;
}
