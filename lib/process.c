/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.c - the life of the runtime in one process
 */
#include "process.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "memory/arena.h"
#include "data/block_details.h"
#include "data/block_table.h"
#include "data/counters.h"
#include "data/frame_table.h"
#include "base/lock.h"
#include "data/module_table.h"
#include "base/options.h"
#include "base/os.h"
#include "pools.h"
#include "memory/real.h"
#include "recording/recording_map.h"
#include "request.h"
#include "thread.h"
#include "data/trace_table.h"
#include "capture/unwind.h"
#include "capture/unwind_library.h"
#include "capture/unwind_rules.h"
#include "data/watch.h"

#define SHARDS_PER_CPU 4u
#define SHARDS_LEAST   16u

/* Address space; our tables begin with a fifth of it. */
#define ROOM_MIN ((size_t)64 << 20)

enum process_state {
	PROCESS_NEW, /* a forked child that has not allocated yet: what a wiped page reads as */
	PROCESS_RAW, /* before the constructor */
	PROCESS_STARTING,
	PROCESS_READY,
	PROCESS_OFF,
};

struct process {
	uint32_t state;
	bool detached; /* from the parent's recording */
	struct lock lock;
};

static struct process raw = {.state = PROCESS_RAW};
static struct process *process = &raw;
static struct options options;
static uint32_t shard_limit = SHARDS_LEAST;
static uint64_t early_events;

static void
fill_header(void)
{
	struct recording_header *h = recording.header;
	static char path[4096];
	long n = os_read_link("/proc/self/exe", path, sizeof path - 1);

	if (n > 0) {
		path[n] = '\0';
		h->executable = recording_add_string(path);
	}
	h->allocator = recording_add_string(real.path);
	h->frames_limit = options.frames;
	h->realloc_origin = options.realloc_origin;
	h->threads = options.threads;
	if (options.bad)
		recording_note(TROUBLE_BAD_OPTION);
	if (!real.malloc_is_ours)
		recording_note(TROUBLE_FOREIGN_MALLOC);
	if (real.has_own_new)
		recording_note(TROUBLE_OWN_NEW);
	if (!unwind_library_is_open())
		recording_note(TROUBLE_NO_UNWINDER);
	recording.shards[SHARD_SHARED].dropped = early_events;
}

/* Every table starts empty, in the constructor and in a forked child alike. */
static bool
start_tables(bool forked)
{
	os_set_process(os_process_id());
	recording_forget();
	arena_reset();
	module_table_reset();
	frame_table_reset();
	if (!recording_create(&options, forked))
		return false;
	counters_reset();
	thread_reset();
	if (!trace_table_init() || !unwind_rules_init() || !block_table_init(real.is_glibc))
		return false;
	unwind_set_limit(options.frames);
	unwind_set_threads(options.threads);
	unwind_set_crosscheck(options.crosscheck);
	fill_header();
	request_reset();
	pools_reset();
	watch_reset();
	if (options.blocks && block_details_init(real.is_glibc))
		recording.control->blocks = 1;
	recording_publish_memory();
	store_release(&recording.header->state, RECORDING_RUNNING);
	return true;
}

static void
start(bool forked)
{
	store(&process->state, PROCESS_STARTING);
	if (start_tables(forked))
		store_release(&process->state, PROCESS_READY);
	else
		store_release(&process->state, PROCESS_OFF);
}

/*
 * Opening libunwind calls the constructors that have not run yet, libc's with arguments that libc
 * does not have before its own has run; and the loader must not be in the middle of another object.
 */
static bool
loader_is_ready(void)
{
	return environ != NULL && program_invocation_name[0] != '\0' &&
	       _r_debug.r_state == RT_CONSISTENT;
}

/* Those of valgrind's tools that replace the allocator do so by other means, and memcheck would
 * search our tables for leaks. The core alone, as with callgrind, is no hindrance. */
