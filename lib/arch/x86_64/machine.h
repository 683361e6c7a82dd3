/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.h - x86_64: sizes, names by which others know the processor, single instructions
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES   ((size_t)4096)
#define ADDRESS_BITS 47 /* of a program's half of the address space */

/* In ELF headers; in the kernel's own library. */
#define ARCH_ELF_MACHINE EM_X86_64
#define ARCH_VDSO_CLOCK  "__vdso_clock_gettime"

/* The first version of glibc for this processor: of the symbols that it always had. */
#define ARCH_GLIBC_VERSION "GLIBC_2.2.5"

/* libunwind for this processor, and its functions there. */
#define ARCH_UNWIND_LIBRARY        "libunwind-x86_64.so.8"
#define ARCH_UNWIND_FUNCTION(name) "_Ux86_64_" name

/* Between two looks at a word that another thread is about to change. */
static inline void
arch_pause(void)
{
	__builtin_ia32_pause();
}

/* Add to a word that only this thread writes, in one instruction: no signal handler comes in
 * between. Written out, because a compiler may make three of one. [hot] [signal] */
static inline __attribute__((always_inline)) void
arch_add(uint64_t *word, uint64_t value)
{
	__asm__ volatile("addq %1, %0" : "+m"(*word) : "er"(value) : "cc");
}

/* Whether a bit is set, without a mask of 64 bits in a register. [hot] [signal] */
static inline __attribute__((always_inline)) bool
arch_has_bit(uint64_t word, const int bit)
{
	bool set;

	__asm__("btq %2, %1" : "=@ccc"(set) : "r"(word), "i"(bit));
	return set;
}

/* Put `now` where `old` still is, in one instruction without a lock prefix: for a word that only
 * this thread writes, or that another one may write only after a context switch. [hot] [signal] */
static inline __attribute__((always_inline)) void
arch_exchange_alone(uint64_t *word, uint64_t old, uint64_t now)
{
	__asm__ volatile("cmpxchgq %2, %0" : "+m"(*word), "+a"(old) : "r"(now) : "cc");
}

/* Where libc keeps what it knows of this thread: at the end of a stack that it has made. */
static inline uintptr_t
arch_thread_control(void)
{
	uintptr_t control;

	__asm__("mov %%fs:0, %0" : "=r"(control));
	return control;
}

/* Where a thread's variables of an object are, whose distance from that is the same for all. */
static inline uint64_t
arch_thread_variables(uint64_t control, uint64_t distance)
{
	return control - distance;
}

#endif
