/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread.h - what the runtime knows of each thread, and the gate of the hooks
 *
 * A hook works only while it holds the gate of its thread. A closed gate is the one slow branch of
 * a hook; it stands for all of: not started yet, first event of this thread, forked child, inside
 * the runtime already (a signal handler interrupted it, or the next allocator calls itself through
 * the public names), switched off.
 *
 *     GATE_CLOSED  ask `thread_enter_slow`; what memory reads as in a forked child
 *     GATE_OPEN
 *     GATE_BUSY    inside
 *
 * The struct of a thread hangs off a thread-local variable. There is no destructor: it works until
 * the kernel thread is gone, and is then given to a new one. The gates lie apart, at a fixed
 * distance: they are what the kernel wipes in a forked child, so that the child's next event begins
 * its own recording. All else stays, because a signal handler may fork that has interrupted a hook:
 * the child returns into that hook, which goes on with its own copy of everything, but in a place
 * holder instead of the recording (`recording_abandon`). Until it has left, its gate is kept busy.
 *
 *     | gates ...... | structs ..... |        a slab
 *       |<-- THREAD_GATES -->|
 */
#ifndef THREAD_H
#define THREAD_H

#include "base/base.h"
#include "data/counters.h"
#include "capture/unwind.h"

enum gate {
	GATE_CLOSED,
	GATE_OPEN,
	GATE_BUSY,
};

struct thread_gate {
	uint32_t now;
	uint32_t open; /* what to leave it as; closed in a forked child */
};

struct thread {
	uintptr_t entry_sp;     /* of the hook that holds the gate */
	const void *last_block; /* made by this thread's last allocation */
	uint32_t last_site;     /* of it: the address may have gone to another thread since */
	struct counting counting;

	/* The site of the last stack. */
	uint32_t site_node;
	uint32_t site_kind;
	uint32_t site;

	uint32_t id;
	bool forks_inside; /* while it interrupts a hook; during a fork only */

	/* The place of the hook that has called a function of the program's, or 0. What longjmp
	 * left behind here is further in than what comes later. */
	uintptr_t callback_sp;
	struct unwind_memory unwind;
};

/* Both halves of a slab are mappings of their own; few slabs keep these few. Untouched pages of it
 * cost nothing. */
#define THREAD_GATES (48 * PAGE_BYTES)

/* [hot] [signal] */
static inline struct thread_gate *
thread_gate(struct thread *t)
{
	return (struct thread_gate *)(void *)((char *)t - THREAD_GATES);
}

extern __thread struct thread *thread_self;

/* Whether the process has started. Before, there may be no thread-local memory yet, and the loader
 * may not even have relocated this object: an IFUNC resolver of another one can allocate. */
extern bool thread_ready;

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

static inline void
thread_leave(struct thread *t)
{
	/* The compiler must not move the work behind the gate. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread_gate(t)->now = thread_gate(t)->open;
}

/* The thread whose event interrupted it, for counting only; NULL if this is no nested call. */
struct thread *thread_interrupted(void);

/* Around a fork by this thread, in the parent. [signal] */
void thread_before_fork(void);
void thread_after_fork_in_parent(void);

/* In the child: a hook that the fork interrupted keeps its gate busy. [signal] */
void thread_after_fork(void);

/* Whether such a hook has still to leave. [signal] */
bool thread_is_inside(void);

/* Start without threads, on an empty recording. */
void thread_reset(void);

#endif
