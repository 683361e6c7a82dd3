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
		/* Each in a line of its own, so that stacks differ by their lines too. */
		/* clang-format off */
	CALL(0)
	CALL(1)
	CALL(2)
	CALL(3)
	CALL(4)
	CALL(5)
	CALL(6)
	CALL(7)
	CALL(8)
	CALL(9)
	CALL(10)
	CALL(11)
	CALL(12)
	CALL(13)
	CALL(14)
	CALL(15)
	CALL(16)
	CALL(17)
	CALL(18)
	CALL(19)
	CALL(20)
	CALL(21)
	CALL(22)
	CALL(23)
	CALL(24)
	CALL(25)
	CALL(26)
	CALL(27)
	CALL(28)
	CALL(29)
	CALL(30)
	CALL(31)
		/* clang-format on */
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
