/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_dlclose.c - forget what was learnt of a module when it goes away
 *
 * dlclose does not depend on its caller, so it may be interposed, unlike dlopen and dlsym.
 */
#include "hooks.h"

#include "memory/real.h"
#include "start.h"
#include "thread_gate.h"
#include "capture/unwind_rules.h"

HEAPTALLY_EXPORT int
dlclose(void *handle)
{
	struct thread *t;
	int result;

	if ((!real_ready() && !real_find()) || (real.dlclose == NULL && !real_find_dlclose()))
		return -1;
	result = real.dlclose(handle);
	if (!start_is_ready(false))
		return result;
	/* Inside the gate, for the sake of a signal handler that forks. */
	t = thread_enter(STACK, false);
	unwind_rules_forget_unloaded();
	if (t != NULL)
		thread_leave(t);
	return result;
}
