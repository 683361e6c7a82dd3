/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_dlclose.c - forget what was learnt of a module when it goes away
 *
 * dlclose does not depend on its caller, so it may be interposed, unlike dlopen and dlsym.
 */
#include "hooks.h"

#include "lock.h"
#include "module_table.h"
#include "process.h"
#include "real.h"
#include "recording_map.h"
#include "unwind_rules.h"

HEAPTALLY_EXPORT int
dlclose(void *handle)
{
	static struct lock sweep_lock;
	uintptr_t start, end;
	int result;

	if (!real_ready() && !real_find())
		return -1;
	result = real.dlclose(handle);
	if (!process_is_ready(false) || !lock_take(&sweep_lock))
		return result;
	if (module_table_sweep(&start, &end)) {
		unwind_rules_forget(start, end);
		fetch_add(&recording.header->module_unloads, 1);
	}
	lock_drop(&sweep_lock);
	return result;
}
