/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leak.c - scenarios 19, 20, 31: allocate and touch, slowly or until memory ends
 *
 *     leak culprit MIB              touch up to MIB mebibytes, from `the_culprit`
 *     leak steps COUNT MICROSECONDS COUNT blocks from up to 2^20 stacks, with pauses; prints
 * progress
 *
 * `steps` writes a line after each tenth, so that somebody may act in between.
 */
#include "config.h"
#include "target.h"

#include <string.h>
#include <unistd.h>

enum {
	CULPRIT_BYTES = 65536
};

static struct tally *tally;

static void *__attribute__((noinline)) the_culprit(void)
{
	char *block = tally_block(tally, malloc(CULPRIT_BYTES), CULPRIT_BYTES);

	if (block != NULL)
		memset(block, 1, CULPRIT_BYTES);
	__asm__ volatile("" : "+r"(block));
	return block;
}

static void
leak_by_culprit(long mebibytes)
{
	for (unsigned i = 0; i < 1000; i++)
		tally_malloc_at(tally, 100, i, 10);
	for (long i = 0; i < mebibytes * 1048576 / CULPRIT_BYTES; i++)
		the_culprit();
}

static void
leak_in_steps(long count, useconds_t pause_us)
{
	for (long i = 0; i < count; i++) {
		tally_malloc_at(tally, 64, (unsigned)i, 20);
		if (count >= 10 && i % (count / 10) == 0) {
			say("%ld\n", i * 10 / count);
			if (pause_us > 0)
				usleep(pause_us);
		}
	}
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 8;
	tally = target_shared(1);
	if (strcmp(argv[1], "culprit") == 0)
		leak_by_culprit(target_argument(argc, argv, 2, 1));
	else
		leak_in_steps(target_argument(argc, argv, 2, 1000),
			      (useconds_t)target_argument(argc, argv, 3, 0));
	say("end\n");
	target_report(tally);
	return 0;
}
