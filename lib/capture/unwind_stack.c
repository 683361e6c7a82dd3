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

/*
 * Of the first thread's stack, AT_RANDOM is near the end, and nothing else comes below it for as
 * long as MAIN_STACK_MAX. Any other has its thread's control block at the end: when all pages up to
 * there can be read there is no guard page in between, so it is one stack.
 */
COLD uintptr_t
unwind_stack_find_end(struct unwind_memory *m, uintptr_t sp)
{
	uintptr_t first = getauxval(AT_RANDOM), control = arch_thread_control();
	uintptr_t low = page_of(sp);

	if (sp < first && first - sp < MAIN_STACK_MAX)
		return page_of(first) + PAGE_BYTES;
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
