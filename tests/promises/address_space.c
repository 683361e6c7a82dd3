/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * address_space.c - the program limits its own address space after it has begun
 *
 *     address_space MIB     of which it then uses 320
 *     address_space 0       24 MiB more than is mapped now; it then allocates until that is refused
 *
 * Needs to be the same with a tracer in it, and to say so: the report has how much was mapped.
 */
#include "config.h"
#include "target.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
	MIB = 1 << 20,
	LARGE_BLOCKS = 256,
	SMALL_BLOCKS = 50000, /* whose stacks outgrow what the tracer has mapped at first */
	MAPPED_MIB = 64
};

static struct tally tally;
static void *blocks[SMALL_BLOCKS];

static void
limit(uint64_t bytes)
{
	struct rlimit limit = {bytes, bytes};

	say("limited: %d\n", setrlimit(RLIMIT_AS, &limit));
}

static unsigned
allocate(unsigned count, size_t bytes)
{
	unsigned made = 0;

	for (unsigned i = 0; i < count; i++) {
		blocks[i] = tally_malloc_at(&tally, bytes, i * 2654435761u, 22);
		made += blocks[i] != NULL;
	}
	return made;
}

static void
release(unsigned count, size_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		if (blocks[i] != NULL)
			tally_free(&tally, blocks[i], bytes);
	}
}

static void
use_room(long mib)
{
	limit((uint64_t)mib * MIB);
	say("large: %u\n", allocate(LARGE_BLOCKS, MIB));
	say("mapped: %d\n", mmap(NULL, (size_t)MAPPED_MIB * MIB, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	release(LARGE_BLOCKS, MIB);
	say("small: %u\n", allocate(SMALL_BLOCKS, 100));
}

static void
use_all(void)
{
	bool refused = false;

	limit(target_proc("/proc/self/status", "VmSize") * 1024 + 24 * MIB);
	for (int i = 0; i < 10; i++) {
		refused = allocate(SMALL_BLOCKS, 1000) < SMALL_BLOCKS || refused;
		release(SMALL_BLOCKS, 1000);
		refused = allocate(LARGE_BLOCKS, MIB) < LARGE_BLOCKS || refused;
		release(LARGE_BLOCKS, MIB);
	}
	say("refused: %d\n", refused);
}

int
main(int argc, char **argv)
{
	long mib = target_argument(argc, argv, 1, 512);

	tally_free(&tally, tally_malloc(&tally, 1), 1);
	target_note("mapped_kib", target_proc("/proc/self/status", "VmSize"));
	if (mib == 0)
		use_all();
	else
		use_room(mib);
	target_report(&tally);
	return 0;
}
