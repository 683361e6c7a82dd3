/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock.c - the lock of the slow paths
 */
#include "lock.h"

#include "os.h"

#define SPINS 200
#define NAPS  1000

static bool
try_take(struct lock *lock, uintptr_t self)
{
	uintptr_t free_word = 0;

	/* Acquire: what the last holder wrote is visible to this one. */
	return __atomic_compare_exchange_n(&lock->owner, &free_word, self, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

bool
lock_take(struct lock *lock)
{
	uintptr_t self = (uintptr_t)__builtin_thread_pointer();

	for (int i = 0; i < SPINS; i++) {
		if (try_take(lock, self))
			return true;
		if (load(&lock->owner) == self)
			return false;
		__builtin_ia32_pause();
	}
	for (int i = 0; i < NAPS; i++) {
		uintptr_t owner = load(&lock->owner);

		if (owner != 0)
			os_wait((uint32_t *)&lock->owner, (uint32_t)owner);
		if (try_take(lock, self))
			return true;
	}
	return false;
}

void
lock_drop(struct lock *lock)
{
	store_release(&lock->owner, 0);
}

void
lock_reset(struct lock *lock)
{
	store(&lock->owner, 0);
}
