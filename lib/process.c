/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include "base/lock.h"
#include "base/os.h"
#include "base/os_memory.h"
#include "recording/recording_map.h"

struct process {
	uint32_t state;
	bool detached; /* from the parent's recording */
	struct lock lock;
};

static struct process raw = {.state = PROCESS_RAW};
static struct process *process = &raw;
static struct process *page;
static uint64_t early_events, other_events;

enum process_state
process_state(void)
{
	return load_acquire(&process->state);
}

void
process_set_state(enum process_state state)
{
	store_release(&process->state, state);
}

bool
process_leave_raw(void)
{
	uint32_t expected = PROCESS_RAW;

	return __atomic_compare_exchange_n(&raw.state, &expected, PROCESS_OFF, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool
process_make_page(void)
{
	page = os_map(PAGE_BYTES, true);
	return page != NULL;
}

void
process_enter_page(void)
{
	page->state = PROCESS_STARTING;
	process = page;
}

bool
process_take_start(void)
{
	return lock_take(&process->lock);
}

void
process_drop_start(void)
{
	lock_drop(&process->lock);
}

bool
process_detach(void)
{
	if (load(&process->state) != PROCESS_NEW || process->detached)
		return false;
	process->detached = true;
	lock_begin_generation();
	recording_abandon();
	return true;
}

void
process_end(void)
{
	if (load(&process->state) != PROCESS_READY)
		return;
	recording.header->end_monotonic_ns = os_monotonic_ns();
	store(&recording.header->state, RECORDING_EXITED);
}

void
process_count_early(void)
{
	fetch_add(load(&process->state) == PROCESS_RAW ? &early_events : &other_events, 1);
}

uint64_t
process_early_events(void)
{
	return load(&early_events);
}

uint64_t
process_other_events(void)
{
	return load(&other_events);
}
