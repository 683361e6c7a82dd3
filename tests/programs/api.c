/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api.c - use every function of heaptally.h, and say what does not hold
 *
 *     api traced FILE    under heaptally; the snapshot goes to FILE
 *     api alone          without: everything answers "not tracing"
 *     api off            under heaptally with start=off
 *
 * Prints nothing when all is as the header says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"
#include "heaptally.h"

static uint64_t
current(void)
{
	uint64_t bytes = 1;

	heaptally_get_traced_memory(&bytes, NULL, NULL);
	return bytes;
}

static uint64_t
peak(void)
{
	uint64_t bytes = 1;

	heaptally_get_traced_memory(NULL, &bytes, NULL);
	return bytes;
}

static uint64_t
blocks(void)
{
	uint64_t count = 1;

	heaptally_get_traced_memory(NULL, NULL, &count);
	return count;
}

static __attribute__((noinline)) char *
make(size_t bytes)
{
	char *block = (char *)malloc(bytes);

	/* Neither a tail call nor left out. */
	__asm__ volatile("" : "+r"(block));
	return block;
}

static __attribute__((noinline)) int
take_over(void *block)
{
	int result = heaptally_retag(block);

	__asm__ volatile("");
	return result;
}

static void
test_alone(void)
{
	struct heaptally_block block;
	char byte;

	EXPECT(HEAPTALLY_NOT_TRACING == -2);
	EXPECT(heaptally_start(0) == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_stop() == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_pause() == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_resume() == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_is_tracing() == 0);
	EXPECT(heaptally_get_frames() == 0);
	EXPECT(heaptally_clear() == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_reset_peak() == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_get_traced_memory(NULL, NULL, NULL) == HEAPTALLY_NOT_TRACING);
	EXPECT(current() == 0 && peak() == 0 && blocks() == 0);
	EXPECT(heaptally_get_tracer_memory() == 0);
	EXPECT(heaptally_get_block(&byte, &block) == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_is_traced(&byte) == 0);
	EXPECT(heaptally_mark("x") == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_snapshot("x") == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_track(7, 1, 1) == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_untrack(7, 1) == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_name_domain(7, "x") == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_retag(&byte) == HEAPTALLY_NOT_TRACING);
	EXPECT(heaptally_watch(&byte, NULL, NULL) == HEAPTALLY_NOT_TRACING);
}

/* tracemalloc: start is idempotent, the limit stays; clear zeroes the peak, too. */
static void
test_numbers(void)
{
	char *a, *b;

	EXPECT(heaptally_is_tracing() == 1);
	EXPECT(heaptally_start(65536) == -EINVAL);
	EXPECT(heaptally_start(3) == 0);
	EXPECT(heaptally_get_frames() == 0);
	a = make(1000);
	EXPECT(heaptally_clear() == 0);
	EXPECT(current() == 0 && peak() == 0 && blocks() == 0);
	b = make(500);
	EXPECT(current() == 500 && peak() == 500 && blocks() == 1);
	free(a);
	EXPECT(current() == 500 && blocks() == 1);
	a = make(2000);
	free(a);
	EXPECT(current() == 500 && peak() == 2500);
	EXPECT(heaptally_reset_peak() == 0);
	EXPECT(peak() == 500);
	b = (char *)realloc(b, 700);
	EXPECT(current() == 700 && peak() == 700 && blocks() == 1);
	EXPECT(heaptally_get_tracer_memory() > 4096);
	free(b);
	EXPECT(current() == 0 && peak() == 700);
}

