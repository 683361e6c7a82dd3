/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_chain.c - scenario 6: a chain of images in one process, failed execs, exec by a thread (F56)
 *
 *     exec_chain LINKS
 *
 * Each image allocates LINKS-left + 1000 blocks, fails to execute a missing file, allocates one
 * more block, and executes the next image. Every fifth does so from a second thread.
 */
#include "config.h"
#include "target.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static char **arguments;
static struct tally tally;

static void *
next_image(void *argument)
{
	execv("/proc/self/exe", arguments);
	return argument;
}

int
main(int argc, char **argv)
{
	long left = target_argument(argc, argv, 1, 10);
	char name[] = "missing";
	char *missing[] = {name, NULL};
	char number[32];
	pthread_t thread;

	for (long i = 0; i < left + 1000; i++)
		tally_malloc(&tally, 32);
	if (execv("/nonexistent/program", missing) != -1 || errno != ENOENT)
		return 5;
	tally_malloc(&tally, 32);
	if (left == 0) {
		say("last image\n");
		target_report(&tally);
		return 7;
	}
	snprintf(number, sizeof(number), "%ld", left - 1);
	arguments = (char *[]){argv[0], number, NULL};
	if (left % 5 == 0) {
		pthread_create(&thread, NULL, next_image, NULL);
		pthread_join(thread, NULL);
	}
	next_image(NULL);
	return 6;
}
