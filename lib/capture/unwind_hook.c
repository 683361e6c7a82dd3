/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_hook.h"

#include "base/os_memory.h"
#include "memory/real.h"
#include "capture/unwind_rules.h"

#define FRAMES_MAX 1024

struct hook_walk {
	uint64_t ip, sp, bp;
	uint64_t low, high; /* what may be read */
	uint64_t page;      /* that could be read last, and the lowest bit */
};

static uint64_t
page_key(uint64_t address)
{
	return page_of(address) | 1;
}

static bool
read_word(struct hook_walk *w, uint64_t address, uint64_t *ret_word)
{
	uint64_t page = page_key(address);

	if (address < w->low || address >= w->high || address % 8 != 0)
		return false;
	if (page != w->page && !os_readable(address))
		return false;
	w->page = page;
	*ret_word = *(const uint64_t *)address;
	return true;
}

static bool
step_over_signal(struct hook_walk *w)
{
	uint64_t state = w->sp;

	if (!read_word(w, state + ARCH_SIGNAL_IP, &w->ip) ||
	    !read_word(w, state + ARCH_SIGNAL_BP, &w->bp) ||
	    !read_word(w, state + ARCH_SIGNAL_SP, &w->sp) || w->ip == 0 || w->sp <= state)
		return false;
	w->ip |= UNWIND_INTERRUPTED;
	return true;
}

/* Go to the caller. False if it is not known, or is past what may be read: then `sp` says so. */
static bool
step(struct hook_walk *w)
{
	struct rule rule = unwind_rules_find(w->ip);
	uint64_t cfa = (uint64_t)rule_cfa_offset(rule);

	switch (rule_kind(rule)) {
	case RULE_SIGNAL:
		return step_over_signal(w);
	case RULE_FROM_SP:
		cfa += w->sp;
		break;
	case RULE_FROM_BP:
		cfa += w->bp;
		break;
	case RULE_REALIGNED:
		if (!read_word(w, w->bp + cfa, &cfa))
			return false;
		break;
	default:
		return false;
	}
	if (cfa <= w->sp)
		return false;
	w->sp = cfa;
	if (cfa > w->high || !read_word(w, arch_return_slot(cfa), &w->ip) || w->ip == 0)
		return false;
	if (rule_kind(rule) == RULE_REALIGNED)
		return rule_bp_offset(rule) == RULE_BP_UNSAVED ||
		       read_word(w, w->bp + (uint64_t)rule_bp_offset(rule) - 8, &w->bp);
	return rule_bp_offset(rule) == RULE_BP_UNSAVED ||
	       read_word(w, cfa + (uint64_t)rule_bp_offset(rule), &w->bp);
}

static bool
is_ours(uint64_t ip)
{
	return (ip & ~UNWIND_INTERRUPTED) - real.self_start < real.self_end - real.self_start;
}

enum unwind_hook
unwind_hook_find(uintptr_t frame, uintptr_t hook)
{
	const struct caller caller = arch_caller_of(frame);
	struct hook_walk w = {caller.ip, caller.sp, caller.bp,
			      frame,     hook,      page_key(arch_return_slot(frame))};

	for (int i = 0; i < FRAMES_MAX; i++) {
		if (is_ours(w.ip))
			return UNWIND_HOOK_ACTIVE;
		if (w.sp > hook)
			return UNWIND_HOOK_LEFT;
		if (!step(&w))
			return w.sp > hook ? UNWIND_HOOK_LEFT : UNWIND_HOOK_UNKNOWN;
	}
	return UNWIND_HOOK_UNKNOWN;
}
