/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread.h - what the runtime knows of each thread
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
#include "base/os.h"
#include "data/counters.h"
#include "capture/unwind.h"
#include "include/graph.h"

enum gate {
	GATE_CLOSED, /* ask `thread_enter_slow`; what memory reads as in a forked child */
	GATE_OPEN,
	GATE_BUSY, /* inside the runtime */
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
	uintptr_t control; /* where libc keeps what it knows of the thread */
	bool forks_inside; /* while it interrupts a hook; during a fork only */
	bool asking;       /* the real allocator, for a size: it may allocate for the answer */

	/* The place of the hook that has called a function of the program's, or 0. What longjmp
	 * left behind here is further in than what comes later. */
	uintptr_t callback_sp;
	struct unwind_memory unwind;

	/* As the recording has it. */
	char name[OS_THREAD_NAME_BYTES];
	uint32_t births; /* of described blocks */

	/* See `record_domain.h`. */
	bool passing;
	const void *passed; /* what malloc gave last to the allocator, or what that is to free */
	const void *unborn; /* see `python_objects.h` */
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

/* Leave the runtime. [hot] [signal] */
static inline void
thread_leave(struct thread *t)
{
	/* The compiler must not move the work behind the gate. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread_gate(t)->now = thread_gate(t)->open;
}

/* Where the hook stands that is registering this thread, or 0. */
extern __thread uintptr_t thread_registering;

/* Give this thread, which is in a hook at `sp`, a struct; its gate is busy then. NULL when there is
 * no memory, or the list is being changed. [signal] */
struct thread *thread_register(uintptr_t sp);

/* Note the name of this thread, if it has another one by now and is told from others. A system
 * call. [signal] */
void thread_note_name(struct thread *t);

/* Stands for a thread that is just being registered, for counting only. NULL without a recording.
 * [signal] */
struct thread *thread_newcomer(void);

/* Around fork() and _Fork(), in the parent. A child made otherwise finds out at its first event.
 * [signal] */
void thread_before_fork(void);
void thread_after_fork_in_parent(void);

/* In the child: leave the parent's recording. A hook that the fork interrupted keeps its gate busy.
 * [signal] */
void thread_after_fork(void);

/* Whether such a hook has still to leave. [signal] */
bool thread_is_inside(void);

/* Those that live and have had an event, at most `most`; how many. [signal] */
size_t thread_list(struct graph_thread *found, size_t most);

/* Start without threads, on an empty recording. So many get a shard of their own. [init] */
void thread_reset(uint32_t shard_limit);

#endif
