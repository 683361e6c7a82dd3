/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock.h - the lock of the slow paths
 *
 * A hot path never takes one. A lock can be refused: to the thread that holds it already (a signal
 * handler that interrupted a slow path), and after a bounded wait to everybody else (the holder may
 * be stopped, or of a lower real-time priority than we are). Whoever is refused does without: the
 * event is counted where no lock is needed.
 *
 * The word holds the owner's thread pointer, which costs no system call to know. In a forked child
 * a lock that another thread held is cleared by `lock_reset`.
 */
#ifndef LOCK_H
#define LOCK_H

#include "base.h"

struct lock {
	uintptr_t owner;
};

/* True when taken; false when the caller has to do without. Waits for a second at most. [signal] */
bool lock_take(struct lock *lock);
void lock_drop(struct lock *lock);
void lock_reset(struct lock *lock);

#endif
