/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_rules.h - how to step over the frame of a return address
 *
 * In nearly all code the caller's state follows from a few constants of the return address: where
 * the frame ends (the CFA) relative to the stack pointer (sp) or the frame pointer (bp), and where
 * the latter was saved. They are learnt once from libunwind and kept, together with the id of the
 * interned frame:
 *
 *     RULE_FROM_SP   cfa = sp + cfa_offset            bp = *(cfa + bp_offset)   if saved
 *     RULE_FROM_BP   cfa = bp + cfa_offset            bp = *(cfa + bp_offset)   if saved
 *     RULE_REALIGNED cfa = *(bp + cfa_offset)         bp = *(bp + bp_offset)    if saved
 *     RULE_END       the outermost frame
 *     RULE_GUESS     no unwind table: bp is taken for a frame pointer if it looks like one
 *     RULE_SIGNAL    a signal handler returns to it: ip, sp and bp are where the kernel put them
 *     RULE_IRREGULAR anything else: only a full walk can tell
 *
 *     The return address is at `arch_return_slot(cfa)` but for RULE_SIGNAL.
 *
 * Learning: libunwind makes one step over a synthetic frame in which every register and every word
 * of memory encodes its own address, so that the new state tells where it was read from.
 *
 * The table is an open-addressed hash of 16-byte entries, read without a lock. A rule is a function
 * of the address until its module goes away; then it is made stale, and keeps the frame only.
 */
#ifndef UNWIND_RULES_H
#define UNWIND_RULES_H

#include "base/base.h"
#include "base/hash.h"

enum rule_kind {
	RULE_STALE, /* not known (any more) */
	RULE_FROM_SP,
	RULE_FROM_BP,
	RULE_REALIGNED,
	RULE_END,
	RULE_GUESS,
	RULE_IRREGULAR,
	RULE_SIGNAL,
};

/* Set in an address that is the next instruction, not that after a call: where a signal came. */
#define UNWIND_INTERRUPTED ((uint64_t)1 << 63)

/* From the low end: 3 bits kind, 24 bits frame, 20 bits cfa offset / 8, 17 bits bp offset / 8; the
 * offsets are signed. */
struct rule {
	uint64_t packed;
};

#define RULE_KIND_BITS  3
#define RULE_FRAME_BITS 24
#define RULE_CFA_BITS   20
#define RULE_BP_BITS    17
#define RULE_BP_UNSAVED 0 /* bp is never saved at the cfa itself */

static inline uint32_t
rule_frame(struct rule rule)
{
	return (uint32_t)rule.packed >> RULE_KIND_BITS & ((1u << RULE_FRAME_BITS) - 1);
}

static inline enum rule_kind
rule_kind(struct rule rule)
{
	return rule.packed & ((1u << RULE_KIND_BITS) - 1);
}

/* Bytes to add for the CFA. */
static inline int64_t
rule_cfa_offset(struct rule rule)
{
	return ((int64_t)(rule.packed << RULE_BP_BITS) >> (64 - RULE_CFA_BITS)) * 8;
}

/* Bytes to add for the place of the saved bp, or RULE_BP_UNSAVED. */
static inline int64_t
rule_bp_offset(struct rule rule)
{
	return ((int64_t)rule.packed >> (64 - RULE_BP_BITS)) * 8;
}

/* The first table. False when memory is out. [init] */
bool unwind_rules_init(void);

struct rule_entry {
	uint64_t ip;
	struct rule rule;
};

struct rule_table {
	unsigned shift; /* 64 - log2 of the entries */
	uint32_t mask;
	uint32_t used;
	struct rule_entry entries[];
};

extern struct rule_table *unwind_rules_table;

/* The rule of a return address that is not where it would be first, or not known yet. [signal] */
struct rule unwind_rules_find(uintptr_t ip);

/* The rule of a return address; never RULE_STALE. [hot] but for the first time. */
static inline struct rule
unwind_rules_get(const struct rule_table *table, uintptr_t ip)
{
	const struct rule_entry *e = &table->entries[ip * HASH_MULTIPLIER >> table->shift];

	if (likely(e->ip == ip && rule_kind(e->rule) != RULE_STALE))
		return e->rule;
	return unwind_rules_find(ip);
}

/* Whether a stack has led to this return address before, and its code has not gone since. [signal]
 */
bool unwind_rules_has(uintptr_t ip);

/* Record the loaded object that holds an address, if no stack has led to it so far. Where it ends;
 * 0 if there is none. [signal] */
uintptr_t unwind_rules_note_object(const void *address);

/* Intern a frame that is no address (enum recording_frame_kind); name may be NULL. 0 when there is
 * no room. */
uint32_t unwind_rules_add_frame(uint32_t kind, uint64_t value, const char *name);

/* Give a frame that was made so another name; where there is no room, or the tables are busy, it
 * has the one of before. [signal] */
void unwind_rules_name_frame(uint32_t frame, const char *name);

struct recording_frame;

/* The same of a frame that is complete. FRAME_NONE when there is no room. [signal] */
uint32_t unwind_rules_intern(const struct recording_frame *frame);

struct recording_module;

/* The same of one in an object of the process that this one was forked from. [init] */
uint32_t unwind_rules_inherit_frame(const struct recording_module *module, const char *path,
				    uint64_t value);

/* The rule of an address that had no unwind table before: code may have been loaded there since.
 * [signal] */
struct rule unwind_rules_recheck(uintptr_t ip, struct rule rule);

/* Forget the rules of modules that are gone. */
void unwind_rules_forget_unloaded(void);

/* Grows whenever a module went away; remembered traces of before are worthless. */
extern uint32_t unwind_rules_generation;

#endif
