/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_fork.c - tell the runtime of a fork that calls no handlers
 *
 * A signal handler that forks uses _Fork(), because fork() is not safe there, and may have
 * interrupted the runtime. fork() itself calls what `init.c` registers.
 */
#include "hooks.h"

#include <errno.h>

#include "mapping_heritage.h"
#include "memory/real.h"
#include "thread.h"

HEAPTALLY_EXPORT int
_Fork(void)
{
	int child;

	if (!real_ready() && !real_find()) {
		errno = EAGAIN;
		return -1;
	}
	if (real.fork == NULL) {
		errno = ENOSYS;
		return -1;
	}
	thread_before_fork();
	mapping_heritage_leave();
	child = real.fork();
	if (child == 0)
		thread_after_fork();
	else
		thread_after_fork_in_parent();
	return child;
}
