/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leaks.h"

#include <errno.h>
#include <string.h>

#include "own_anchor.h"
#include "base/os.h"
#include "base/proc_text.h"
#include "capture/unwind_rules.h"
#include "data/block_table.h"
#include "process.h"
#include "reach/look.h"
#include "reach/kernel_words.h"
#include "reach/memory_map.h"
#include "reach/parked.h"
#include "reach/process_stat.h"
#include "recording/recording_map.h"
#include "thread.h"
#include "twin.h"

#define EXIT_NS     60000000000u /* that the program waits at its end, at most */
#define THREADS_MAX 1024         /* that are named */
#define DELETED     " (deleted)"

int __cxa_atexit(void (*function)(void *), void *argument, void *object);

static bool is_forked, was_paused;
static bool (*hold_requests)(void);
static void (*let_requests_go)(void);
static char path[GRAPH_PATH_BYTES];
static struct look look;
static struct graph_thread threads[THREADS_MAX];
static struct memory_map outer;

void
leaks_reset(bool forked)
{
	is_forked = forked;
}

void
leaks_note_pause(void)
{
	was_paused = true;
	own_anchor_note_unknown();
}

/* The kernel knows where the recording is, wherever the program has gone since. */
static bool
find_recording(void)
{
	const struct mapping *mapping =
		memory_map_find(&outer, (uint64_t)(uintptr_t)recording.header);
	const char *name = mapping != NULL ? outer.text + mapping->name : "";
	size_t length = strlen(name);

	if (name[0] != '/' || length >= sizeof path || strchr(name, '\\') != NULL)
		return false;
	memcpy(path, name, length + 1);
	return strstr(path, DELETED) == NULL;
}

static uint32_t
count_threads(void)
{
	uint32_t count = (uint32_t)process_stat_get(PROCESS_STAT_THREADS);

	return count != 0 ? count : 2;
}

static void
fill_look(uint32_t serial)
{
	const uint64_t *kernel_words;
	bool is_cut;
	size_t kernel_count = kernel_words_read(&kernel_words, &is_cut);

	look = (struct look){
		.recording = path,
		.roots = {.has_unknown_blocks = is_forked || was_paused,
			  .kernel = kernel_words,
			  .kernel_count = kernel_count},
		.threads = threads,
		.thread_count = thread_list(threads, THREADS_MAX),
	};
	look.header = (struct graph_header){
		.start_monotonic_ns = recording.header->start_monotonic_ns,
		.pid = os_process_id(),
		.serial = serial,
		.site_base = recording_site_base(),
		.threads = count_threads(),
		.taken_ns = os_monotonic_ns() - recording.header->start_monotonic_ns,
	};
	if (is_cut)
		look.header.gaps |= GRAPH_GAP_UNREADABLE;
}

/* The header says how many stacks are not known; those of them that are, the copy learns. */
static int
start_twin(uint64_t *ret_pause_ns)
{
	struct parked *parked = look.header.threads > 1 ? parked_new(os_thread_id()) : NULL;
	int twin = twin_start(&look, parked, ret_pause_ns);

	parked_free(parked);
	return twin;
}

/* Other threads still run. */
static int
look_in_twin(void)
{
	int twin;

	look.header.mode = GRAPH_AT_EXIT_TWIN;
	look.header.gaps |= GRAPH_GAP_REGISTERS;
	look.header.unseen = look.header.threads - 1;
	look.outer = &outer;
	/* A filter may end the process for making a copy of it. */
	twin = proc_text_is_filtered() ? -EACCES : start_twin(&look.header.pause_ns);
	return twin > 0 ? twin_wait(twin) : look_refuse(&look, twin);
}

