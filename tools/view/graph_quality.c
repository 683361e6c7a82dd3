/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/graph_quality.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/graph.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "view/quality.h"

const char *
view_graph_quality_moment(const struct graph_quality *quality)
{
	if (graph_quality_is_live(quality))
		return "";
	return quality->taken == GRAPH_TAKEN_FROM_CORE ? ", in its core" : ", at exit";
}

/* What lies outside of the process, and what could not be read in it. */
static void
print_outside(const struct term *term, const struct graph_quality *quality)
{
	char size[HUMAN_BYTES], line[256];

	if (quality->taken == GRAPH_TAKEN_FROM_OUTSIDE)
		view_quality_warn(term, "",
				  "the process went on while its memory was read, and registers "
				  "were not seen: blocks on their way from one place to another "
				  "seem lost");
	if (quality->no_kernel)
		view_quality_warn(
			term, "",
			"a core does not have what the kernel keeps for epoll and timers: "
			"blocks held only by it seem lost");
	if (quality->missed_bytes == 0 || quality->not_inherited)
		return;
	snprintf(line, sizeof(line), "%s could not be read%s: blocks held only there seem lost",
		 human_size((int64_t)quality->missed_bytes, size),
		 quality->taken == GRAPH_TAKEN_FROM_CORE ? ", as the core does not have it" : "");
	view_quality_warn(term, "", line);
}

void
view_graph_quality_text(const struct term *term, const struct graph_quality *quality)
{
	char size[HUMAN_BYTES], line[256];

	print_outside(term, quality);
	if (quality->no_registers && quality->taken != GRAPH_TAKEN_FROM_OUTSIDE &&
	    quality->threads > 1) {
		snprintf(line, sizeof(line),
			 "registers of %" PRIu32
			 " other thread%s were not seen: blocks held only by them "
			 "appear lost",
			 quality->threads - 1, text_plural(quality->threads - 1));
		view_quality_warn(term, "", line);
	}
	if (quality->not_inherited) {
		snprintf(
			line, sizeof(line),
			"%s that a copy of the process does not get were not seen: what is lost is "
			"MAYBE",
			human_size((int64_t)quality->missed_bytes, size));
		view_quality_warn(term, "", line);
	}
	if (quality->unreadable && (quality->missed_bytes == 0 || quality->not_inherited))
		view_quality_warn(term, "", "some memory could not be read");
	if (quality->maps_cut)
		view_quality_warn(term, "", "the list of mappings changed while it was read");
}

void
view_graph_quality_json(struct json_writer *json, const struct graph_quality *quality)
{
	static const char *const modes[GRAPH_TAKENS] = {"exit", "exit_twin", "twin", "core",
							"outside"};

	json_writer_string(json, "mode", modes[quality->taken]);
	json_writer_seconds(json, "pause_seconds", quality->pause_ns);
	json_writer_seconds(json, "scan_seconds", quality->scan_ns);
	json_writer_unsigned(json, "read_bytes", quality->read_bytes);
	json_writer_unsigned(json, "thread_count", quality->threads);
	json_writer_unsigned(json, "unseen_thread_count", quality->unseen);
	json_writer_bool(json, "registers_unseen", quality->no_registers);
	json_writer_unsigned(json, "missed_bytes", quality->missed_bytes);
	json_writer_bool(json, "unreadable", quality->unreadable);
}
