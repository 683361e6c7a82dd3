/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api.c - what the program may ask for itself
 */
#define HEAPTALLY_RUNTIME
#include "include/heaptally.h"

#include <errno.h>
#include <string.h>

#include "data/block_details.h"
#include "data/counters.h"
#include "base/lock.h"
#include "pools.h"
#include "memory/real.h"
#include "record.h"
#include "recording_copy.h"
#include "recording/recording_map.h"
#include "request.h"
#include "start.h"
#include "thread_gate.h"
#include "data/trace_table.h"
#include "capture/unwind_finish.h"
#include "data/watch.h"

#define FRAMES_MAX 65535u
#define REACH_MIN  ((uintptr_t)1 << 20)
#define REACH_MAX  ((uintptr_t)64 << 30)

static bool
is_tracing(void)
{
	return start_is_ready(true) && load(&recording.control->paused) != RECORDING_STOPPED;
}

/*
 * What takes its time or a lock does it inside the gate: then a lock is dropped when a handler
 * leaves the call by longjmp, and the child of a handler that forks finds its way out (thread.h).
 * NULL: the caller is such a handler itself, and what it interrupted is inside.
 */
static __attribute__((noinline)) struct thread *
enter(uintptr_t sp)
{
	return thread_enter(sp, true);
}

static void
leave(struct thread *t)
{
	if (t != NULL)
		thread_leave(t);
}

/* Ask for something. To forget all blocks while an event is under way would count it by half. */
static int
carry_out(enum recording_request_kind kind, const char *label, uintptr_t sp)
{
	struct thread *t = enter(sp);
	int result = -EAGAIN;

	if (t != NULL || (kind != REQUEST_CLEAR && kind != REQUEST_STOP))
		result = request_carry_out(kind, label);
	leave(t);
	return result;
}

/* The same while tracing. */
static int
ask(enum recording_request_kind kind, const char *label, uintptr_t sp)
{
	return is_tracing() ? carry_out(kind, label, sp) : HEAPTALLY_NOT_TRACING;
}

int
heaptally_start(unsigned frames)
{
	if (frames > FRAMES_MAX)
		return -EINVAL;
	if (!start_is_ready(true))
		return HEAPTALLY_NOT_TRACING;
	if (is_tracing())
		return 0;
	unwind_set_limit(frames);
	recording.header->frames_limit = frames;
	return carry_out(REQUEST_RESUME, NULL, STACK);
}

int
heaptally_stop(void)
{
	return ask(REQUEST_STOP, NULL, STACK);
}

int
heaptally_pause(void)
{
	return ask(REQUEST_PAUSE, NULL, STACK);
}

int
heaptally_resume(void)
{
	return start_is_ready(true) ? carry_out(REQUEST_RESUME, NULL, STACK)
				    : HEAPTALLY_NOT_TRACING;
}

int
heaptally_is_tracing(void)
{
	return is_tracing();
}

unsigned
heaptally_get_frames(void)
{
	return start_is_ready(true) ? recording.header->frames_limit : 0;
}

int
heaptally_clear(void)
{
	return ask(REQUEST_CLEAR, NULL, STACK);
}

int
heaptally_reset_peak(void)
{
	return ask(REQUEST_RESET_PEAK, NULL, STACK);
}

int
heaptally_mark(const char *label)
{
	if (label == NULL || strlen(label) >= RECORDING_LABEL_BYTES)
		return -EINVAL;
	return ask(REQUEST_MARK, label, STACK);
}

int
heaptally_get_traced_memory(uint64_t *ret_current, uint64_t *ret_peak, uint64_t *ret_blocks)
{
	bool tracing = is_tracing();
	struct counters_sum sum = {0};
	struct thread *t;

	if (tracing) {
		t = enter(STACK);
		counters_get_sum(&sum, ret_blocks != NULL);
		leave(t);
	}
	if (ret_current != NULL)
		*ret_current = (uint64_t)sum.live_bytes;
	if (ret_peak != NULL)
		*ret_peak = (uint64_t)sum.peak_bytes;
	if (ret_blocks != NULL)
		*ret_blocks = (uint64_t)sum.live_blocks;
	return tracing ? 0 : HEAPTALLY_NOT_TRACING;
}

uint64_t
heaptally_get_tracer_memory(void)
{
	return is_tracing() ? recording.header->tracer_bytes : 0;
}

static uintptr_t
address_of(const struct recording_frame *frame)
{
	uint64_t bias =
		frame->kind == FRAME_KIND_MODULE ? recording.modules[frame->module].bias : 0;

	return frame->value + bias;
}

