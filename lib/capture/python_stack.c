/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_stack.c - a pass over both stacks makes the nodes; where frames are limited, one counts
 * first
 *
 * After each native frame it is noted how far the pass has come, and with each Python frame its
 * node. The next pass begins after the last native frame to which both stacks are as they were, and
 * within an activation goes on after the last such Python frame: new stacks most often differ in a
 * few inner frames.
 */
#include "capture/python_stack.h"

#include "base/hash.h"
#include "capture/python.h"
#include "capture/python_code.h"
#include "capture/python_frames.h"
#include "capture/unwind_cut.h"
#include "data/trace_table.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

/* Stacks that are deeper are put together anew from there on. */
#define MERGED_FIRST 256u
#define MERGED_MAX   8192u

/* Both stacks, from the outside inward. */
struct merge {
	const struct unwind_memory *native;
	struct python_memory *python;
	uint32_t next;    /* Python frame */
	bool by_counting; /* there are no marks: loops and activations in turn */
	bool is_noted;    /* in python->merged, from frame to frame */
	uint32_t count;   /* frames so far */
	uint32_t skip;    /* of those, the first ones have no node */
	uint32_t node;
	struct trace_path path;
};

static struct python_stack *
place_of(struct python_memory *m, uint32_t native, uint32_t python_node)
{
	return &m->stacks[hash_pair(native, python_node) % PYTHON_STACKS];
}

static COLD bool
make_memory(struct unwind_memory *memory)
{
	memory->python = python_frames_new();
	return memory->python != NULL;
}

/* Whether a handler is on the native stack: what it interrupted may be about to change the chain of
 * frames. */
static COLD bool
is_in_handler(const struct unwind_memory *memory)
{
	for (uint32_t i = 0; i < memory->depth; i++) {
		if (unwind_is_interrupted(&memory->frames[i]))
			return true;
	}
	return false;
}

enum handler {
	HANDLER_NONE,
	HANDLER_ON_STACK,
	HANDLER_NOT_KNOWN,
};

/* The same of a thread that has met one. */
static COLD enum handler
look_for_handler(const struct unwind_memory *memory, uint32_t native, bool walked)
{
	uint32_t *plain = &memory->python->plain[native % PYTHON_PLAIN];

	if (*plain == native)
		return HANDLER_NONE;
	if (!walked)
		return HANDLER_NOT_KNOWN;
	if (is_in_handler(memory))
		return HANDLER_ON_STACK;
	*plain = native;
	return HANDLER_NONE;
}

bool
python_stack_find(struct unwind_memory *memory, uint32_t native, bool walked, uint32_t limit,
		  uint32_t *ret_node, bool *ret_cut)
{
	enum handler handler = HANDLER_NONE;
	const struct python_stack *stack;
	struct python_memory *m;

	*ret_node = native;
	if (native == NODE_NONE || (memory->python == NULL && !make_memory(memory)))
		return true;
	m = memory->python;
	if (unlikely(memory->met_signal))
		handler = look_for_handler(memory, native, walked);
	if (unlikely(handler != HANDLER_NONE))
		return handler == HANDLER_ON_STACK;
	m->node = python_frames_node(m);
	if (m->node == PYTHON_NODE_NONE)
		return true;
	stack = place_of(m, native, m->node);
	if (unlikely(stack->native != native || stack->python != m->node || stack->limit != limit))
		return false;
	*ret_node = stack->node;
	*ret_cut = stack->cut;
	return true;
}

static void
emit(struct merge *merge, uint32_t frame)
{
	if (merge->count++ < merge->skip || merge->node == NODE_NONE)
		return;
	merge->node = trace_table_path_child(&merge->path, merge->node, frame);
}

/* The mark of the next activation; 0 if it is not known. */
static uint64_t
mark_of(const struct merge *merge)
{
	const struct python_frame *f = &merge->python->frames[merge->next];

	/* It went with what was cut. */
	return likely(f->code == NULL) ? (uintptr_t)f->address : UINT64_MAX;
}

