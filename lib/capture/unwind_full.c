/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_full.h"

#include "base/lock.h"
#include "base/os_memory.h"
#include "recording/recording_map.h"
#include "data/trace_table.h"
#include "capture/unwind_library.h"
#include "capture/unwind_memory.h"
#include "capture/unwind_rules.h"

#define DEPTH_LIMIT 131072u
#define CHECK_LIMIT 2048

/* Under a lock of its own: to learn the rules of what a walk found takes the library's again. */
static uint64_t *addresses;
static struct lock addresses_lock;

static void
add_nodes(struct unwind_walked *walked, size_t first, size_t count)
{
	if (!walked->complete)
		walked->node = trace_table_child(walked->node, FRAME_TRUNCATED);
	for (size_t i = count; i-- > first && walked->node != NODE_NONE;) {
		struct rule rule = unwind_rules_find(addresses[i]);

		walked->interrupted |= rule_kind(rule) == RULE_SIGNAL;
		walked->node = trace_table_child(walked->node, rule_frame(rule));
	}
}

__attribute__((noinline)) struct unwind_walked
unwind_full(uint32_t root, uintptr_t ip, uintptr_t sp)
{
	struct unwind_walked walked = {NODE_NONE, false, false};
	struct unwind_view view = {.read_word = unwind_view_read};
	size_t count, first = 0;

	if (!lock_take(&addresses_lock))
		return walked;
	/* Mapped when it is first needed: few programs have irregular frames. */
	if (addresses == NULL)
		addresses = os_map(DEPTH_LIMIT * sizeof *addresses, false);
	if (addresses == NULL || !unwind_library_enter()) {
		lock_drop(&addresses_lock);
		return walked;
	}
	arch_save_registers(view.registers);
	count = unwind_library_walk(&view, sp, addresses, unwind_depth.some, &walked.complete);
	unwind_library_leave();
	while (first < count && addresses[first] != ip)
		first++;
	if (first < count) {
		walked.node = root;
		add_nodes(&walked, first, count);
	}
	lock_drop(&addresses_lock);
	return walked;
}

static uint64_t
address_of(uint32_t frame)
{
	const struct recording_frame *f = &recording.frames[frame];

	return f->kind == FRAME_KIND_MODULE ? f->value + recording.modules[f->module].bias
					    : f->value;
}

/* Where the frames of the program end. */
static bool
is_root(uint32_t node)
{
	return recording.frames[recording.nodes[node].frame].kind == FRAME_KIND_THREAD ||
	       node == NODE_ROOT;
}

/* What the walk found, from `ip` on, is the path of the node. */
static bool
is_path_of(void *const *found, int count, uintptr_t ip, uint32_t node)
{
	uint64_t page = 0;
	int i = 0;

	while (i < count && (uintptr_t)found[i] != ip)
		i++;
	for (; i < count && !is_root(node) && recording.nodes[node].frame != FRAME_TRUNCATED; i++) {
		/* One more where no call has led out of, see `recording_frame`. */
		if (address_of(recording.nodes[node].frame) - (uintptr_t)found[i] > 1)
			return false;
		node = recording.nodes[node].parent;
	}
	/* Of a deep stack only the inner part is kept, and what no call returns to is no frame. */
	if (i < count && recording.nodes[node].frame == FRAME_TRUNCATED &&
	    ((uint32_t)i >= unwind_depth.least || !unwind_follows_call((uintptr_t)found[i], &page)))
		return true;
	if (recording.nodes[node].frame == FRAME_TRUNCATED)
		node = recording.nodes[node].parent;
	return is_root(node) ? i == count : count == CHECK_LIMIT;
}

__attribute__((noinline)) enum unwind_comparison
unwind_full_compare(uintptr_t ip, uint32_t node)
{
	/* Not on the stack, which may be small. */
	static void *found[CHECK_LIMIT];
	static struct lock found_lock;
	bool equal;

	if (unwind_library_backtrace == NULL || !lock_take(&found_lock))
		return UNWIND_NOT_COMPARED;
	equal = is_path_of(found, unwind_library_backtrace(found, CHECK_LIMIT), ip, node);
	lock_drop(&found_lock);
	return equal ? UNWIND_EQUAL : UNWIND_DIFFERENT;
}
