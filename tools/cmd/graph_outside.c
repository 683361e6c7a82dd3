/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_outside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "image/core.h"
#include "image/image.h"
#include "image/image_graph.h"
#include "image/image_known.h"
#include "image/living.h"
#include "image/living_access.h"
#include "model/memory.h"
#include "read/locate.h"
#include "read/snapshot.h"
#include "read/snapshot_anchor.h"
#include "symbols/imports.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"
#include "util/xalloc.h"

#define RETRIES 5 /* of tables that change while they are read */

/*** both ***/

/* From what was read of the tables to the graph of the process. */
static void
make_graph(struct graph *graph, struct image *image, const struct snapshot_anchor *anchor,
	   const struct memory *memory, uint64_t start_ns)
{
	const struct image_known known = {
		.blocks = memory->blocks.items,
		.block_count = memory->blocks.count,
		.leaves = memory->leaves.items,
		.leaf_count = memory->leaves.count,
		.own = anchor->own.items,
		.own_count = anchor->own.count,
		.is_glibc = anchor->is_glibc,
		.has_unknown_blocks = anchor->has_unknown_blocks,
		.misses_blocks = anchor->misses_blocks,
		.layout = anchor->layout,
	};

	image_graph_make(graph, image, &known);
	graph->start_monotonic_ns = anchor->start_monotonic_ns;
	graph->pid = anchor->pid;
	graph->site_base = anchor->site_base;
	graph->quality.scan_ns = clock_get_ns(CLOCK_MONOTONIC) - start_ns;
}

/*** a core file ***/

static void
find_anchor(const char *core, const struct image *image, struct snapshot_anchor *ret_anchor)
{
	int result = snapshot_anchor_find(image, ret_anchor);

	if (result == -EPROTO)
		die(COMMAND_NO_ANSWER, "%s: its program was traced by another version of heaptally",
		    core);
	if (result == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: its program was not recorded when the core was written",
		    core);
	if (result != 0 && image->cut_bytes != 0)
		die(COMMAND_NO_ANSWER, "%s: cut off before the tables of the blocks: see ulimit -c",
		    core);
	if (result != 0)
		die(COMMAND_NO_ANSWER,
		    "%s: its program was not traced, or the core does not have its variables",
		    core);
}

static void
read_tables(const char *core, const struct image *image, struct snapshot_anchor *anchor,
	    struct memory *memory)
{
	int result = snapshot_anchor_read_blocks(image, anchor, memory);

	if (result == 0)
		return;
	if (result == -ENODATA && image->cut_bytes != 0)
		die(COMMAND_NO_ANSWER, "%s: cut off before the tables of the blocks: see ulimit -c",
		    core);
	if (result == -ENODATA)
		die(COMMAND_NO_ANSWER,
		    "%s: it does not have the tables of the blocks, which take room: start the "
		    "program with `heaptally run --leaks` or HEAPTALLY=leaks, or write the core of "
		    "a process that lives with `gcore -a`",
		    core);
	die(COMMAND_TROUBLE, "%s: its tables of the blocks are damaged", core);
}

/* Whether the kernel may keep pointers for it that are in no core: the data of epoll, the values of
 * timers. Who calls none of these has none. */
static bool
may_use_kernel(const struct image *image)
{
	static const char *const functions[] = {"epoll_ctl", "timer_create", NULL};

	array_each (&image->mappings, mapping) {
		const char *name = text_base_name(mapping->name);

		if (!mapping->is_file || !mapping->executable || mapping->is_device ||
		    text_starts_with(name, "libc.so") || text_starts_with(name, "libheaptally.so"))
			continue;
		if (imports_any(mapping->name, functions) != 0)
			return true;
	}
	return false;
}

