/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shapes.c - stacks on which a remembered trace is easily mistaken for the present one
 *
 *     shapes NAME     runs one shape; the test compares every capture with a full walk
 *
 * Most shapes are built so that the innermost frames look the same while something further out has
 * changed, or so that memory still holds the words of frames that are gone.
 */
#include "config.h"

#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define NOINLINE      __attribute__((noinline, noclone))
#define FRAME_POINTER __attribute__((noinline, noclone, optimize("no-omit-frame-pointer")))

enum {
	ROUNDS = 2000
};

static volatile size_t sink;

NOINLINE static void
leaf(size_t bytes)
{
	char *block = malloc(bytes);

	sink += (size_t)block;
	free(block);
}

/* The block of `alloca` covers exactly the frame of `middle`: sp, ip and every return address are
 * the same on both ways to `leaf_frame`, but for the frame in between. */
FRAME_POINTER static void
leaf_frame(size_t pad)
{
	volatile char *hole = alloca(pad + 16);

	hole[0] = 0;
	leaf(40);
	sink += (size_t)hole[0];
}

FRAME_POINTER static void
middle(size_t pad)
{
	leaf_frame(pad);
	sink++;
}

FRAME_POINTER static void
shape_alloca(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (size_t pad = 0; pad < 160; pad += 16) {
			middle(pad);
			leaf_frame(pad);
			leaf_frame(pad + 48);
		}
	}
}

/* rbp is a general register in the inner functions and holds something else each time; further out
 * a function needs it as its frame pointer. */
NOINLINE static size_t
busy(size_t a, size_t b, size_t c, size_t d, size_t e, size_t f)
{
	size_t g = a ^ b, h = b ^ c, i = c ^ d, j = d ^ e, k = e ^ f;

	leaf(a % 64 + 1);
	g += h * 3;
	leaf(b % 64 + 1);
	return a + b + c + d + e + f + g + h + i + j + k;
}

FRAME_POINTER static size_t
needs_frame_pointer(size_t n)
{
	volatile char *hole = alloca(n % 256 + 16);

	hole[0] = (char)n;
	return busy(n, n * 3, n * 5, n * 7, n * 11, n * 13) + (size_t)hole[0];
}

NOINLINE static size_t
outer_a(size_t n)
{
	return needs_frame_pointer(n) + 1;
}

NOINLINE static size_t
outer_b(size_t n)
{
	return needs_frame_pointer(n) * 3;
}

static void
shape_dead_rbp(void)
{
	for (size_t i = 0; i < 10 * ROUNDS; i++)
		sink += i % 3 == 0 ? outer_a(i) : outer_b(i / 2);
}

/* gcc realigns the stack for it and finds the frame through a saved pointer. */
NOINLINE static void
realigned(unsigned depth)
{
	volatile char vector[64] __attribute__((aligned(64)));

	vector[depth % 64] = 1;
	leaf(24);
	if (depth > 0)
		realigned(depth - 1);
	leaf(48);
	sink += (size_t)vector[0];
}

NOINLINE static void
shifted(unsigned n)
{
	volatile char *hole = alloca(n % 128 + 8);

	hole[0] = 1;
	realigned(n % 5);
	sink += (size_t)hole[0];
}

static void
shape_realigned(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		realigned(i % 7);
		shifted(i);
	}
}

NOINLINE static void
large_frame(unsigned depth)
{
	volatile char locals[64 << 10];

	locals[depth] = 1;
	leaf(32);
	if (depth > 0)
		large_frame(depth - 1);
	leaf(33);
	sink += (size_t)locals[0];
}

static void
shape_large_frames(void)
{
	for (unsigned i = 0; i < ROUNDS / 10; i++)
		large_frame(i % 8);
}

static jmp_buf landing;

NOINLINE static void
jump_from(unsigned depth)
{
	leaf(depth + 1);
	if (depth > 0)
		jump_from(depth - 1);
	else if (sink != 0)
		longjmp(landing, 1);
	sink++;
}

static void
shape_longjmp(void)
{
	for (volatile unsigned i = 0; i < ROUNDS; i++) {
		if (setjmp(landing) == 0)
			jump_from(i % 20);
		leaf(100 + i % 3);
	}
}

enum {
	FIBERS = 8,
	FIBER_STACK = 64 << 10
};

static ucontext_t main_context, contexts[FIBERS];

NOINLINE static void
fiber_body(unsigned depth, unsigned number)
{
	if (depth > 0) {
		fiber_body(depth - 1, number);
		sink++;
		return;
	}
	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		leaf(number + 1);
		swapcontext(&contexts[number], &main_context);
	}
}

static void
fiber_entry(int number)
{
	for (;;)
		fiber_body((unsigned)number % 3, (unsigned)number);
}

static void
shape_fibers(void)
{
	for (int i = 0; i < FIBERS; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = mmap(NULL, FIBER_STACK, PROT_READ | PROT_WRITE,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		contexts[i].uc_stack.ss_size = FIBER_STACK;
		contexts[i].uc_link = &main_context;
		makecontext(&contexts[i], (void (*)(void))fiber_entry, 1, i);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		swapcontext(&main_context, &contexts[i * 5 % FIBERS]);
		leaf(7);
	}
}

static void
on_signal(int number)
{
	leaf((size_t)number);
}

NOINLINE static void
raise_at(unsigned depth)
{
	if (depth > 0)
		raise_at(depth - 1);
	else
		raise(SIGUSR1);
	leaf(depth + 1);
}

static void
shape_signal_stack(void)
{
	static char stack[64 << 10];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (unsigned i = 0; i < ROUNDS / 10; i++)
		raise_at(i % 9);
}

NOINLINE static size_t
recurse(unsigned depth)
{
	size_t result = 1;

	if (depth % 1000 == 0)
		leaf(64);
	if (depth > 0)
		result += recurse(depth - 1);
	if (depth % 5000 == 0)
		leaf(65);
	return result;
}

static void *
deep_thread(void *argument)
{
	sink += recurse(100000);
	return argument;
}

static void
shape_recursion(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 20);
	if (pthread_create(&thread, &attributes, deep_thread, NULL) != 0)
		abort();
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
}

static const struct {
	const char *name;
	void (*run)(void);
} shapes[] = {
	{"alloca", shape_alloca},
	{"dead-rbp", shape_dead_rbp},
	{"realigned", shape_realigned},
	{"large-frames", shape_large_frames},
	{"longjmp", shape_longjmp},
	{"fibers", shape_fibers},
	{"signal-stack", shape_signal_stack},
	{"recursion", shape_recursion},
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof shapes / sizeof *shapes; i++) {
		if (strcmp(argv[1], shapes[i].name) == 0) {
			shapes[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: shapes NAME\n");
	return 2;
}
