/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api_table.c - scenario 1: every allocation function with every odd argument (F09, F44, F64)
 *
 * Prints one line per call: whether it returned a block, errno, the alignment, whether the block is
 * large enough, and whether `*memptr` was left alone. A tracer must not change a byte of it. All
 * blocks are freed, so nothing is live at the end.
 */
#include "config.h"
#include "target.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

static struct tally tally;
static unsigned calls;

static const size_t sizes[] = {
	0, 1, 33, 4096, 4097, 200000, PTRDIFF_MAX, SIZE_MAX, SIZE_MAX - 4095,
};
static const size_t alignments[] = {0, 1, 2, 3, 8, 16, 24, 64, 4096, 65536, SIZE_MAX / 2 + 1};
static const size_t pairs[][2] = {
	{0, 0},
	{0, 7},
	{7, 0},
	{3, 333},
	{1, SIZE_MAX},
	{SIZE_MAX, 1},
	{2, SIZE_MAX / 2},
	{SIZE_MAX / 2, 3},
	{SIZE_MAX, SIZE_MAX},
	{(size_t)1 << 32, (size_t)1 << 32},
	{1000, 1000},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ERRNO_MARK   0x55

static void
tell(const char *what, size_t first, size_t second, void *block, size_t bytes, size_t alignment)
{
	int error = errno;

	calls++;
	say("%s %zx %zx: %s errno %d", what, first, second, block != NULL ? "block" : "null",
	    error);
	if (block != NULL)
		say(" aligned %d usable %d", (uintptr_t)block % alignment == 0,
		    malloc_usable_size(block) >= bytes);
	say("\n");
	errno = ERRNO_MARK;
}

static void
drop(void *block, size_t bytes)
{
	errno = ERRNO_MARK;
	tally_free(&tally, block, bytes);
	if (errno != ERRNO_MARK)
		say("free changed errno to %d\n", errno);
	calls++;
	errno = ERRNO_MARK;
}

static void
plain(void)
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		void *block = tally_malloc(&tally, sizes[i]);

		tell("malloc", sizes[i], 0, block, sizes[i], 16);
		drop(block, sizes[i]);
		block = tally_block(&tally, valloc(sizes[i]), sizes[i]);
		tell("valloc", sizes[i], 0, block, sizes[i], 4096);
		drop(block, sizes[i]);
		block = pvalloc(sizes[i]);
		tell("pvalloc", sizes[i], 0, block, sizes[i], 4096);
		/* What counts as requested is the whole page or what was asked; both are live 0. */
		tally_block(&tally, block, sizes[i]);
		drop(block, sizes[i]);
	}
}

static void
zeroed(void)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		size_t bytes = pairs[i][0] * pairs[i][1];
		char *block = calloc(pairs[i][0], pairs[i][1]);

		tally_block(&tally, block, bytes);
		tell("calloc", pairs[i][0], pairs[i][1], block, bytes, 16);
		for (size_t k = 0; block != NULL && k < bytes; k++)
			if (block[k] != 0)
				say("calloc is not zero at %zu\n", k);
		drop(block, bytes);
	}
}

/* The old block must keep its content, also when the call fails. */
static void
resized_from(size_t old_bytes)
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *old = tally_malloc(&tally, old_bytes);
		char *block;

		memset(old, 'o', old_bytes);
		block = realloc(old, sizes[i]);
		tell("realloc", old_bytes, sizes[i], block, sizes[i], 16);
		if (block != NULL || sizes[i] == 0) {
			tally.frees++;
			tally.freed_bytes += old_bytes;
			old = NULL;
		}
		tally_block(&tally, block, sizes[i]);
		if (block != NULL && old_bytes > 0 && sizes[i] > 0 && block[0] != 'o')
			say("realloc lost the content\n");
		if (old != NULL && old_bytes > 0 && old[old_bytes - 1] != 'o')
			say("a failed realloc touched the block\n");
		drop(old, old_bytes);
		drop(block, sizes[i]);
	}
}

static void
resized_array(void)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		size_t bytes = pairs[i][0] * pairs[i][1];
		void *old = tally_malloc(&tally, 40);
		void *block = reallocarray(old, pairs[i][0], pairs[i][1]);
		int error = errno;

		tell("reallocarray", pairs[i][0], pairs[i][1], block, bytes, 16);
		/* realloc to 0 frees and returns NULL without an error. */
		if (block != NULL || (bytes == 0 && error == ERRNO_MARK)) {
			tally.frees++;
			tally.freed_bytes += 40;
			old = NULL;
		}
		tally_block(&tally, block, bytes);
		drop(old, 40);
		drop(block, bytes);
	}
}

static size_t
power_of_two(size_t alignment)
{
	size_t power = 1;

	while (power < alignment && power < 65536)
		power *= 2;
	return power < 16 ? 1 : power;
}

static void
aligned(size_t alignment, size_t bytes)
{
	void *const untouched = &tally;
	void *block = untouched;
	int result;

	block = tally_block(&tally, memalign(alignment, bytes), bytes);
	tell("memalign", alignment, bytes, block, bytes, power_of_two(alignment));
	drop(block, bytes);
	block = tally_block(&tally, aligned_alloc(alignment, bytes), bytes);
	tell("aligned_alloc", alignment, bytes, block, bytes, power_of_two(alignment));
	drop(block, bytes);
	block = untouched;
	result = posix_memalign(&block, alignment, bytes);
	say("posix_memalign returned %d, memptr %s\n", result,
	    block == untouched ? "unchanged" : "set");
	if (result != 0)
		block = NULL;
	tally_block(&tally, block, bytes);
	tell("posix_memalign", alignment, bytes, block, bytes, power_of_two(alignment));
	drop(block, bytes);
}

/* Free by the names that headers may not declare, or with free where nobody defines them. */
static void
freed_otherwise(size_t bytes)
{
	void (*old)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
	void (*sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	void (*aligned_sized)(void *, size_t, size_t) =
		(void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
	void *blocks[3] = {tally_malloc(&tally, bytes), tally_malloc(&tally, bytes),
			   tally_block(&tally, aligned_alloc(64, bytes), bytes)};

	errno = ERRNO_MARK;
	old != NULL ? old(blocks[0]) : free(blocks[0]);
	sized != NULL ? sized(blocks[1], bytes) : free(blocks[1]);
	aligned_sized != NULL ? aligned_sized(blocks[2], 64, bytes) : free(blocks[2]);
	if (sized != NULL)
		sized(NULL, bytes);
	if (aligned_sized != NULL)
		aligned_sized(NULL, 64, bytes);
	say("freed otherwise: %zx errno %d\n", bytes, errno);
	tally.frees += 3;
	tally.freed_bytes += 3 * bytes;
	calls += 3;
}

int
main(void)
{
	errno = ERRNO_MARK;
	plain();
	zeroed();
	resized_from(0);
	resized_from(24);
	resized_from(5000);
	resized_from(300000);
	resized_array();
	for (size_t i = 0; i < COUNT(alignments); i++)
		for (size_t k = 0; k < COUNT(sizes); k++)
			aligned(alignments[i], sizes[k]);
	freed_otherwise(64);
	freed_otherwise(320000);
	drop(NULL, 0);
	say("usable of null %zu, errno %d\n", malloc_usable_size(NULL), errno);
	say("%u calls\n", calls);
	target_report(&tally);
	return 0;
}