static bool
is_under_valgrind(void)
{
	for (const struct link_map *map = _r_debug.r_map; map != NULL; map = map->l_next) {
		const char *found = strstr(map->l_name, "/vgpreload_");

		if (found != NULL && strncmp(found, "/vgpreload_core", 15) != 0)
			return true;
	}
	return false;
}

/* Where a limit leaves little memory, all of it is the program's. */
static bool
lacks_room(void)
{
	void *probe;

	if (os_limit(RLIMIT_AS) == UINT64_MAX && os_limit(RLIMIT_DATA) == UINT64_MAX)
		return false;
	probe = os_map(ROOM_MIN, false);
	if (probe != NULL)
		os_unmap(probe, ROOM_MIN);
	return probe == NULL;
}

static COLD void
start_process(void)
{
	struct process *page;

	options_read(environ, &options);
	if (options.only_process != 0 && options.only_process != os_process_id())
		return;
	if (options.ignore_children)
		options_mark_process(environ, os_process_id());
	if (options.start_off)
		request_start_stopped();
	os_init_clock();
	real_examine();
	page = os_map(PAGE_BYTES, true);
	if (page == NULL)
		return;
	unwind_library_open();
	shard_limit = os_cpu_count() * SHARDS_PER_CPU;
	if (shard_limit < SHARDS_LEAST)
		shard_limit = SHARDS_LEAST;
	if (shard_limit > SHARDS_MAX - 1)
		shard_limit = SHARDS_MAX - 1;
	page->state = PROCESS_STARTING;
	process = page;
	start(false);
}

void
process_start(void)
{
	uint32_t expected = PROCESS_RAW;
	uint64_t signals;
	int saved_errno;

	if (load(&raw.state) != PROCESS_RAW || !real_find() || !loader_is_ready())
		return;
	/* The loader and libunwind set it, and this may be the program's first malloc. */
	saved_errno = errno;
	/* A handler that forks now would leave a child with half a recording. */
	os_block_signals(&signals);
	/* What is allocated from here until the end of the start is passed through. */
	if (__atomic_compare_exchange_n(&raw.state, &expected, PROCESS_OFF, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED) &&
	    getauxval(AT_SECURE) == 0 && !is_under_valgrind() && !lacks_room())
		start_process();
	os_restore_signals(signals);
	errno = saved_errno;
}

static COLD bool
start_child(void)
{
	uint64_t signals;

	process_after_fork();
	if (thread_is_inside())
		return false;
	os_block_signals(&signals);
	lock_forget_held();
	if (lock_take(&process->lock)) {
		if (load(&process->state) == PROCESS_NEW) {
			if (options.ignore_children)
				store(&process->state, PROCESS_OFF);
			else
				start(true);
		}
		lock_drop(&process->lock);
	}
	os_restore_signals(signals);
	return load_acquire(&process->state) == PROCESS_READY;
}

bool
process_is_ready(bool allocates)
{
	uint32_t state = load_acquire(&process->state);

	if (unlikely(state == PROCESS_RAW)) {
		process_start();
		state = load_acquire(&process->state);
	}
	if (unlikely(state == PROCESS_NEW && allocates))
		return start_child();
	return state == PROCESS_READY;
}

void
process_before_fork(void)
{
	thread_before_fork();
}

void
process_after_fork_in_parent(void)
{
	thread_after_fork_in_parent();
}

void
process_after_fork(void)
{
	if (load(&process->state) != PROCESS_NEW || process->detached)
		return;
	process->detached = true;
	lock_begin_generation();
	recording_abandon();
	thread_after_fork();
}

void
process_end(void)
{
	if (load(&process->state) != PROCESS_READY)
		return;
	recording.header->end_monotonic_ns = os_monotonic_ns();
	store(&recording.header->state, RECORDING_EXITED);
}

uint32_t
process_shard_limit(void)
{
	return shard_limit;
}

void
process_count_early(void)
{
	if (load(&process->state) == PROCESS_RAW)
		fetch_add(&early_events, 1);
}
