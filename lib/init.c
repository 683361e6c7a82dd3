/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * init.c - constructor, destructor, fork handler
 *
 * The constructors of other libraries may allocate before ours runs; then the first of them starts
 * the recording (`start_is_ready`), and the constructor finds it done.
 */
#include "mapping_heritage.h"
#include "process.h"
#include "start.h"
#include "thread.h"
#include "twin.h"

/* What pthread_atfork calls for libraries that may be unloaded. Its own code is linked in from an
 * archive of libc's that is not built for shadow stacks, and we would lose their mark with it. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object);

static void
before_fork(void)
{
	thread_before_fork();
	mapping_heritage_leave();
}

static __attribute__((constructor)) void
construct(void)
{
	start_process();
	/* A child that fork() made. Children made otherwise find out at their first event. */
	__register_atfork(before_fork, thread_after_fork_in_parent, thread_after_fork, NULL);
}

static __attribute__((destructor)) void
destruct(void)
{
	process_end();
	twin_end();
}
