/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stacks.c - allocate below one of up to a million different call stacks
 *
 * The digits of the number are packed, five bits a digit; `level` eats the lowest one, chooses the
 * call site of that number among 32, and calls itself.
 */
#include "config.h"
#include "stacks.h"

#include <stdlib.h>

#define DIGIT_BITS 5

_Static_assert(1 << DIGIT_BITS == STACKS_BASE_LIMIT, "a digit fills its bits");

/* The operand differs from site to site, so that the compiler does not merge the calls. */
#define CALL(n)                                                      \
	case n:                                                      \
		block = level(digits >> DIGIT_BITS, left - 1, size); \
		__asm__ volatile("" : : "i"(n) : "memory");          \
		break;

#define CALLS_8(n) \
	CALL(n)    \
	CALL(n + 1) CALL(n + 2) CALL(n + 3) CALL(n + 4) CALL(n + 5) CALL(n + 6) CALL(n + 7)

static __attribute__((noinline, noclone)) void *
level(unsigned digits, int left, size_t size)
{
	void *block = NULL;

	if (left == 0) {
		block = malloc(size);
		__asm__ volatile("" : : "r"(block) : "memory");
		return block;
	}
	switch (digits & (STACKS_BASE_LIMIT - 1)) {
		CALLS_8(0)
		CALLS_8(8)
		CALLS_8(16)
		CALLS_8(24)
	}
	return block;
}

unsigned long
stacks_count(unsigned base)
{
	unsigned long count = 1;

	for (int i = 0; i < STACKS_DIGITS; i++)
		count *= base;
	return count;
}

void *
stacks_malloc(unsigned base, unsigned long number, size_t size)
{
	unsigned digits = 0;

	for (int i = 0; i < STACKS_DIGITS; i++) {
		digits = digits << DIGIT_BITS | (unsigned)(number % base);
		number /= base;
	}
	return level(digits, STACKS_DIGITS, size);
}