static int
look_with(const uint64_t *registers, size_t count, uint64_t sp)
{
	int result;

	if (!find_recording())
		return -ENOENT;
	fill_look(0);
	look.roots.registers = registers;
	look.roots.register_count = count;
	look.roots.sp = sp;
	if (!block_table_hold())
		return -EAGAIN;
	if (look.header.threads == 1) {
		look.header.mode = GRAPH_AT_EXIT;
		look.deadline_ns = os_monotonic_ns() + EXIT_NS;
		result = look_make(&look);
	} else {
		result = look_in_twin();
	}
	block_table_let_go();
	return result;
}

/* The variables of an object have names if it is among the modules, and no stack may ever lead to
 * it. The loader has no list that may be walked while other threads run. */
static void
note_objects(void)
{
	uint64_t end = 0;

	for (size_t i = 0; i < outer.count; i++)
		if (outer.mappings[i].is_file && outer.mappings[i].start >= end)
			end = unwind_rules_note_object((const void *)outer.mappings[i].start);
}

static int
look_live(const uint64_t *registers, uint32_t serial, uint64_t *ret_pause_ns)
{
	int twin;

	/* One at a time. */
	if (!twin_collect())
		return -EBUSY;
	if (!find_recording())
		return -ENOENT;
	fill_look(serial);
	look.key = recording.header->request.key;
	look.header.mode = GRAPH_LIVE_TWIN;
	look.roots.registers = registers;
	look.roots.register_count = ARCH_REGISTERS;
	look.roots.sp = (uint64_t)(uintptr_t)registers;
	look.outer = &outer;
	if (look.header.threads > 1)
		look.header.gaps |= GRAPH_GAP_REGISTERS;
	look.header.unseen = look.header.threads - 1;
	if (!block_table_hold())
		return -EAGAIN;
	twin = start_twin(ret_pause_ns);
	block_table_let_go();
	return twin;
}

/* A child that shares this memory is another process. */
static bool
is_recorded(void)
{
	return process_is_ready() && recording.header != NULL &&
	       recording.header->pid == os_process_id();
}

/* The program's stack ends further out, but blocks may be in the registers that hooks have saved.
 */
__attribute__((noinline)) void
leaks_look(uint32_t serial)
{
	uint64_t registers[ARCH_REGISTERS] = {0}, signals, pause_ns = 0;
	struct recording_header *header = recording.header;
	int twin;

	arch_save_registers(registers);
	os_block_signals(&signals);
	twin = is_recorded() ? memory_map_init(&outer) : -ESRCH;
	if (twin == 0) {
		note_objects();
		twin = look_live(registers, serial, &pause_ns);
		memory_map_release(&outer);
	}
	os_restore_signals(signals);
	header->look_error = twin < 0 ? twin : 0;
	header->look_process = twin > 0 ? (uint32_t)twin : 0;
	header->look_pause_ns = pause_ns;
	header->look_serial = serial;
}

static __attribute__((noinline)) void
look_at_exit(const uint64_t *registers, uint64_t sp)
{
	uint64_t signals;
	int result;

	if (!is_recorded() || !hold_requests())
		return;
	twin_end();
	os_block_signals(&signals);
	result = memory_map_init(&outer);
	if (result == 0) {
		note_objects();
		result = look_with(registers, ARCH_REGISTERS, sp);
		memory_map_release(&outer);
	}
	os_restore_signals(signals);
	/* Such as that of a sandbox that the program has made for itself: no file can say it. */
	recording.header->look_serial = 0;
	recording.header->look_error = result;
	let_requests_go();
}

/* The program's stack ends above its frame, which is small and changes no register before they are
 * saved: places of a frame of ours that are not written hold what was on the stack before. */
static __attribute__((noinline)) void
at_exit(void *unused)
{
	uint64_t registers[ARCH_REGISTERS] = {0};

	(void)unused;
	arch_save_registers(registers);
	look_at_exit(registers, arch_stack_of_caller());
}

void
leaks_look_at_exit(bool (*hold)(void), void (*let_go)(void))
{
	hold_requests = hold;
	let_requests_go = let_go;
	/* Of no object, so that no dlclose calls it early. What is registered first is called last.
	 */
	__cxa_atexit(at_exit, NULL, NULL);
}
