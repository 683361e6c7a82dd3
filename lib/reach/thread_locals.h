/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_locals.h - where threads have the thread-local variables of loaded objects
 *
 * The loader gets memory by malloc for those that are not at the end of each stack: as blocks,
 * which it hides by pointers of its own. They are no blocks to whoever asks what holds a block, but
 * variables: a root each.
 */
#ifndef THREAD_LOCALS_H
#define THREAD_LOCALS_H

#include "base/base.h"
#include "include/graph.h"
#include "reach/memory_map.h"

struct thread_locals {
	struct graph_local *items; /* in ascending order; `name` is in the text of the map */
	size_t count, items_bytes;
	uint64_t *hidden; /* where those begin whose memory the loader has by malloc, the same */
	size_t hidden_count, hidden_bytes;
	size_t next; /* of these, that may be in a block */
};

/* Those of these threads; none, where libc does not tell or memory is out. To be released in any
 * case. [signal] */
void thread_locals_init(struct thread_locals *locals, const struct memory_map *map,
			const struct graph_thread *threads, size_t thread_count);
void thread_locals_release(struct thread_locals *locals);

/* Whether a block is nothing but such memory. Blocks come in ascending order. [signal] */
bool thread_locals_take(struct thread_locals *locals, uint64_t start, uint64_t end);

/* What begins at one of the hidden places. [signal] */
const struct graph_local *thread_locals_get_hidden(const struct thread_locals *locals,
						   size_t number);

#endif
