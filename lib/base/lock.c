/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/lock.h"

#include "base/os.h"

#define SPINS       200
#define NAPS        1000 /* of a millisecond at most */

#define HELD_MAX    4

#define THREAD_BITS 22 /* the kernel's PID_MAX_LIMIT */

__thread uint32_t lock_thread_id;
static uint32_t generation; /* already shifted */

/* What this thread holds, or may, outermost first. */
static __thread struct {
	uint32_t count;
	struct lock *locks[HELD_MAX];
} held;

static uint32_t
own_name(void)
{
	return generation | (lock_thread_id != 0 ? lock_thread_id : os_thread_id());
}

static bool
replace_owner(struct lock *lock, uint32_t owner, uint32_t self)
{
	/* Acquire: what the last holder wrote is visible to this one. */
	return __atomic_compare_exchange_n(&lock->owner, &owner, self, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Take it from a holder that no longer exists. */
static bool
rob(struct lock *lock, uint32_t owner, uint32_t self)
{
	bool is_ours = owner >> THREAD_BITS == self >> THREAD_BITS;

	if ((is_ours && os_thread_lives(owner & ((1u << THREAD_BITS) - 1))) ||
	    !replace_owner(lock, owner, self))
		return false;
	lock->robbed++;
	return true;
}

static COLD bool
wait_for(struct lock *lock, uint32_t self)
{
	uint32_t owner = 0;

	for (int i = 0; i < SPINS; i++) {
		if (replace_owner(lock, 0, self))
			return true;
		arch_pause();
	}
	for (int i = 0; i < NAPS; i++) {
		owner = load(&lock->owner);
		if (owner == 0 ? replace_owner(lock, 0, self) : rob(lock, owner, self))
			return true;
		if (owner != 0 && owner == load(&lock->stuck))
			return false;
		os_wait(&lock->owner, owner);
	}
	store(&lock->stuck, owner);
	return false;
}

static COLD bool
take_free(struct lock *lock, uint32_t self)
{
	uint32_t owner = load(&lock->owner);

	return owner == 0 ? replace_owner(lock, 0, self) : rob(lock, owner, self);
}

/* `wait` is what to do when somebody else has it. */
static inline bool
take(struct lock *lock, bool (*wait)(struct lock *, uint32_t))
{
	uint32_t self = own_name(), place = held.count;

	/* Noted before it is taken and after it is dropped: a handler may leave in between. The
	 * place first: a handler notes its own locks behind it. */
	held.count = place + 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (place < HELD_MAX)
		held.locks[place] = lock;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (likely(replace_owner(lock, 0, self)) ||
	    (load(&lock->owner) != self && wait(lock, self)))
		return true;
	held.count--;
	return false;
}

bool
lock_take(struct lock *lock)
{
	return take(lock, wait_for);
}

bool
lock_try(struct lock *lock)
{
	return take(lock, take_free);
}

void
lock_drop(struct lock *lock)
{
	store(&lock->stuck, 0);
	/* Release: the next holder sees what was written. A sleeper looks by itself within a
	 * millisecond; a wake-up would be a system call at each drop. */
	store_release(&lock->owner, 0);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (likely(held.count > 0))
		held.count--;
}

void
lock_drop_all(void)
{
	while (held.count > HELD_MAX)
		held.count--;
	for (; held.count > 0; held.count--) {
		struct lock *lock = held.locks[held.count - 1];

		if (lock == NULL || load(&lock->owner) != own_name())
			continue;
		lock->robbed++;
		store_release(&lock->owner, 0);
	}
}

void
lock_begin_generation(void)
{
	generation += 1u << THREAD_BITS;
}

void
lock_forget_held(void)
{
	held.count = 0;
}
