/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock.h - the lock of the slow paths
 *
 * A hot path never takes one. A lock can be refused: to the thread that holds it already (a signal
 * handler that interrupted a slow path), and after a bounded wait to everybody else (the holder may
 * be stopped, or of a lower real-time priority than we are). Whoever is refused does without: the
 * event is counted where no lock is needed. Once a holder has kept everybody waiting for the whole
 * time, nobody waits for it again.
 *
 * A holder that is gone (cancelled asynchronously inside the runtime) is robbed. What a lock
 * protects must bear that, or look at `robbed`. So are, in a forked child, the threads of the
 * parent: an owner is named with the generation of its process.
 */
#ifndef LOCK_H
#define LOCK_H

#include "base/base.h"

struct lock {
	uint32_t owner;  /* thread id, and above it the generation */
	uint32_t stuck;  /* the owner that nobody waits for any more */
	uint32_t robbed; /* times that a holder was found dead */
};

/* The id of this thread, for locks; 0 before it is known. Kept here because asking the kernel each
 * time would cost as much as the work under the lock. */
extern __thread uint32_t lock_thread_id;

/* True when taken; false when the caller has to do without. Waits for a second at most. [signal] */
bool lock_take(struct lock *lock);

/* The same without waiting: only a lock that nobody holds, or a dead holder. [signal] */
bool lock_try(struct lock *lock);

void lock_drop(struct lock *lock);

/* Drop what this thread holds on behalf of a call that is no more (left by longjmp), as robbed. */
void lock_drop_all(void);

/* In a forked child: all holders were of the parent. The forking thread may be within calls that
 * hold locks, and goes on to drop them. [signal] */
void lock_begin_generation(void);

/* There is no such call any more. */
void lock_forget_held(void);

#endif
