/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_follow.c - heaptally live: what a process has become whose recording has ended
 */
#include "config.h"

#include "cmd/live.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "read/locate.h"
#include "read/operand.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"

static void
open_next(struct live *live, const char *path)
{
	char *before = term_escape(live->profile->command), *now;
	int result = live_open(live, path);

	if (result == -ENODATA)
		live->has_ended = true;
	if (result == 0) {
		now = term_escape(live->profile->command);
		snprintf(live->message, sizeof(live->message), "%s has become another program: %s",
			 before, now);
		free(now);
	}
	free(before);
}

/* One that ends has no executable any more, or is still the same. */
static void
name_successor(struct live *live)
{
	char *link = xasprintf("/proc/%" PRIu32 "/exe", live->pid), *name;
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	free(link);
	if (length <= 0)
		return;
	target[length] = '\0';
	if (strcmp(target, live->profile->executable) == 0)
		return;
	name = term_escape(text_base_name(target));
	snprintf(live->successor, sizeof(live->successor), "%s", name);
	free(name);
}

void
live_follow(struct live *live)
{
	char *pid, *path, *why;

	live->successor[0] = '\0';
	/* Another process may have the number by now. */
	if (locate_get_start_ns((pid_t)live->pid) != live->process_start_ns)
		return;
	pid = xasprintf("%" PRIu32, live->pid);
	if (operand_find_file(pid, &path, &why) != 0) {
		name_successor(live);
		free(why);
	} else {
		if (strcmp(path, live->path) != 0)
			open_next(live, path);
		else
			name_successor(live);
		free(path);
	}
	free(pid);
}
