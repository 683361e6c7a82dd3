/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/living_access.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/proc_status.h"
#include "util/xalloc.h"

#define SCOPE_PATH "/proc/sys/kernel/yama/ptrace_scope"

/* Opening it is asked for, and not only the rights of the file. */
static bool
is_listed(pid_t pid)
{
	char *path = xasprintf("/proc/%d/maps", (int)pid), byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool result = fd >= 0 && read(fd, &byte, 1) >= 0;

	free(path);
	if (fd >= 0)
		close(fd);
	return result;
}

int
living_access_read_scope(const char *path)
{
	FILE *file = fopen(path, "re");
	int digit = file != NULL ? fgetc(file) : EOF;

	if (file != NULL)
		fclose(file);
	return digit >= '0' && digit <= '3' ? digit - '0' : LIVING_NO_SCOPE;
}

/* The user that another one has to be: of three, one that is not ours. */
static uint32_t
get_user(pid_t pid, uint32_t own)
{
	uint32_t user = own;

	for (unsigned i = 0; i < 3 && user == own; i++)
		user = (uint32_t)proc_status_read(pid, "Uid:", i, 10);
	return user;
}

void
living_access_get(struct living_access *access, pid_t pid)
{
	*access = (struct living_access){
		.is_listed = is_listed(pid),
		.own_user = geteuid(),
		.user = get_user(pid, geteuid()),
		.may_debug = (proc_status_read(0, "CapEff:", 0, 16) >> CAP_SYS_PTRACE & 1) != 0,
		.is_filtered = proc_status_read(0, "Seccomp:", 0, 10) != 0,
		.scope = living_access_read_scope(SCOPE_PATH),
	};
}

enum living_obstacle
living_access_judge(const struct living_access *access)
{
	static const enum living_obstacle scopes[] = {
		LIVING_FORBIDDEN,
		LIVING_FOR_ANCESTORS,
		LIVING_FOR_DEBUGGERS,
		LIVING_FOR_NOBODY,
	};

	if (!access->is_listed && !access->may_debug)
		return access->user != access->own_user ? LIVING_OTHER_USER : LIVING_OTHER_RIGHTS;
	if (access->scope == 3 || (access->scope > 0 && !access->may_debug))
		return scopes[access->scope];
	return access->is_filtered ? LIVING_FILTERED : LIVING_FORBIDDEN;
}
