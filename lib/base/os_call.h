/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * os_call.h - a system call of few arguments, for `os*.c`
 */
#ifndef OS_CALL_H
#define OS_CALL_H

#include "arch/arch.h"

#define OS_ERRORS 4096 /* of the kernel's answers these many are a negative errno */

/* The kernel's answer; a negative errno on failure. [signal] */
static inline long
os_call(long number, long a, long b, long c)
{
	return arch_system_call(number, a, b, c, 0, 0, 0);
}

#endif
