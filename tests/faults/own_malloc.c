/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own_malloc.c - scenario 27: a program that brings its own allocator (F21)
 *
 * Linked with `reentrant_malloc.c`: once with its symbols exported, where they come before every
 * preload, once without, where the tracer never sees a call. All blocks come from `tally_malloc`.
 */
#include "config.h"
#include "target.h"

int
main(int argc, char **argv)
{
	long count = target_argument(argc, argv, 1, 1000);
	static struct tally tally;

	for (long i = 0; i < count; i++) {
		void *block = tally_malloc_at(&tally, 20 + (size_t)i % 50, (unsigned)i % 16, 4);

		if (i % 2 == 0)
			tally_free(&tally, block, 20 + (size_t)i % 50);
	}
	say("done\n");
	target_report(&tally);
	return 0;
}