static bool
has_next(const struct merge *merge)
{
	return merge->next < merge->python->depth;
}

/* The next Python frame, or the mark that an activation begins with. */
static void
add_frame(struct merge *merge)
{
	struct python_frame *f = &merge->python->frames[merge->next++];

	if (f->code != NULL && f->frame != PYTHON_FRAME_SKIPPED)
		emit(merge, f->frame);
	if (merge->is_noted)
		f->merged = merge->node;
}

/* Go past the frames of an activation that are as they were above the same node: where Python calls
 * Python without a native frame between, one activation may have hundreds. */
static bool
skip_steady(struct merge *merge)
{
	const struct python_memory *p = merge->python;
	const struct python_frame *mark = &p->frames[merge->next];
	uint32_t end = mark->end < p->steady ? mark->end : p->steady;

	if (merge->node == NODE_NONE || mark->merged != merge->node || end <= merge->next ||
	    p->frames[end - 1].merged == NODE_NONE)
		return false;
	merge->next = end;
	merge->node = p->frames[end - 1].merged;
	return true;
}

/* The frames of the next activation. It begins with its mark, but for one that was cut. */
static void
emit_activation(struct merge *merge)
{
	struct python_frame *frames = merge->python->frames, *first = &frames[merge->next];
	bool is_noted = merge->is_noted && first->code == NULL;

	if (!is_noted || !skip_steady(merge))
		add_frame(merge);
	while (has_next(merge) && frames[merge->next].code != NULL)
		add_frame(merge);
	if (is_noted)
		first->end = merge->next;
}

static bool
is_eval(const struct unwind_frame *f)
{
	return f->ip - python.eval_start < python.eval_end - python.eval_start;
}

/* Without marks: whether there are as many loops as activations. */
static bool
can_count(const struct merge *merge)
{
	uint32_t loops = 0, activations = 0;

	for (uint32_t i = 0; i < merge->native->depth; i++)
		loops += is_eval(&merge->native->frames[i]);
	for (uint32_t i = 0; i < merge->python->depth; i++)
		activations += merge->python->frames[i].code == NULL;
	return loops == activations && loops != 0;
}

/* Whether a native frame is the loop of the next activation, which then is in the stack. */
static bool
replace(struct merge *merge, uint32_t i)
{
	const struct unwind_frame *frames = merge->native->frames;
	uint64_t end = i > 0 ? frames[i - 1].sp : UINT64_MAX;
	bool replaced = false;

	if (merge->by_counting) {
		if (has_next(merge) && is_eval(&frames[i])) {
			emit_activation(merge);
			return true;
		}
		return false;
	}
	/* What is further out than this frame was in none. */
	while (has_next(merge) && mark_of(merge) >= frames[i].sp) {
		replaced |= mark_of(merge) < end;
		emit_activation(merge);
	}
	return replaced;
}

/* There are no marks, and it is not clear which loop is which: the Python frames, and what the
 * innermost loop has called. */
static void
walk_apart(struct merge *merge)
{
	const struct unwind_memory *m = merge->native;
	uint32_t i = m->depth;

	while (has_next(merge))
		emit_activation(merge);
	while (i > 0 && !is_eval(&m->frames[i - 1]))
		i--;
	for (; i < m->depth; i++)
		emit(merge, m->frames[i].frame);
}

static bool
has_marks(void)
{
	return python.layout.thread_cframe != PYTHON_NO_FIELD ||
	       python.layout.frames == PYTHON_FRAME_SHIMS;
}

/* Go to where both stacks are as they were at the last pass; returns the first native frame to be
 * looked at. The Python frame that was next has to be the same, too: its mark was compared. */
