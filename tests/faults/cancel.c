/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cancel.c - scenario 13: threads cancelled while they allocate (F26)
 *
 *     cancel COUNT deferred|asynchronous
 *
 * malloc is no cancellation point, so with deferred cancellation the loop is only left at
 * pthread_testcancel. Asynchronous cancellation may hit anywhere inside the allocator, which must
 * be `reentrant_malloc.c` then.
 */
#include "config.h"
#include "target.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool asynchronous;
static volatile unsigned progress;
static volatile bool left_inside;

static void
forget_block(void *argument)
{
	/* A cancellation inside malloc would leave this set. */
	left_inside |= *(volatile bool *)argument;
}

static void *
loop(void *argument)
{
	volatile bool inside = false;

	pthread_setcanceltype(asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED,
			      NULL);
	pthread_cleanup_push(forget_block, (void *)&inside);
	for (;;) {
		inside = true;
		for (unsigned i = 0; i < 20; i++)
			free(malloc(100 + i));
		inside = false;
		progress++;
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return argument;
}

int
main(int argc, char **argv)
{
	long count = target_argument(argc, argv, 1, 100);
	unsigned wrong = 0;

	asynchronous = argc > 2 && strcmp(argv[2], "asynchronous") == 0;
	for (long i = 0; i < count; i++) {
		unsigned before = progress;
		pthread_t thread;
		void *result = NULL;

		if (pthread_create(&thread, NULL, loop, NULL) != 0)
			return 9;
		for (unsigned k = 0; progress == before && k < 5000; k++)
			usleep(20);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		wrong += result != PTHREAD_CANCELED;
	}
	for (unsigned i = 0; i < 1000; i++)
		free(malloc(10 + i));
	say("wrong %u, cancelled inside malloc %d\n", wrong, asynchronous ? 0 : left_inside);
	target_report(NULL);
	return wrong != 0;
}
