/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_gate.c - how a hook enters the runtime, where the gate of its thread is not simply open
 */
#include "thread_gate.h"

#include "base/lock.h"
#include "base/os.h"
#include "process.h"
#include "start.h"

#define STACK_GUESS ((uintptr_t)1 << 20)

/* A handler left a hook by siglongjmp: the gate is still held by a call that is no more. It is, if
 * we are further out on the same stack. An alternate stack may lie within it. */
static bool
was_left_behind(const struct thread *t, uintptr_t sp)
{
	bool same_stack = t->entry_sp >= t->unwind.stack_low && sp < t->unwind.stack_high;

	/* No stack was taken yet: the call was a free, or one of heaptally.h. */
	if (t->unwind.stack_high == 0)
		same_stack = sp - t->entry_sp <= STACK_GUESS;
	return sp >= t->entry_sp && same_stack && !os_on_signal_stack();
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
		t->asking = false;
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
