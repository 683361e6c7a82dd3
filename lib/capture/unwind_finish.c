/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_finish.h"

#include "base/base.h"
#include "capture/python.h"
#include "capture/python_stack.h"
#include "capture/unwind_cut.h"
#include "capture/unwind_full.h"
#include "capture/unwind_rules.h"
#include "data/trace_table.h"
#include "recording/recording_map.h"

struct unwind_extras unwind_extras;

/* The same stack without its outer part, below a root that says how much was cut. */
static COLD uint32_t
limited_node(const struct unwind_memory *m)
{
	uint32_t first = m->depth - unwind_extras.limit;
	uint32_t node = unwind_cut_root(m->root, m->is_cut ? 0 : first);

	for (uint32_t i = first; i < m->depth && node != NODE_NONE; i++)
		node = trace_table_child(node, m->frames[i].frame);
	return node;
}

COLD uint32_t
unwind_finish_root(const struct unwind_memory *m, enum unwind_walk_end end)
{
	return end == WALK_TRUNCATED || end == WALK_CUT
		       ? trace_table_child(m->root, FRAME_TRUNCATED)
		       : m->root;
}

static COLD void
crosscheck_python(struct unwind_memory *m, enum unwind_walk_end end, uint32_t node)
{
	uint32_t root = unwind_finish_root(m, m->is_cut ? WALK_CUT : end);

	if (unwind_extras.limit == 0 && !python_stack_agrees(m, root, node))
		fetch_add(&recording.header->crosscheck_differences, 1);
}

/* The stack with Python frames in it. The one that the walk has found is remembered. */
static __attribute__((noinline)) struct unwind_result
add_python(struct unwind_memory *m, enum unwind_walk_end end, uint32_t node)
{
	struct unwind_result result = {node, end == WALK_TRUNCATED || m->is_cut};
	bool cut = false;

	if (!python_stack_find(m, node, true, unwind_extras.limit, &result.node, &cut))
		result.node = python_stack_make(m, node,
						unwind_finish_root(m, m->is_cut ? WALK_CUT : end),
						unwind_extras.limit, &cut);
	if (unlikely(unwind_extras.crosscheck != 0) && result.node != node)
		crosscheck_python(m, end, result.node);
	if (result.node == node && unwind_extras.limit != 0 && m->depth > unwind_extras.limit)
		return (struct unwind_result){limited_node(m), true};
	result.cut |= cut;
	return result;
}

COLD struct unwind_result
unwind_finish_irregular(struct unwind_memory *m, uintptr_t ip, uintptr_t sp)
{
	struct unwind_walked walked;

	m->depth = m->check_count = 0;
	walked = unwind_full(m->root, ip, sp);
	fetch_add(&recording.header->full_walks, 1);
	if (walked.node == NODE_NONE) {
		/* Without libunwind the caller alone is known. */
		walked.node = trace_table_child(m->root, FRAME_TRUNCATED);
		if (walked.node != NODE_NONE)
			walked.node =
				trace_table_child(walked.node, rule_frame(unwind_rules_find(ip)));
	}
	/* What a handler interrupted may be about to change Python's chain of frames. */
	if (python_is_readable() && !walked.interrupted)
		return add_python(m, walked.complete ? WALK_COMPLETE : WALK_TRUNCATED, walked.node);
	return (struct unwind_result){walked.node, !walked.complete};
}

static COLD void
crosscheck(uintptr_t ip, uint32_t node)
{
	static uint32_t since;
	enum unwind_comparison compared;

	if (fetch_add(&since, 1) % unwind_extras.crosscheck != 0)
		return;
	compared = unwind_full_compare(ip, node);
	if (compared == UNWIND_NOT_COMPARED)
		return;
	fetch_add(&recording.header->crosschecks, 1);
	if (compared == UNWIND_DIFFERENT)
		fetch_add(&recording.header->crosscheck_differences, 1);
}

__attribute__((noinline)) struct unwind_result
unwind_finish_walk(struct unwind_memory *m, enum unwind_walk_end end, uintptr_t ip, uint32_t node)
{
	struct unwind_result result = {node, end == WALK_TRUNCATED || m->is_cut};

	if (unwind_extras.crosscheck != 0 && node != NODE_NONE)
		crosscheck(ip, node);
	if (python_is_readable())
		result = add_python(m, end, node);
	else if (unwind_extras.limit != 0 && m->depth > unwind_extras.limit)
		result = (struct unwind_result){limited_node(m), true};
	/* It was refused after it had been found: no event need come here for it any more. */
	if (unlikely(unwind_extras.python && !python_is_readable()))
		unwind_set_python(false);
	/* A truncated trace ends where memory could not be read, which no check covers. */
	if (end == WALK_TRUNCATED)
		m->depth = m->check_count = 0;
	return result;
}

__attribute__((noinline)) bool
unwind_finish_branch(struct unwind_memory *m, uintptr_t ip, struct unwind_result *result)
{
	if (!python_is_readable()) {
		*result = unwind_finish_walk(m, WALK_MATCHED, ip, result->node);
		return true;
	}
	if (unwind_extras.crosscheck != 0)
		crosscheck(ip, result->node);
	return python_stack_find(m, result->node, false, 0, &result->node, &result->cut);
}

static void
set_any(void)
{
	store(&unwind_extras.any,
	      (unwind_extras.limit | unwind_extras.crosscheck) != 0 || unwind_extras.python);
}

void
unwind_set_limit(uint32_t frames)
{
	unwind_extras.limit = frames;
	set_any();
	if (frames > unwind_depth.least)
		unwind_depth =
			(struct unwind_depth){frames, frames + frames / 8, frames + frames / 4};
}

void
unwind_set_crosscheck(uint32_t every)
{
	unwind_extras.crosscheck = every;
	set_any();
}

void
unwind_set_python(bool on)
{
	unwind_extras.python = on;
	set_any();
}
