/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registers.c - scenario 35: errno, callee-saved registers and floating point modes (F25, F49)
 *
 * Calls malloc with known values in all registers that a call must keep, with rounding modes and
 * x87 precision changed, with a misaligned stack, with a live x87 stack; each from new stacks, so
 * that the slow paths of a tracer run, too. Prints how often something changed.
 */
#include "config.h"
#include "target.h"

#include <errno.h>
#include <unistd.h>

enum {
	ROUNDS = 2000,
	CALL_BYTES = 24
};

static struct tally tally;
static unsigned bad_errno, bad_registers, bad_modes, bad_double, bad_flags;

/* rbx and r12-r15 hold marks over the call; misalign moves rsp by 8 first. */
static void *
call_with_marks(long misalign)
{
	size_t bytes = CALL_BYTES;
	void *block;
	unsigned long changed;

	__asm__ volatile(
		"push %%rbp\n\t"
		"mov %%rsp, %%rbp\n\t"
		"sub $256, %%rsp\n\t" /* below the red zone */
		"and $-16, %%rsp\n\t"
		"sub %[misalign], %%rsp\n\t"
		"mov $0x1111, %%rbx\n\tmov $0x2222, %%r12\n\tmov $0x3333, %%r13\n\t"
		"mov $0x4444, %%r14\n\tmov $0x5555, %%r15\n\t"
		"call *%[function]\n\t"
		"xor $0x1111, %%rbx\n\txor $0x2222, %%r12\n\txor $0x3333, %%r13\n\t"
		"xor $0x4444, %%r14\n\txor $0x5555, %%r15\n\t"
		"or %%r12, %%rbx\n\tor %%r13, %%rbx\n\tor %%r14, %%rbx\n\tor %%r15, %%rbx\n\t"
		"mov %%rbx, %%rdx\n\t"
		"leave\n\t"
		: "=&a"(block), "=&d"(changed), "+D"(bytes)
		: [function] "c"((void *(*)(size_t))malloc), [misalign] "S"(misalign)
		: "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
	bad_registers += changed != 0;
	return tally_block(&tally, block, CALL_BYTES);
}

static void
check_errno(unsigned path)
{
	volatile size_t too_much = SIZE_MAX;
	void *block, *aligned;

	errno = 0x55;
	block = tally_malloc_at(&tally, 40, path, 12);
	bad_errno += errno != 0x55;
	block = tally_realloc(&tally, block, 40, 400);
	bad_errno += errno != 0x55;
	tally_free(&tally, block, 400);
	bad_errno += errno != 0x55;
	bad_errno += posix_memalign(&aligned, 3, 10) != EINVAL || errno != 0x55;
	if (malloc(too_much) != NULL || errno != ENOMEM)
		bad_errno++;
	errno = 0x55;
}

static void
check_modes(unsigned path)
{
	unsigned old_control, control, now;
	unsigned short old_word, word, now_word;
	unsigned long flags;

	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(old_control), "=m"(old_word));
	control = old_control ^ 0x6000; /* round toward zero */
	word = (unsigned short)((old_word & ~0x300) | 0xc00);
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(control), "m"(word));
	tally_malloc_at(&tally, 48, path, 12);
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tpushf\n\tpop %2"
			 : "=m"(now), "=m"(now_word), "=r"(flags));
	bad_modes += ((now ^ control) & ~0x3fu) != 0 || now_word != word;
	bad_flags += (flags & 0x400) != 0;
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(old_control), "m"(old_word));
}

/* The compiler saves what it must around the call; this is what a user sees. */
static void
check_values(unsigned path)
{
	volatile long double extended = 1.25L + path;
	volatile double plain = 0.5 + path;
	double sum = plain * 3.0;
	long double wide = extended * 3.0L;

	tally_malloc_at(&tally, 56, path, 12);
	bad_double += sum != plain * 3.0 || wide != extended * 3.0L;
}

int
main(int argc, char **argv)
{
	unsigned rounds = (unsigned)target_argument(argc, argv, 1, ROUNDS);

	for (unsigned i = 0; i < rounds; i++) {
		check_errno(i);
		check_modes(i + 50000);
		check_values(i + 60000);
		call_with_marks(0);
		call_with_marks(8);
	}
	say("errno %u registers %u modes %u values %u flags %u\n", bad_errno, bad_registers,
	    bad_modes, bad_double, bad_flags);
	target_report(&tally);
	return 0;
}
