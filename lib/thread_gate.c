/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_gate.c - how a hook enters the runtime, where the gate of its thread is not simply open
 */
#include "thread_gate.h"

#include "base/lock.h"
#include "base/os.h"
#include "process.h"
#include "start.h"
#include "capture/unwind_hook.h"

#define STACK_GUESS ((uintptr_t)1 << 20)

/* Whether a place on the stack of the last trace is on this stack, too. */
static bool
is_same_stack(const struct thread *t, uintptr_t sp)
{
	uintptr_t low = sp < t->entry_sp ? sp : t->entry_sp;
	uintptr_t high = sp < t->entry_sp ? t->entry_sp : sp;

	/* No stack was taken yet: the call was a free, or one of heaptally.h. */
	if (t->unwind.stack_high == 0 || low < t->unwind.stack_low)
		return high - low <= STACK_GUESS;
	return high < t->unwind.stack_high;
}

/*
 * A handler left a hook by siglongjmp: the gate is still held by a call that is no more. It is, if
 * we are further out on the same stack; unless another handler has been there since the hook left
 * its place, which the walk shows. Further in it is if the walk comes past the place and not
 * through the hook. An alternate stack may lie within the stack.
 */
static bool
was_left_behind(const struct thread *t, uintptr_t sp)
{
	if (!is_same_stack(t, sp))
		return false;
	/* Further in is what an allocator does for itself, often: first what asks no kernel. */
	if (sp < t->entry_sp)
		return unwind_hook_find(sp, t->entry_sp) == UNWIND_HOOK_LEFT &&
		       !os_on_signal_stack();
	return !os_on_signal_stack() && unwind_hook_find(sp, UINTPTR_MAX) != UNWIND_HOOK_ACTIVE;
}

/* No event interrupts the thread's first one. Where its stack is, is not known then. */
static bool
is_registering_over(uintptr_t sp)
{
	if (thread_registering == 0)
		return true;
	if (sp < thread_registering || sp - thread_registering > STACK_GUESS ||
	    os_on_signal_stack())
		return false;
	lock_drop_all();
	thread_registering = 0;
	return true;
}

COLD struct thread *
thread_enter_slow(uintptr_t sp, bool allocates)
{
	struct thread *t = thread_self;

	if (thread_gate(t)->now == GATE_BUSY) {
		if (!was_left_behind(t, sp))
			return NULL;
		unwind_forget(&t->unwind);
		lock_drop_all();
		t->asking = t->passing = false;
		/* Of the parent, if this is a forked child. */
		thread_gate(t)->now = thread_gate(t)->open;
	}
	if (thread_gate(t)->now != GATE_OPEN) {
		if (!is_registering_over(sp) || !start_is_ready(allocates))
			return NULL;
		t = thread_register(sp);
		if (t == NULL)
			return NULL;
	}
	thread_gate(t)->now = GATE_BUSY;
	t->entry_sp = sp;
	return t;
}

COLD struct thread *
thread_enter_early(uintptr_t sp, bool allocates)
{
	if (!start_is_ready(allocates))
		return NULL;
	thread_ready = true;
	return thread_enter_slow(sp, allocates);
}

struct thread *
thread_interrupted(void)
{
	if (!thread_ready)
		return NULL;
	if (thread_gate(thread_self)->now == GATE_BUSY)
		return thread_self;
	return thread_registering != 0 ? thread_newcomer() : NULL;
}

struct thread *
thread_unregistered(void)
{
	if (!thread_ready || !process_is_ready() || thread_gate(thread_self)->now != GATE_CLOSED ||
	    thread_registering != 0)
		return NULL;
	return thread_newcomer();
}
