/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * living_access.h - why the memory of a process may not be read
 *
 * process_vm_readv(2) asks as ptrace(2) does: for the same user, groups and capabilities, for a
 * process that has not forbidden it, and then the rules of the kernel's security modules.
 */
#ifndef LIVING_ACCESS_H
#define LIVING_ACCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LIVING_NO_SCOPE (-1)

enum living_obstacle {
	LIVING_OTHER_USER,
	LIVING_OTHER_RIGHTS, /* groups or capabilities; or the process has forbidden it */
	LIVING_FOR_ANCESTORS,
	LIVING_FOR_DEBUGGERS, /* who has CAP_SYS_PTRACE */
	LIVING_FOR_NOBODY,
	LIVING_FILTERED,  /* who asks may not make the call */
	LIVING_FORBIDDEN, /* by a rule that is not known */
	LIVING_OBSTACLES
};

/* What is known of both. */
struct living_access {
	bool is_listed; /* the list of its mappings may be read, as the same user may */
	uint32_t own_user;
	uint32_t user;    /* of the process */
	bool may_debug;   /* who asks has CAP_SYS_PTRACE */
	bool is_filtered; /* a filter of system calls is on who asks */
	int scope;        /* kernel.yama.ptrace_scope, or LIVING_NO_SCOPE */
};

void living_access_get(struct living_access *access, pid_t pid);

/* A number from 0 to 3 in a file, or LIVING_NO_SCOPE. */
int living_access_read_scope(const char *path);

/* Of a process whose memory was refused. */
enum living_obstacle living_access_judge(const struct living_access *access);

#endif