static void
test_pause(void)
{
	char *before = make(10), *during, *moved = make(20);

	EXPECT(heaptally_clear() == 0);
	free(moved);
	moved = make(30);
	EXPECT(heaptally_pause() == 0);
	EXPECT(heaptally_is_tracing() == 1);
	during = make(5000);
	free(before);
	moved = (char *)realloc(moved, 40);
	EXPECT(current() == 0 && peak() == 30);
	EXPECT(heaptally_resume() == 0);
	free(during);
	free(moved);
	EXPECT(current() == 0 && blocks() == 0);
	before = make(7);
	EXPECT(current() == 7);
	EXPECT(heaptally_stop() == 0);
	EXPECT(heaptally_is_tracing() == 0);
	EXPECT(current() == 0 && peak() == 0);
	EXPECT(heaptally_get_tracer_memory() == 0);
	EXPECT(heaptally_track(7, 1, 1) == HEAPTALLY_NOT_TRACING);
	free(before);
	EXPECT(heaptally_start(2) == 0);
	EXPECT(heaptally_get_frames() == 2);
	EXPECT(heaptally_start(5) == 0);
	EXPECT(heaptally_get_frames() == 2);
	EXPECT(current() == 0);
	EXPECT(heaptally_stop() == 0);
	EXPECT(heaptally_get_frames() == 2);
	EXPECT(heaptally_start(0) == 0);
}

static void
test_blocks(void)
{
	struct heaptally_block block;
	char *small = make(100), *large = make(50000000);
	uintptr_t address = (uintptr_t)small;
	uint32_t depth;

	EXPECT(heaptally_get_block(small, &block) == 1);
	EXPECT(block.address == (uintptr_t)small && block.bytes == 100 && block.usable >= 100);
	EXPECT(block.depth >= 3 && block.frames[0] - (uintptr_t)make < 200);
	EXPECT(heaptally_get_block(small + 99, &block) == 1);
	EXPECT(block.address == (uintptr_t)small);
	EXPECT(heaptally_get_block(large + 49999999, &block) == 1);
	EXPECT(block.address == (uintptr_t)large && block.bytes == 50000000);
	EXPECT(heaptally_get_block(&block, &block) == 0);
	EXPECT(heaptally_is_traced(small) == 1 && heaptally_is_traced(small + 16) == 0);
	EXPECT(heaptally_get_block(small, &block) == 1);
	depth = block.depth;
	EXPECT(take_over(small) == 0);
	EXPECT(heaptally_get_block(small, &block) == 1);
	EXPECT(block.bytes == 100 && block.depth == depth);
	EXPECT(block.frames[0] - (uintptr_t)take_over < 200);
	EXPECT(heaptally_retag(&block) == -EINVAL);
	free(small);
	free(large);
	EXPECT(heaptally_is_traced((void *)address) == 0);
}

static void *watched_block;
static int watched_calls;

static void
on_free(void *block, void *context)
{
	watched_block = block;
	watched_calls += *(int *)context;
	/* May allocate, and free something else that is watched. */
	free(make(123));
}

static void
test_watch(void)
{
	char *a = make(10), *b = make(20), *c = make(30);
	int one = 1, ten = 10;
	uint64_t before = current();

	EXPECT(heaptally_watch(&one, on_free, &one) == -EINVAL);
	EXPECT(heaptally_watch(a, on_free, &one) == 0);
	EXPECT(heaptally_watch(b, on_free, &one) == 0);
	EXPECT(heaptally_watch(b, on_free, &ten) == 0);
	EXPECT(heaptally_watch(c, on_free, &one) == 0);
	EXPECT(heaptally_watch(c, NULL, NULL) == 0);
	free(c);
	EXPECT(watched_calls == 0);
	free(a);
	EXPECT(watched_calls == 1 && watched_block == a);
	c = b;
	b = (char *)realloc(b, 50000);
	EXPECT(watched_calls == 11 && watched_block == c);
	free(b);
	EXPECT(watched_calls == 11);
	EXPECT(current() == before - 60);
}

