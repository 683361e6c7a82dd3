/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init.c - constructor, destructor, fork handler
 *
 * The constructors of other libraries may allocate before ours runs; then the first of them starts
 * the recording (`process_is_ready`), and the constructor finds it done.
 */
#include "process.h"

#include <pthread.h>

static __attribute__((constructor)) void
construct(void)
{
	process_start();
	/* A child that fork() made. Children made otherwise find out at their first event. */
	pthread_atfork(NULL, NULL, process_after_fork);
}

static __attribute__((destructor)) void
destruct(void)
{
	process_end();
}
