/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init.c - constructor, destructor, fork handler
 *
 * The object is linked with -z initfirst, so the constructor runs before those of all other objects
 * and what they allocate is recorded like everything else.
 */
#include "process.h"

#include <pthread.h>

static __attribute__((constructor)) void
construct(int argc, char **argv, char **environment)
{
	(void)argc, (void)argv;
	process_start(environment);
	/* A child that fork() made. Children made otherwise find out at their first event. */
	pthread_atfork(NULL, NULL, process_after_fork);
}

static __attribute__((destructor)) void
destruct(void)
{
	process_end();
}