static void
test_pools(void)
{
	uint64_t before = current(), count = blocks();

	EXPECT(heaptally_track(0, 1, 1) == -1);
	EXPECT(heaptally_name_domain(0, "x") == -EINVAL);
	EXPECT(heaptally_name_domain(7, "arena") == 0);
	EXPECT(heaptally_name_domain(7, "other") == -EEXIST);
	for (uintptr_t i = 0; i < 3000; i++)
		EXPECT(heaptally_track(7, 64 * i, 100) == 0);
	EXPECT(current() == before + 300000 && blocks() == count + 3000);
	/* The same address in another domain is another block; the same key is replaced. */
	EXPECT(heaptally_track(8, 64, 5) == 0);
	EXPECT(heaptally_name_domain(8, "late") == -EEXIST);
	EXPECT(heaptally_track(7, 64, 1) == 0);
	EXPECT(current() == before + 300000 - 99 + 5);
	for (uintptr_t i = 0; i < 3000; i += 2)
		EXPECT(heaptally_untrack(7, 64 * i) == 0);
	for (uintptr_t i = 0; i < 3000; i += 2)
		EXPECT(heaptally_untrack(7, 64 * i) == 0);
	EXPECT(heaptally_untrack(8, 64) == 0);
	EXPECT(blocks() == count + 1500);
	for (uintptr_t i = 1; i < 2999; i += 2)
		EXPECT(heaptally_untrack(7, 64 * i) == 0);
	/* One of 100 bytes is left. */
	EXPECT(current() == before + 100 && blocks() == count + 1);
}

static void
test_snapshot(const char *path)
{
	char label[97];
	char *block = make(4321);
	int fd;

	memset(label, 'x', 96);
	label[96] = '\0';
	EXPECT(heaptally_mark(label) == -EINVAL);
	EXPECT(heaptally_mark(NULL) == -EINVAL);
	EXPECT(heaptally_mark("half time") == 0);
	EXPECT(heaptally_snapshot("/nowhere/at/all") == HEAPTALLY_NOT_FOUND);
	EXPECT(heaptally_snapshot("") == HEAPTALLY_NOT_FOUND);
	EXPECT(heaptally_snapshot("/dev/null/at/all") == -ENOTDIR);
	EXPECT(HEAPTALLY_NOT_FOUND != HEAPTALLY_NOT_TRACING && HEAPTALLY_NOT_FOUND < -4095);
	EXPECT(heaptally_snapshot(path) == 0);
	/* Its own copy is replaced; what is no recording, or is being written, is not. */
	EXPECT(heaptally_snapshot(path) == 0);
	EXPECT(heaptally_snapshot("own.recording") == -EBUSY);
	EXPECT(heaptally_snapshot(".") == -EEXIST);
	EXPECT(symlink(path, "planted") == 0 && heaptally_snapshot("planted") == -EEXIST);
	EXPECT(unlink("planted") == 0 && mkfifo("planted", 0600) == 0);
	EXPECT(heaptally_snapshot("planted") == -EEXIST && unlink("planted") == 0);
	fd = open("planted", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	EXPECT(write(fd, "foreign", 7) == 7 && heaptally_snapshot("planted") == -EEXIST);
	EXPECT(ftruncate(fd, 0) == 0 && heaptally_snapshot("planted") == 0);
	EXPECT(close(fd) == 0 && unlink("planted") == 0);
	free(block);
}

static void
test_off(void)
{
	char *block = make(99);

	EXPECT(heaptally_is_tracing() == 0);
	EXPECT(current() == 0);
	EXPECT(heaptally_start(0) == 0);
	EXPECT(heaptally_is_tracing() == 1);
	free(block);
	EXPECT(current() == 0);
	block = make(11);
	EXPECT(current() == 11 && peak() == 11);
	free(block);
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IONBF, 0);
	errno = EXDEV;
	if (strcmp(how, "alone") == 0) {
		test_alone();
	} else if (strcmp(how, "off") == 0) {
		test_off();
	} else if (strcmp(how, "traced") == 0 && argc > 2) {
		test_numbers();
		test_pause();
		test_blocks();
		test_watch();
		test_pools();
		EXPECT(errno == EXDEV);
		test_snapshot(argv[2]);
	} else {
		return 2;
	}
	EXPECT(errno == EXDEV);
	return failures != 0;
}
