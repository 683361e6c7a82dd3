/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/tracemalloc.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/term.h"
#include "view/diff.h"
#include "view/place.h"
#include "view/top.h"

/* A traceback is labelled with its oldest frame. */
static void
write_label(FILE *stream, const struct place_table *table, uint32_t stack, enum group_by by)
{
	struct buffer label = BUFFER_INIT;

	while (by == GROUP_BY_STACK && place_table_get_outer(table, stack) != 0)
		stack = place_table_get_outer(table, stack);
	view_place_tracemalloc(view_place_get(table, stack), by, &label);
	fputs(buffer_string(&label), stream);
	buffer_release(&label);
}

static void
write_average(FILE *stream, int64_t bytes, int64_t blocks)
{
	char size[HUMAN_BYTES];

	if (blocks != 0)
		fprintf(stream, ", average=%s",
			human_tracemalloc_size((double)bytes / (double)blocks, false, size));
	putc('\n', stream);
}

void
export_tracemalloc_top(const struct term *term, const struct view_top *view)
{
	size_t rows = view_top_get_row_count(view);

	for (size_t i = 0; i < rows; i++) {
		const struct group *group = &view->set->groups[i];
		int64_t bytes = group->values.live_bytes, blocks = group->values.live_blocks;
		char size[HUMAN_BYTES];

		/* It knows only of blocks that are there. */
		if (blocks == 0 && bytes == 0)
			continue;
		write_label(term->stream, view->table, group->stack, view->options->by);
		fprintf(term->stream, ": size=%s, count=%" PRId64,
			human_tracemalloc_size((double)bytes, false, size), blocks);
		write_average(term->stream, bytes, blocks);
	}
}

void
export_tracemalloc_diff(const struct term *term, const struct view_diff *view)
{
	size_t rows = view_diff_get_row_count(view);

	for (size_t i = 0; i < rows; i++) {
		const struct diff_row *row = &view->diff->rows[i];
		int64_t bytes = row->new.live_bytes, blocks = row->new.live_blocks;
		int64_t bytes_change = profile_get_change(row->old.live_bytes, bytes);
		int64_t blocks_change = profile_get_change(row->old.live_blocks, blocks);
		char size[HUMAN_BYTES], change[HUMAN_BYTES];

		if (blocks == 0 && bytes == 0 && row->old.live_blocks == 0 &&
		    row->old.live_bytes == 0)
			continue;
		write_label(term->stream, view->table, row->stack, view->options->by);
		fprintf(term->stream, ": size=%s (%s), count=%" PRId64 " (%+" PRId64 ")",
			human_tracemalloc_size((double)bytes, false, size),
			human_tracemalloc_size((double)bytes_change, true, change), blocks,
			blocks_change);
		write_average(term->stream, bytes, blocks);
	}
}
