/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stack_goes_away.c - the stack next to that of a coroutine is unmapped while the coroutine goes on
 *
 *     | stack of `second` | stack of `first` |     `first` starts `second`, then its stack goes
 *
 * The switch has no unwind table, so the chain of frame pointers is followed. It leads from
 * `second` into the frames of `first`, next door.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define STACK_BYTES 8192

/* `frame` is rbp in the body: the frame that started it, or NULL. */
void coroutine_start(void **ret_from, char *top, void (*body)(void), void *frame);
void coroutine_switch(void **ret_from, void *to);

__asm__(".text\n"
	"coroutine_start:\n"
	"	push %rbx; push %r12; push %r13; push %r14; push %r15; push %rbp\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	mov %rcx, %rbp\n"
	"	call *%rdx\n"
	"	hlt\n"
	"coroutine_switch:\n"
	"	push %rbx; push %r12; push %r13; push %r14; push %r15; push %rbp\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %rbp; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx\n"
	"	ret\n");

static void *in_main, *in_first, *in_second;
static char *stacks;

static __attribute__((noinline)) void
second(void)
{
	for (int i = 0;; i++) {
		void *volatile block = malloc(100);

		free(block);
		coroutine_switch(&in_second, i == 0 ? in_first : in_main);
	}
}

static __attribute__((noinline)) void
first(void)
{
	coroutine_start(&in_first, stacks + STACK_BYTES, second, __builtin_frame_address(0));
	coroutine_switch(&in_first, in_main);
}

int
main(void)
{
	stacks = mmap(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (stacks == MAP_FAILED)
		return EXIT_FAILURE;
	coroutine_start(&in_main, stacks + 2 * STACK_BYTES, first, NULL);
	munmap(stacks + STACK_BYTES, STACK_BYTES);
	for (int i = 0; i < 3; i++)
		coroutine_switch(&in_main, in_second);
	puts("done");
	return EXIT_SUCCESS;
}
