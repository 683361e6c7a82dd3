/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture/unwind_full.h"

#include "base/lock.h"
#include "base/os.h"
#include "recording/recording_map.h"
#include "data/trace_table.h"
#include "capture/unwind_library.h"
#include "capture/unwind_rules.h"

#define DEPTH_LIMIT 65536u
#define CHECK_LIMIT 2048

/* Under a lock of its own: to learn the rules of what a walk found takes the library's again. */
static uint64_t *addresses;
static struct lock addresses_lock;

static uint32_t
node_of(uint32_t root, size_t count, bool complete)
{
	uint32_t node = root;

	if (!complete)
		node = trace_table_child(node, FRAME_TRUNCATED);
	for (size_t i = count; i-- > 0 && node != NODE_NONE;)
		node = trace_table_child(node, rule_frame(unwind_rules_find(addresses[i])));
	return node;
}

__attribute__((noinline)) uint32_t
unwind_full(uint32_t root, uintptr_t ip, uintptr_t sp, uint32_t *ret_depth, bool *ret_complete)
{
	struct unwind_view view = {.read_word = unwind_view_read};
	size_t count, first = 0;
	uint32_t node = NODE_NONE;

	if (!lock_take(&addresses_lock))
		return NODE_NONE;
	/* Mapped when it is first needed: few programs have irregular frames. */
	if (addresses == NULL)
		addresses = os_map(DEPTH_LIMIT * sizeof *addresses, false);
	if (addresses == NULL || !unwind_library_enter()) {
		lock_drop(&addresses_lock);
		return NODE_NONE;
	}
	arch_save_registers(view.registers);
	count = unwind_library_walk(&view, sp, addresses, DEPTH_LIMIT, ret_complete);
	unwind_library_leave();
	while (first < count && addresses[first] != ip)
		first++;
	if (first < count) {
		for (size_t i = first; i < count; i++)
			addresses[i - first] = addresses[i];
		node = node_of(root, count - first, *ret_complete);
		*ret_depth = (uint32_t)(count - first);
	}
	lock_drop(&addresses_lock);
	return node;
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

__attribute__((noinline)) bool
unwind_full_agrees(uintptr_t ip, uint32_t node)
{
	/* Not on the stack: this mode is for tests, with one thread. */
	static void *frames[CHECK_LIMIT];
	int count, i = 0;

	if (unwind_library_backtrace == NULL)
		return true;
	count = unwind_library_backtrace(frames, CHECK_LIMIT);
	while (i < count && (uintptr_t)frames[i] != ip)
		i++;
	for (; i < count && !is_root(node); i++) {
		if (address_of(recording.nodes[node].frame) != (uintptr_t)frames[i])
			return false;
		node = recording.nodes[node].parent;
	}
	if (recording.nodes[node].frame == FRAME_TRUNCATED)
		node = recording.nodes[node].parent;
	return is_root(node) ? i == count : count == CHECK_LIMIT;
}
