/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * system_call.h - x86_64: how the kernel is called
 */
#ifndef ARCH_SYSTEM_CALL_H
#define ARCH_SYSTEM_CALL_H

/* The kernel's answer; a negative errno on failure. [signal] */
static inline long
arch_system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#endif