static bool
is_recording_of(const char *path, const struct snapshot_anchor *anchor)
{
	struct snapshot_identity identity;

	return snapshot_identify(path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	       identity.pid == anchor->pid &&
	       identity.start_realtime_ns == anchor->start_realtime_ns;
}

/* The core says which files were mapped, the recording among them. */
static char *
find_mapped(const struct image *image, const struct snapshot_anchor *anchor)
{
	array_each (&image->mappings, mapping)
		if (mapping->is_file && mapping->writable && !mapping->is_device &&
		    is_recording_of(mapping->name, anchor))
			return xstrdup(mapping->name);
	return NULL;
}

static char *
find_listed(const struct snapshot_anchor *anchor)
{
	struct recording_list list;
	char *path = NULL;

	locate_all(&list);
	for (size_t i = 0; i < list.count && path == NULL; i++)
		if (is_recording_of(list.files[i].path, anchor))
			path = xstrdup(list.files[i].path);
	recording_list_release(&list);
	return path;
}

/* One that lies anywhere, of a process that lives. */
static char *
find_living(const struct snapshot_anchor *anchor)
{
	char *path;

	if (locate_process((pid_t)anchor->pid, &path) != 0)
		return NULL;
	if (is_recording_of(path, anchor))
		return path;
	free(path);
	return NULL;
}

/* The newest tally of this folder may be that of the run. */
static char *
find_tally(const struct snapshot_anchor *anchor)
{
	char *process = xasprintf("%" PRIu32, anchor->pid), *path = NULL, *why = NULL;
	const struct source_request request = {.process = process};
	struct source source;

	if (source_read(&request, &source, &why) == 0) {
		if (source.profile->start_realtime_ns == anchor->start_realtime_ns)
			path = xstrdup(source.path);
		source_release(&source);
	}
	free(why);
	free(process);
	return path;
}

/* What the process was recorded by, where the user did not say it. */
static char *
find_recording(const char *core, const struct image *image, const struct snapshot_anchor *anchor)
{
	char *path = find_mapped(image, anchor);

	if (path == NULL)
		path = find_listed(anchor);
	if (path == NULL)
		path = find_living(anchor);
	if (path == NULL)
		path = find_tally(anchor);
	if (path == NULL)
		die(COMMAND_NO_ANSWER,
		    "%s: the recording of its process %" PRIu32
		    " is not there any more; if it was moved, or made into a tally, name that",
		    core, anchor->pid);
	return path;
}

/* Of a tally, the process that the core is of. */
static void
load_source(const char *core, const char *names, struct report_options *options,
	    const struct snapshot_anchor *anchor, struct source *ret_source)
{
	char *process = xasprintf("%" PRIu32, anchor->pid);
	bool is_tally = source_is_tally(names);

	if (options->all_processes)
		die(COMMAND_TROUBLE, "%s: --process all: a core is that of one process", core);
	if (is_tally && options->process == NULL)
		options->process = process;
	report_load(options, names, NULL, ret_source);
	if (ret_source->profile->start_realtime_ns != anchor->start_realtime_ns ||
	    ret_source->profile->pid != anchor->pid)
		die(COMMAND_TROUBLE,
		    "%s: of another process, %" PRIu32 ": the core is that of %" PRIu32 "%s",
		    ret_source->name, ret_source->profile->pid, anchor->pid,
		    ret_source->profile->pid == anchor->pid ? " of another run" : "");
	if (options->process == process)
		options->process = NULL;
	free(process);
}

static void
check_graph(const char *core, struct graph *graph, const struct source *source)
{
	if (graph->site_count > source->profile->site_count || !graph_is_valid(graph))
		die(COMMAND_TROUBLE, "%s: its tables of the blocks do not fit %s", core,
		    source->name);
	graph->site_count = source->profile->site_count;
}

void
graph_outside_read_core(const char *core, const char *names, struct report_options *options,
			struct graph *ret_graph, struct source *ret_source)
{
	uint64_t start_ns = clock_get_ns(CLOCK_MONOTONIC);
	struct snapshot_anchor anchor;
	struct memory memory;
	struct image image;
	char *why, *found = NULL;

	if (core_open(&image, core, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	find_anchor(core, &image, &anchor);
	memory_init(&memory);
	read_tables(core, &image, &anchor, &memory);
	make_graph(ret_graph, &image, &anchor, &memory, start_ns);
	ret_graph->quality.taken = GRAPH_TAKEN_FROM_CORE;
	ret_graph->quality.no_kernel = may_use_kernel(&image);
	if (names == NULL)
		names = found = find_recording(core, &image, &anchor);
	load_source(core, names, options, &anchor, ret_source);
	check_graph(core, ret_graph, ret_source);
	free(found);
	memory_release(&memory);
	snapshot_anchor_release(&anchor);
	image_release(&image);
}

/*** a process that goes on ***/

/* What keeps this user from it, and what would help: as people know it, or NULL for a user. */
static const char *const obstacles[LIVING_OBSTACLES] = {
	[LIVING_OTHER_RIGHTS] =
		"it has other groups or capabilities, or has forbidden it (PR_SET_DUMPABLE); it "
		"takes CAP_SYS_PTRACE, as sudo gives",
	[LIVING_FOR_ANCESTORS] =
		"kernel.yama.ptrace_scope is 1: only who has started it may; else it takes "
		"CAP_SYS_PTRACE, as sudo gives, or leave out --outside",
	[LIVING_FOR_DEBUGGERS] =
		"kernel.yama.ptrace_scope is 2: it takes CAP_SYS_PTRACE, as sudo gives, or leave "
		"out --outside",
	[LIVING_FOR_NOBODY] =
		"kernel.yama.ptrace_scope is 3: nobody may, until the machine starts anew; leave "
		"out --outside",
	[LIVING_FILTERED] =
		"a filter of system calls forbids process_vm_readv, as that of a container does "
		"without CAP_SYS_PTRACE; look from outside the container, or leave out --outside",
	[LIVING_FORBIDDEN] =
		"a rule of the kernel forbids it; it takes CAP_SYS_PTRACE, as sudo gives, or leave "
		"out --outside",
};

static _Noreturn void
refuse_access(const struct snapshot_identity *identity)
{
	struct living_access access;
	enum living_obstacle obstacle;

	living_access_get(&access, (pid_t)identity->pid);
	obstacle = living_access_judge(&access);
	if (obstacle == LIVING_OTHER_USER)
		die(COMMAND_NO_ANSWER,
		    "%s %" PRIu32 ": its memory may not be read: it is that of user %" PRIu32
		    "; look as that user, or with CAP_SYS_PTRACE, as sudo gives",
		    identity->command, identity->pid, access.user);
	die(COMMAND_NO_ANSWER, "%s %" PRIu32 ": its memory may not be read: %s", identity->command,
	    identity->pid, obstacles[obstacle]);
}

static _Noreturn void
refuse(const char *operand, const struct snapshot_identity *identity, int error)
{
	if (error == -EPERM)
		refuse_access(identity);
	if (error == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: the process ended", operand);
	if (error == -ENOENT)
		die(COMMAND_NO_ANSWER, "%s %" PRIu32 ": the runtime is not found in its memory",
		    identity->command, identity->pid);
	die_errno(COMMAND_NO_ANSWER, error, "%s %" PRIu32 ": its memory cannot be read",
		  identity->command, identity->pid);
}

/* Tables that grow meanwhile are read again. */
static int
read_living(struct image *image, pid_t pid, struct snapshot_anchor *anchor, struct memory *memory)
{
	int result = living_open(image, pid);

	if (result != 0)
		return result;
	result = snapshot_anchor_find(image, anchor);
	for (unsigned i = 0; i < RETRIES && result == 0; i++) {
		memory_clear(memory);
		result = snapshot_anchor_read_blocks(image, anchor, memory);
		if (result != -ENODATA)
			break;
		result = i + 1 < RETRIES ? 0 : result;
	}
	return result;
}

static void
check_identity(const char *recording, const char *operand, struct snapshot_identity *ret_identity)
{
	if (snapshot_identify(recording, SNAPSHOT_ANY_OWNER, ret_identity) != 0 ||
	    !ret_identity->alive)
		die(COMMAND_NO_ANSWER, "%s: the process ended", operand);
	if (!ret_identity->this_namespace)
		die(COMMAND_NO_ANSWER,
		    "%s is of another namespace of process numbers, in which it has to be asked",
		    operand);
}

void
graph_outside_look(const char *recording, const char *operand, struct graph *ret_graph)
{
	uint64_t start_ns = clock_get_ns(CLOCK_MONOTONIC);
	struct snapshot_identity identity;
	struct snapshot_anchor anchor = {0};
	struct memory memory;
	struct image image;
	int result;

	check_identity(recording, operand, &identity);
	memory_init(&memory);
	result = read_living(&image, (pid_t)identity.pid, &anchor, &memory);
	if (result == 0 && anchor.start_monotonic_ns != identity.start_monotonic_ns)
		result = -ESRCH;
	if (result != 0)
		refuse(operand, &identity, result);
	make_graph(ret_graph, &image, &anchor, &memory, start_ns);
	ret_graph->quality.taken = GRAPH_TAKEN_FROM_OUTSIDE;
	ret_graph->quality.no_registers = true;
	ret_graph->quality.taken_ns = start_ns - anchor.start_monotonic_ns;
	if (living_confirm(&image) != 0)
		refuse(operand, &identity, -ESRCH);
	/* It may have become another program, too. */
	check_identity(recording, operand, &identity);
	memory_release(&memory);
	snapshot_anchor_release(&anchor);
	image_release(&image);
}