static uint32_t
resume(struct merge *merge)
{
	const struct python_memory *p = merge->python;
	uint32_t i =
		p->merged_count < merge->native->steady ? p->merged_count : merge->native->steady;

	while (i > 0 && p->merged[i - 1].next >= p->steady)
		i--;
	if (i > 0) {
		merge->next = p->merged[i - 1].next;
		merge->node = p->merged[i - 1].node;
	}
	return i;
}

static inline void
note(struct merge *merge, uint32_t i)
{
	if (merge->is_noted && i < merge->python->merged_capacity)
		merge->python->merged[i] = (struct python_merged){merge->next, merge->node};
}

static void
walk(struct merge *merge)
{
	const struct unwind_memory *m = merge->native;

	merge->next = merge->count = 0;
	if (m->depth == 0 || (!has_marks() && !merge->by_counting)) {
		walk_apart(merge);
		return;
	}
	for (uint32_t i = merge->is_noted ? resume(merge) : 0; i < m->depth; i++) {
		if (!replace(merge, i))
			emit(merge, m->frames[i].frame);
		note(merge, i);
	}
	while (has_next(merge))
		emit_activation(merge);
}

/* Make room for notes, and drop those that are of another root. */
static bool
begin_notes(struct python_memory *m, uint32_t depth, uint32_t root)
{
	uint32_t capacity = m->merged_capacity == 0 ? MERGED_FIRST : m->merged_capacity;

	while (capacity < depth && capacity < MERGED_MAX)
		capacity *= 2;
	if (unlikely(capacity != m->merged_capacity)) {
		struct python_merged *merged =
			arena_allocate_lasting(capacity * sizeof *merged, false);

		if (merged == NULL)
			return false;
		arena_add_bytes(capacity * sizeof *merged);
		m->merged = merged;
		m->merged_capacity = capacity;
		m->merged_count = 0;
	}
	if (m->merged_root != root)
		m->merged_count = 0;
	m->merged_root = root;
	return true;
}

static void
end_notes(struct unwind_memory *memory, bool complete)
{
	struct python_memory *m = memory->python;
	uint32_t depth = memory->depth;

	m->merged_count = !complete ? 0 : depth < m->merged_capacity ? depth : m->merged_capacity;
	m->steady = m->depth;
	memory->steady = depth;
}

uint32_t
python_stack_make(struct unwind_memory *memory, uint32_t native, uint32_t root, uint32_t limit,
		  bool *ret_cut)
{
	struct python_memory *m = memory->python;
	struct merge merge = {.native = memory, .python = m, .node = NODE_NONE};
	/* Of a walk that kept nothing, what allocated. */
	bool leaf = memory->depth == 0;

	merge.by_counting = python.layout.frames == PYTHON_FRAME_OBJECTS &&
			    python.layout.thread_cframe == PYTHON_NO_FIELD && can_count(&merge);
	if (limit != 0) {
		merge.skip = UINT32_MAX;
		walk(&merge);
		merge.skip = merge.count + leaf > limit ? merge.count + leaf - limit : 0;
	} else if (!leaf && has_marks())
		merge.is_noted = begin_notes(m, memory->depth, root);
	merge.node = merge.skip != 0 ? unwind_cut_root(memory->root, merge.skip) : root;
	*ret_cut = merge.skip != 0 || m->is_cut;
	walk(&merge);
	if (merge.is_noted)
		end_notes(memory, merge.node != NODE_NONE);
	if (leaf)
		emit(&merge, recording.nodes[native].frame);
	if (merge.path.locked)
		trace_table_end_path(&merge.path);
	if (merge.node != NODE_NONE)
		*place_of(m, native, m->node) =
			(struct python_stack){native, m->node, limit, merge.node, *ret_cut};
	return merge.node;
}

bool
python_stack_agrees(struct unwind_memory *memory, uint32_t root, uint32_t node)
{
	struct merge merge = {.native = memory, .python = memory->python, .node = root};

	if (memory->depth == 0 || !has_marks())
		return true;
	walk(&merge);
	if (merge.path.locked)
		trace_table_end_path(&merge.path);
	return merge.node == node;
}