/* The stack of a site, from the leaf's parent outward. */
static void
fill_frames(struct heaptally_block *block, uint32_t site)
{
	uint32_t node = recording.nodes[recording.sites[site]].parent;

	block->depth = 0;
	for (; node != NODE_ROOT; node = recording.nodes[node].parent) {
		const struct recording_frame *frame =
			&recording.frames[recording.nodes[node].frame];

		if (frame->kind != FRAME_KIND_MODULE && frame->kind != FRAME_KIND_ADDRESS)
			continue;
		if (block->depth < HEAPTALLY_BLOCK_FRAMES)
			block->frames[block->depth] = address_of(frame);
		block->depth++;
	}
}

static void
fill_details(struct heaptally_block *block)
{
	uint64_t age, thread;

	block->age_ns = -1;
	block->thread = -1;
	if (recording.control->blocks == 0 ||
	    !block_details_find((void *)block->address, &age, &thread))
		return;
	block->age_ns = (int64_t)age;
	block->thread = (int32_t)thread;
}

/* How far a block of this heap can reach, whatever is usable beyond its bytes. */
static uintptr_t
reach_of_blocks(void)
{
	int64_t live = counters_live();
	uintptr_t reach = (live > 0 ? 2 * (uintptr_t)live : 0) + REACH_MIN;

	return reach < REACH_MAX ? reach : REACH_MAX;
}

static int
find_block(const void *address, struct heaptally_block *ret_block)
{
	void *start;
	struct block block = block_table_find_around(address, reach_of_blocks(), &start);
	size_t usable = block.size != 0 ? block.size - 1 + block.rounding : 0;

	/* Another thread may free it now: of what goes meanwhile nothing is told. */
	if (block.site < recording_site_base() ||
	    (block.size == 0 && !real_find_usable_size(start, &usable)) ||
	    block_table_find(start).site != block.site)
		return 0;
	if ((uintptr_t)address - (uintptr_t)start >= usable && address != start)
		return 0;
	ret_block->address = (uintptr_t)start;
	ret_block->bytes = usable - block.rounding;
	ret_block->usable = usable;
	fill_frames(ret_block, block.site);
	fill_details(ret_block);
	return 1;
}

int
heaptally_get_block(const void *address, struct heaptally_block *ret_block)
{
	struct thread *t;
	int found;

	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = enter(STACK);
	found = find_block(address, ret_block);
	/* What was interrupted may hold the lock that the answer needs. */
	if (t == NULL && found == 0)
		found = -EAGAIN;
	leave(t);
	return found;
}

int
heaptally_is_traced(const void *address)
{
	return is_tracing() && block_table_find(address).site >= recording_site_base();
}

int
heaptally_snapshot(const char *path)
{
	static struct lock copy_lock;
	struct thread *t;
	int result = -EAGAIN;

	if (path == NULL)
		return -EINVAL;
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = enter(STACK);
	if (lock_take(&copy_lock)) {
		result = recording_copy(path);
		lock_drop(&copy_lock);
	}
	leave(t);
	return result == -ENOENT ? HEAPTALLY_NOT_FOUND : result;
}

int
heaptally_track(unsigned domain, uintptr_t address, size_t bytes)
{
	struct thread *t;
	int result = 0;

	if (domain == 0)
		return -1;
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = thread_enter(STACK, true);
	if (t == NULL)
		return -EAGAIN;
	if (!recording.control->paused)
		result = pools_track(t, domain, address, bytes, CALLER);
	thread_leave(t);
	/* As PyTraceMalloc_Track says it. */
	return result == -ENOMEM ? -1 : result;
}

int
heaptally_untrack(unsigned domain, uintptr_t address)
{
	struct thread *t;
	int result;

	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = thread_enter(STACK, true);
	if (t == NULL)
		return -EAGAIN;
	result = pools_untrack(t, domain, address);
	thread_leave(t);
	return result;
}

int
heaptally_name_domain(unsigned domain, const char *name)
{
	struct thread *t;
	int result;

	if (domain == 0 || name == NULL || name[0] == '\0')
		return -EINVAL;
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = enter(STACK);
	result = pools_name_domain(domain, name);
	leave(t);
	return result;
}

int
heaptally_retag(void *address)
{
	struct thread *t;
	bool known;

	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = thread_enter(STACK, true);
	if (t == NULL)
		return -EAGAIN;
	known = record_retag(t, FRAME_MALLOC, address, false, CALLER);
	thread_leave(t);
	return known ? 0 : -EINVAL;
}

int
heaptally_watch(void *address, heaptally_watch_callback *callback, void *context)
{
	struct thread *t;
	int result;

	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	t = enter(STACK);
	/* What was interrupted may hold the lock that the answer needs. */
	result = t != NULL ? -EINVAL : -EAGAIN;
	if (block_table_find(address).site >= recording_site_base())
		result = watch_set(&(struct watch){address, callback, context});
	leave(t);
	return result;
}
