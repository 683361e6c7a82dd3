/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api.c - what the program may ask for itself
 */
#define HEAPTALLY_RUNTIME
#include "include/heaptally.h"

#include <errno.h>
#include <string.h>

#include "block_details.h"
#include "counters.h"
#include "lock.h"
#include "os.h"
#include "pools.h"
#include "process.h"
#include "real.h"
#include "record.h"
#include "recording_copy.h"
#include "recording_map.h"
#include "request.h"
#include "trace_table.h"
#include "unwind.h"
#include "watch.h"

#define FRAMES_MAX 65535u

#define CALLER                                            \
	(&(struct caller){                                \
		(uintptr_t)__builtin_return_address(0),   \
		(uintptr_t)__builtin_dwarf_cfa(),         \
		*(uintptr_t *)__builtin_frame_address(0), \
	})
#define STACK ((uintptr_t)__builtin_frame_address(0))

static bool
is_tracing(void)
{
	return process_is_ready(true) && load(&recording.control->paused) != RECORDING_STOPPED;
}

/* Ask for something while tracing. */
static int
ask(enum recording_request_kind kind, const char *label)
{
	return is_tracing() ? request_carry_out(kind, label) : HEAPTALLY_NOT_TRACING;
}

int
heaptally_start(unsigned frames)
{
	if (frames > FRAMES_MAX)
		return -EINVAL;
	if (!process_is_ready(true))
		return HEAPTALLY_NOT_TRACING;
	if (is_tracing())
		return 0;
	unwind_set_limit(frames);
	recording.header->frames_limit = frames;
	return request_carry_out(REQUEST_RESUME, NULL);
}

int
heaptally_stop(void)
{
	return ask(REQUEST_STOP, NULL);
}

int
heaptally_pause(void)
{
	return ask(REQUEST_PAUSE, NULL);
}

int
heaptally_resume(void)
{
	return process_is_ready(true) ? request_carry_out(REQUEST_RESUME, NULL)
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
	return process_is_ready(true) ? recording.header->frames_limit : 0;
}

int
heaptally_clear(void)
{
	return ask(REQUEST_CLEAR, NULL);
}

int
heaptally_reset_peak(void)
{
	return ask(REQUEST_RESET_PEAK, NULL);
}

int
heaptally_mark(const char *label)
{
	if (label == NULL || strlen(label) >= RECORDING_LABEL_BYTES)
		return -EINVAL;
	return ask(REQUEST_MARK, label);
}

int
heaptally_get_traced_memory(uint64_t *ret_current, uint64_t *ret_peak, uint64_t *ret_blocks)
{
	bool tracing = is_tracing();
	struct counters_sum sum = {0};

	if (tracing)
		counters_get_sum(&sum, ret_blocks != NULL);
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

int
heaptally_get_block(const void *address, struct heaptally_block *ret_block)
{
	void *start;
	struct block block;
	size_t usable;

	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	block = block_table_find_around(address, &start);
	if (block.site < recording_site_base())
		return 0;
	usable = real_usable_size(start);
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
heaptally_is_traced(const void *address)
{
	return is_tracing() && block_table_find(address).site >= recording_site_base();
}

int
heaptally_snapshot(const char *path)
{
	static struct lock copy_lock;
	int result;

	if (path == NULL)
		return -EINVAL;
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	if (!lock_take(&copy_lock))
		return -EAGAIN;
	result = recording_copy(path);
	lock_drop(&copy_lock);
	return result;
}

int
heaptally_track(unsigned domain, uintptr_t address, size_t bytes)
{
	struct thread *t;
	bool tracked;

	if (domain == 0)
		return -1;
	t = is_tracing() ? thread_enter(STACK, true) : NULL;
	if (t == NULL)
		return HEAPTALLY_NOT_TRACING;
	tracked = recording.control->paused || pools_track(t, domain, address, bytes, CALLER);
	thread_leave(t);
	return tracked ? 0 : -1;
}

int
heaptally_untrack(unsigned domain, uintptr_t address)
{
	struct thread *t = is_tracing() ? thread_enter(STACK, true) : NULL;

	if (t == NULL)
		return HEAPTALLY_NOT_TRACING;
	pools_untrack(t, domain, address);
	thread_leave(t);
	return 0;
}

int
heaptally_name_domain(unsigned domain, const char *name)
{
	if (domain == 0 || name == NULL || name[0] == '\0')
		return -EINVAL;
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	return pools_name_domain(domain, name) ? 0 : -EAGAIN;
}

int
heaptally_retag(void *address)
{
	struct thread *t = is_tracing() ? thread_enter(STACK, true) : NULL;
	bool known;

	if (t == NULL)
		return HEAPTALLY_NOT_TRACING;
	known = record_retag(t, address, CALLER);
	thread_leave(t);
	return known ? 0 : -EINVAL;
}

int
heaptally_watch(void *address, heaptally_watch_callback *callback, void *context)
{
	if (!is_tracing())
		return HEAPTALLY_NOT_TRACING;
	if (block_table_find(address).site < recording_site_base())
		return -EINVAL;
	return watch_set(&(struct watch){address, callback, context}) ? 0 : -ENOMEM;
}
