/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_stack.h"

#include <sys/auxv.h>

#include "arch/arch.h"
#include "base/os_memory.h"

#define NEW_STACK_GAP  ((uintptr_t)1 << 20)
#define MAIN_STACK_MAX ((uintptr_t)128 << 20) /* Linux keeps so much below it free */
#define OWN_STACK_MAX  ((uintptr_t)2 << 20)   /* to look through; a longer one may be several */

bool
unwind_stack_is_readable(uintptr_t start, uintptr_t end)
{
	for (; start < end; start += PAGE_BYTES) {
		if (!os_readable(start))
			return false;
	}
	return true;
}

COLD bool
unwind_stack_enter(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t page = page_of(sp);
	bool same = sp < m->stack_low && m->stack_low - sp < NEW_STACK_GAP &&
		    unwind_stack_is_readable(page + PAGE_BYTES, m->stack_low);

	m->stack_low = page;
	if (!same)
		m->stack_high = page + PAGE_BYTES;
	return same;
}

COLD bool
unwind_stack_extend(struct unwind_memory *m, uint64_t address)
{
	if (address < m->stack_low || address % 8 != 0 ||
	    address - m->stack_high > UNWIND_STACK_STRIDE)
		return false;
	while (address + 8 > m->stack_high) {
		if (!os_readable(m->stack_high))
			return false;
		m->stack_high += PAGE_BYTES;
	}
	return true;
}

/* The end of the first thread's stack, if sp is on it; else 0: AT_RANDOM is near the end, and
 * nothing else comes below it for as long as MAIN_STACK_MAX. */
static uintptr_t
end_of_first(uintptr_t sp)
{
	static uintptr_t random;

	if (random == 0)
		random = getauxval(AT_RANDOM);
	return sp < random && random - sp < MAIN_STACK_MAX ? page_of(random) + PAGE_BYTES : 0;
}

COLD bool
unwind_stack_is_first(uintptr_t sp, uintptr_t end)
{
	return sp <= end && end <= end_of_first(sp);
}

/*
 * Any other stack than the first thread's has its thread's control block at the end: when all pages
 * up to there can be read there is no guard page in between, so it is one stack.
 */
COLD uintptr_t
unwind_stack_find_end(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t control = arch_thread_control(), low = page_of(sp), first = end_of_first(sp);

	if (first != 0)
		return first;
	if (sp >= control || control - sp > OWN_STACK_MAX)
		return 0;
	if (m->own_low == 0)
		m->own_low = page_of(control);
	if (low < m->own_low) {
		if (!unwind_stack_is_readable(low, m->own_low))
			return 0;
		m->own_low = low;
	}
	return page_of(control) + PAGE_BYTES;
}
