/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_core.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "image/core.h"
#include "image/image.h"
#include "model/graph.h"
#include "model/memory.h"
#include "read/anchor_graph.h"
#include "read/anchor_recording.h"
#include "read/snapshot_anchor.h"
#include "read/source.h"
#include "read/source_file.h"
#include "symbols/imports.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"
#include "util/xalloc.h"

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

/* What the process was recorded by, where the user did not say it. */
static char *
find_recording(const char *core, const struct image *image, const struct snapshot_anchor *anchor)
{
	char *path = anchor_recording_find(image, anchor);

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
	bool is_tally = source_file_is_tally(names);

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
graph_core_read(const char *core, const char *names, struct report_options *options,
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
	anchor_graph_make(ret_graph, &image, &anchor, &memory, start_ns);
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
