/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.h - one allocation event, end to end
 *
 * The only place where capture, block table and counters meet. A caller holds the gate of `t`.
 */
#ifndef RECORD_H
#define RECORD_H

#include "base/base.h"
#include "data/block_table.h"
#include "thread.h"

/* The real allocator returned `address` for a request of `bytes`. `kind` is the hook's frame (enum
 * recording_fixed_frame). [hot] */
void record_allocate(struct thread *t, uint32_t kind, void *address, size_t bytes,
		     const struct caller *caller);

/* The real allocator returned NULL. [hot] */
void record_failure(struct thread *t);

/* The block is about to be freed. False if it is not known. [hot] */
bool record_free(struct thread *t, void *address);

/* A block that is being reallocated, as it was before. */
struct realloc_state {
	struct block block;
	size_t bytes;   /* requested */
	uint64_t birth; /* see `block_details_died` */
	uint64_t units;
};

/* The first half of a realloc: forget the block, before the real call may move it. */
struct realloc_state record_realloc_begin(struct thread *t, void *address);

/* The second half; `address` is the new block, NULL when the call freed it (size 0). */
void record_realloc_end(struct thread *t, uint32_t kind, struct realloc_state old, void *address,
			size_t bytes, const struct caller *caller);

/* The real realloc failed: all is as before. */
void record_realloc_undo(struct thread *t, struct realloc_state old, void *address);

/* The block stays as it was, and that is no failure. */
void record_realloc_restore(struct thread *t, struct realloc_state old, void *address);

/* What ends a realloc whose new block is kept elsewhere than in the block table.
 * forget: the old block is gone, and there is no new one that counts; lose: the new one has found
 * no place; describe: the lives of both, where `--blocks` asks for them. */
void record_realloc_forget(struct thread *t, struct realloc_state old);
void record_realloc_lose(struct thread *t, struct realloc_state old, uint32_t site, size_t bytes);
void record_realloc_describe(struct thread *t, struct realloc_state old, const void *address,
			     size_t bytes, struct block block);

/* A block that lives on has lost its place: its end will not be seen. */
void record_lose_living(struct thread *t, uint32_t site, size_t bytes, uint64_t rounding);

/* The site of a stack whose leaf is the frame `kind`. */
uint32_t record_site(struct thread *t, uint32_t kind, const struct caller *caller);

/* The block is the caller's from now on; `kind` as in `record_allocate`. What is made anew in it
 * has no age yet. False if it is not known. */
bool record_retag(struct thread *t, uint32_t kind, void *address, bool anew,
		  const struct caller *caller);

/* A block of another site has been made anew where it was, with this one's description. */
void record_describe_anew(struct thread *t, uint32_t old_site, const void *address, size_t bytes,
			  struct block block);

/* Events that interrupted the runtime on this thread. They are counted without a stack, and only
 * counters that one instruction changes are touched. [signal] */
void record_nested_allocate(struct thread *t, void *address, size_t bytes);
void record_nested_free(struct thread *t, void *address);

/* An allocation by a thread that has no struct of its own: in the totals, and lost. [signal] */
void record_lost_allocate(struct thread *t, size_t bytes);

#endif
