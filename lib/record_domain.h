/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record_domain.h - one event of an allocator on top of malloc's, such as CPython's
 *
 * Such an allocator gets its memory elsewhere, or passes the call on to malloc. What it gets in an
 * event of its own is part of that event, and counted once: as the block that the
 * caller asked for. If that is malloc's block itself, it is kept among malloc's, and whoever frees
 * it in either way frees it; else in a table of its own.
 *
 * A caller holds the gate of `t`.
 */
#ifndef RECORD_DOMAIN_H
#define RECORD_DOMAIN_H

#include "record.h"

/* Around the call of the allocator: what the runtime sees of malloc meanwhile is no event. */
static inline void
record_domain_pass(struct thread *t)
{
	t->passed = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->passing = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The same around the end of a block that is known to go away: if the allocator frees that very
 * one, there is nothing more to be done for it. */
static inline void
record_domain_pass_free(struct thread *t, const void *block)
{
	record_domain_pass(t);
	t->passed = block;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Whether it is the free of that block; once. */
static inline bool
record_domain_is_passed(struct thread *t, const void *block)
{
	if (!t->passing || t->passed != block)
		return false;
	t->passed = NULL;
	return true;
}

static inline void
record_domain_return(struct thread *t)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->passing = false;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* The allocator returned `address` for a request of `bytes`; `frame` is that of the domain. [hot]
 */
void record_domain_allocate(struct thread *t, uint32_t frame, void *address, size_t bytes,
			    const struct caller *caller);

/* The block is about to be freed. [hot] */
void record_domain_free(struct thread *t, void *address);

/* Something else has been made in a block that was not freed before. One that is not known is left
 * alone. [hot] */
void record_domain_renew(struct thread *t, uint32_t frame, void *address,
			 const struct caller *caller);

/* A block that is being reallocated, as it was. */
struct record_domain_state {
	struct realloc_state state;
	bool in_malloc; /* it was found among malloc's */
};

/* The two halves of a realloc; see `record_realloc_begin`. */
struct record_domain_state record_domain_realloc_begin(struct thread *t, void *address);
void record_domain_realloc_end(struct thread *t, uint32_t frame, struct record_domain_state old,
			       void *address, size_t bytes, const struct caller *caller);
void record_domain_realloc_undo(struct thread *t, struct record_domain_state old, void *address);

/* A free that interrupted the runtime. [signal] */
void record_domain_nested_free(struct thread *t, void *address);

#endif
