/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "own_anchor.h"
#include "memory/arena.h"
#include "data/block_details.h"
#include "data/block_table.h"
#include "data/counters.h"
#include "data/domain_table.h"
#include "data/frame_table.h"
#include "base/executable.h"
#include "leaks.h"
#include "mapping_heritage.h"
#include "base/loader.h"
#include "base/lock.h"
#include "data/module_table.h"
#include "base/options.h"
#include "base/os.h"
#include "base/os_memory.h"
#include "base/own_memory.h"
#include "pools.h"
#include "process.h"
#include "record_mapping.h"
#include "memory/real.h"
#include "recording/exec_notes.h"
#include "recording/recording_file.h"
#include "recording/recording_identity.h"
#include "recording/recording_map.h"
#include "request.h"
#include "thread.h"
#include "data/trace_table.h"
#include "capture/unwind.h"
#include "capture/unwind_finish.h"
#include "capture/unwind_library.h"
#include "capture/unwind_rules.h"
#include "data/watch.h"

#define SHARDS_PER_CPU 4u
#define SHARDS_LEAST   16u

#define ARGUMENTS_MAX  ((size_t)32 << 10)

/* Address space; our tables begin with a fifth of it. */
#define ROOM_MIN ((size_t)64 << 20)

static struct options options;
static uint32_t shard_limit = SHARDS_LEAST;
static enum recording_mappings mappings;

static void
fill_header(void)
{
	struct recording_header *h = recording.header;
	const char *path = executable_path();
	static char arguments[ARGUMENTS_MAX];

	if (path[0] != '\0')
		h->executable = recording_add_string(path);
	recording_read_arguments(arguments, sizeof arguments);
	h->arguments = recording_add_string(arguments);
	h->allocator = recording_add_string(real.path);
	h->frames_limit = options.frames;
	h->realloc_origin = options.realloc_origin;
	h->threads = options.threads;
	h->mappings = mappings;
	block_table_describe(&h->blocks);
	domain_table_describe(&h->domains);
	if (options.bad)
		recording_note(TROUBLE_BAD_OPTION);
	if (!real.malloc_is_ours)
		recording_note(TROUBLE_FOREIGN_MALLOC);
	if (real.has_own_new)
		recording_note(TROUBLE_OWN_NEW);
	if (!unwind_library_is_open())
		recording_note(TROUBLE_NO_UNWINDER);
	if (process_early_events() != 0)
		recording_note(TROUBLE_EARLY);
	recording.shards[SHARD_SHARED].dropped = process_early_events();
}

/* Every table starts empty, in the constructor and in a forked child alike. */
static bool
start_tables(bool forked)
{
	os_set_process(os_process_id());
	recording_forget();
	if (forked)
		own_memory_forget_files();
	own_anchor_clear();
	arena_reset();
	arena_set_dumps_blocks(options.leaks);
	module_table_reset();
	frame_table_reset();
	if (!recording_create(&options, forked))
		return false;
	counters_reset();
	thread_reset(shard_limit);
	if (!trace_table_init() || !unwind_rules_init() || !block_table_init(real.is_glibc) ||
	    !domain_table_init())
		return false;
	unwind_set_limit(options.frames);
	unwind_set_threads(options.threads);
	unwind_set_crosscheck(options.crosscheck);
	recording.header->forked = forked;
	fill_header();
	module_table_add_loaded(!forked);
	if (start_python_tables != NULL)
		start_python_tables();
	record_mapping_reset();
	if (forked)
		mapping_heritage_accept();
	request_reset();
	own_anchor_set();
	leaks_reset(forked);
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
	process_set_state(PROCESS_STARTING);
	process_set_state(start_tables(forked) ? PROCESS_READY : PROCESS_OFF);
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
	for (const struct link_map *map = loader_first(); map != NULL; map = map->l_next) {
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

static void
set_shard_limit(void)
{
	shard_limit = os_cpu_count() * SHARDS_PER_CPU;
	if (shard_limit < SHARDS_LEAST)
		shard_limit = SHARDS_LEAST;
	if (shard_limit > SHARDS_MAX - 1)
		shard_limit = SHARDS_MAX - 1;
}

/* What is loaded behind it is the runtime's. */
static const struct link_map *
find_last_object(void)
{
	const struct link_map *object = loader_first();

	while (object != NULL && object->l_next != NULL)
		object = object->l_next;
	return object;
}

static void
take_mappings(const struct link_map *last)
{
	if (!options.mmap || start_take_mappings == NULL)
		return;
	mappings = start_take_mappings(last) ? RECORDING_MAPPINGS_ON : RECORDING_MAPPINGS_PARTLY;
}

static COLD void
start_program(void)
{
	const struct link_map *last = find_last_object();

	options_read(environ, &options);
	if (options.only_process != 0 && options.only_process != os_process_id())
		return;
	if (options.ignore_children)
		options_mark_process(environ, os_process_id());
	if (options.start_off)
		request_start_stopped();
	os_init_clock();
	real_examine();
	exec_notes_open(options.directory, real_self()->l_name);
	if (!process_make_page())
		return;
	if (start_take_own != NULL)
		start_take_own();
	unwind_library_open();
	take_mappings(last);
	set_shard_limit();
	process_enter_page();
	start(false);
	if (options.leaks && process_is_ready())
		leaks_look_at_exit(request_hold, request_let_go);
	if (process_is_ready() && start_python != NULL)
		start_python(options.python);
}

void
start_process(void)
{
	uint64_t signals;
	int saved_errno;

	if (process_state() != PROCESS_RAW || !real_find() || !loader_is_ready())
		return;
	/* The loader and libunwind set it, and this may be the program's first malloc. */
	saved_errno = errno;
	/* A handler that forks now would leave a child with half a recording. */
	os_block_signals(&signals);
	/* What is allocated from here until the end of the start is passed through. */
	if (process_leave_raw() && getauxval(AT_SECURE) == 0 && !is_under_valgrind() &&
	    !lacks_room() && loader_finds_objects())
		start_program();
	os_restore_signals(signals);
	errno = saved_errno;
}

static COLD bool
start_child(void)
{
	uint64_t signals;

	thread_after_fork();
	if (thread_is_inside())
		return false;
	os_block_signals(&signals);
	lock_forget_held();
	if (process_take_start()) {
		if (process_state() == PROCESS_NEW) {
			if (options.ignore_children)
				process_set_state(PROCESS_OFF);
			else
				start(true);
		}
		process_drop_start();
	}
	os_restore_signals(signals);
	return process_is_ready();
}

bool
start_is_ready(bool allocates)
{
	enum process_state state = process_state();

	if (unlikely(state == PROCESS_RAW)) {
		start_process();
		state = process_state();
	}
	if (unlikely(state == PROCESS_NEW && allocates))
		return start_child();
	return state == PROCESS_READY;
}
