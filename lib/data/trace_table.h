/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trace_table.h - intern call stacks as nodes of a tree
 *
 * A call stack is stored once, as a path whose root is the outermost caller. A node is (parent,
 * frame); ids are handed out in order, so a parent's id is smaller than its children's.
 *
 *     0 (root)
 *     +-- 1 _start+0x21
 *         +-- 2 main+0x1f
 *             +-- 3 load+0x88
 *             |   +-- 4 FRAME_MALLOC     leaf: site 7 is { malloc, load, main, _start }
 *             +-- 5 serve+0x40
 *
 * Look-up costs. A path is created in one go, so most nodes were made right after their parent.
 * Such a child is at `parent + 1`, in the same line or the next, and nowhere else. The others,
 * where paths branch, are in a chained hash over (parent, frame); `hint` of a node is the one of
 * them that was found last. The buckets grow one at a time (linear hashing, Litwin 1980), so no
 * insertion ever pauses for a rehash.
 *
 * Nodes are append-only and never move: whoever has seen an id may read the node without a lock. A
 * look-up that hits takes none. A look-up that misses because a chain is being split under it is
 * repeated under the lock, which only insertions take.
 */
#ifndef TRACE_TABLE_H
#define TRACE_TABLE_H

#include "base/base.h"
#include "recording/recording_map.h"

#define NODE_ROOT 0u
#define NODE_NONE UINT32_MAX /* no room for another */

/* The tables that are not in the recording; false when memory is out. [init] */
bool trace_table_init(void);

/* A path of nodes that is looked up or made, outermost first: at its first new node the lock of
 * insertions is taken, and kept until the end. All zero at the start. */
struct trace_path {
	bool locked;
};

/* Find or make the child when the hint failed; NODE_NONE when the table is full. [signal] */
uint32_t trace_table_extend(struct trace_path *path, uint32_t parent, uint32_t frame);

/* After the last node of a path. [hot] */
void trace_table_end_path(struct trace_path *path);

/* The same for a path of one. [signal] */
uint32_t trace_table_find_child(uint32_t parent, uint32_t frame);

/* The child if it is where it was found last, or right behind its parent; else NODE_NONE. [hot] */
static ALWAYS_INLINE uint32_t
trace_table_likely_child(uint32_t parent, uint32_t frame)
{
	const struct recording_node *nodes = recording.nodes;
	uint32_t hint;

	if (likely(nodes[parent + 1].frame == frame && nodes[parent + 1].parent == parent))
		return parent + 1;
	/* The hint may be stale or racy; the node it names says whether it is right. */
	hint = load(&nodes[parent].hint);
	return nodes[hint].frame == frame && nodes[hint].parent == parent ? hint : NODE_NONE;
}

/* The node of `frame` below `parent`, on a path. [hot] but for the first time. */
static inline uint32_t
trace_table_path_child(struct trace_path *path, uint32_t parent, uint32_t frame)
{
	uint32_t id = trace_table_likely_child(parent, frame);

	return likely(id != NODE_NONE) ? id : trace_table_extend(path, parent, frame);
}

/* The node of `frame` below `parent`. [hot] but for the first time. */
static inline uint32_t
trace_table_child(uint32_t parent, uint32_t frame)
{
	uint32_t id = trace_table_likely_child(parent, frame);

	return likely(id != NODE_NONE) ? id : trace_table_find_child(parent, frame);
}

/* The site of a leaf that has none yet. [signal] */
uint32_t trace_table_make_site(uint32_t parent, uint32_t kind);

/* The site of allocations of a kind (enum recording_fixed_frame) made below `parent`, or a number
 * below `recording_site_base` when there is none yet, or it was found elsewhere last. [hot] */
static inline uint32_t
trace_table_likely_site(uint32_t parent, uint32_t kind)
{
	uint32_t leaf = trace_table_likely_child(parent, kind);

	/* The site of before a clearing has a smaller number. */
	return likely(leaf != NODE_NONE) ? load_acquire(&recording.nodes[leaf].hint) : SITE_NONE;
}

/* The site, made if need be; the unknown one when the table is full. [hot] but for the first time.
 */
static inline uint32_t
trace_table_site(uint32_t parent, uint32_t kind)
{
	uint32_t site = trace_table_likely_site(parent, kind);

	return likely(site >= recording_site_base()) ? site : trace_table_make_site(parent, kind);
}

/* All sites so far are of the past: `site_base` moves behind them. False when there is no room or
 * the table is busy. [signal] */
bool trace_table_forget_sites(void);

#endif
