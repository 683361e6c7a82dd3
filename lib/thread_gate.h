/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_gate.h - how a hook enters the runtime
 *
 * A hook works only while it holds the gate of its thread. A gate that is not open is the one slow
 * branch of a hook; it stands for all of: not started yet, first event of this thread, forked
 * child, inside the runtime already (a signal handler interrupted it, or the next allocator calls
 * itself through the public names), switched off.
 */
#ifndef THREAD_GATE_H
#define THREAD_GATE_H

#include "thread.h"

/* Open the gate for the first time, heal it, or refuse: NULL is "pass the call through".
 * `allocates` is false for calls that only free: they never start a recording. [signal] */
struct thread *thread_enter_slow(uintptr_t sp, bool allocates);

/* The same before the process has started, which it may do. [signal] */
struct thread *thread_enter_early(uintptr_t sp, bool allocates);

/* Enter the runtime; NULL is "pass the call through". [hot] [signal] */
static inline struct thread *
thread_enter(uintptr_t sp, bool allocates)
{
	struct thread *t;

	if (unlikely(!thread_ready))
		return thread_enter_early(sp, allocates);
	t = thread_self;
	if (unlikely(thread_gate(t)->now != GATE_OPEN))
		return thread_enter_slow(sp, allocates);
	/* Before and after: a handler that comes in between must find this hook's place, and may
	 * leave its own. */
	t->entry_sp = sp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread_gate(t)->now = GATE_BUSY;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->entry_sp = sp;
	return t;
}

/* The thread whose event interrupted it, for counting only; NULL if this is no nested call. */
struct thread *thread_interrupted(void);

/* Stands for a thread that could not be registered, for want of memory: its allocations are lost,
 * its frees count. NULL if that is not why the gate was refused. [signal] */
struct thread *thread_unregistered(void);

#endif
