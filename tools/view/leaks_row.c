/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/leaks_row.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "view/leaks.h"
#include "view/place.h"
#include "view/place_fit.h"

#define PARTS_SHOWN 3
#define LOOKS_SHOWN 3
#define WORD_WIDTH  8 /* of "START-UP" */

static void
print_place(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	struct view_place place;

	view_place_init(&place, view->attribution->table, row->stack, row->caller,
			view->options->by, view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	fprintf(term->stream, "%s%s%s", place.name, *place.name && *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

static const char *
get_word(const struct leak_row *row)
{
	static const char *const words[LEAK_VERDICTS] = {
		"LOST", "PART", "GROWING", "MAYBE", "HELD", "PLATEAU", "START-UP",
	};

	return row->is_system ? "SYSTEM" : words[row->verdict];
}

/* What the numbers of a row are: of the kind that it is in the list for. */
static void
get_shown(const struct leak_row *row, uint64_t *ret_bytes, uint64_t *ret_blocks)
{
	static const enum reach_kind kinds[LEAK_VERDICTS] = {
		[LEAK_LOST] = REACH_DEFINITE,      [LEAK_PART] = REACH_INDIRECT,
		[LEAK_GROWING] = REACH_REACHABLE,  [LEAK_MAYBE] = REACH_POSSIBLE,
		[LEAK_HELD] = REACH_REACHABLE,     [LEAK_PLATEAU] = REACH_REACHABLE,
		[LEAK_START_UP] = REACH_REACHABLE,
	};
	const struct leak_values *values = &row->values;

	*ret_bytes = values->bytes[kinds[row->verdict]];
	*ret_blocks = values->blocks[kinds[row->verdict]];
	if (row->verdict == LEAK_LOST) {
		*ret_bytes += values->hung_bytes;
		*ret_blocks += values->hung_blocks;
	} else if (row->verdict == LEAK_GROWING) {
		*ret_bytes += values->bytes[REACH_POSSIBLE];
		*ret_blocks += values->blocks[REACH_POSSIBLE];
	}
}

/* "   21 more in 2.0 s, one every 95 ms" */
static void
print_rate(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	uint64_t more = row->change.came - row->change.went;
	uint64_t apart_ns = view->profile->leaks.apart_ns;
	char count[HUMAN_BYTES], apart[HUMAN_BYTES], each[HUMAN_BYTES];

	fprintf(term->stream, "   %s more in %s, one every %s", human_count(more, count),
		human_duration(apart_ns, apart), human_duration(apart_ns / more, each));
}

/* Who holds what has come, and what has come with it. */
static void
print_growth(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	const struct owner_growth_row *growth = view_leaks_find_growth(view, row);
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];

	if (growth == NULL)
		return;
	fputs("            held by ", term->stream);
	view_graph_path_text(term, &view->names, growth->example, "here");
	if (growth->holders > 1)
		fprintf(term->stream, ", and %s more way%s",
			human_count(growth->holders - 1, count), text_plural(growth->holders - 1));
	fputs("\n", term->stream);
	for (uint32_t i = 0; i < growth->part_count && i < PARTS_SHOWN; i++) {
		const struct owner_growth_part *part = &view->growth->parts[growth->part + i];

		fputs("             -> ", term->stream);
		view_graph_place_text(term, &view->names, part->group);
		fprintf(term->stream, ", %s block%s, %s with them\n",
			human_count(part->blocks, count), text_plural(part->blocks),
			human_size((int64_t)part->bytes, bytes));
	}
	if (growth->part_count > PARTS_SHOWN)
		fprintf(term->stream, "             -> %s more place%s\n",
			human_count(growth->part_count - PARTS_SHOWN, count),
			text_plural(growth->part_count - PARTS_SHOWN));
}

static void
print_why(const struct term *term, const struct leak_row *row)
{
	const struct leak_values *values = &row->values;
	char count[HUMAN_BYTES], other[HUMAN_BYTES];

	if (row->verdict == LEAK_LOST && values->rings != 0)
		fprintf(term->stream, "   %s ring%s of %s block%s: nothing outside points at %s",
			human_count(values->rings, count), text_plural(values->rings),
			human_count(values->ring_blocks, other), text_plural(values->ring_blocks),
			values->rings == 1 ? "it" : "them");
	else if (row->verdict == LEAK_LOST && values->hung_blocks != 0)
		fprintf(term->stream, "   %s lost, and what hangs on %s",
			human_count(values->blocks[REACH_DEFINITE], count),
			values->blocks[REACH_DEFINITE] == 1 ? "it" : "them");
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_INTERIOR] != 0)
		fputs("   held by pointers into them only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_DEAD_STACK] != 0)
		fputs("   held by what is left on a stack only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_ONE_LOOK] != 0)
		fputs("   lost at the last look only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_CHANGED] != 0)
		fputs("   nothing points at them, but they were written to between the looks",
		      term->stream);
	else if (row->verdict == LEAK_MAYBE)
		fputs("   memory that was not seen may hold them", term->stream);
}

static void
print_parts(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	const struct leak_report *report = view->report;
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];

	for (uint32_t i = 0; i < row->part_count && i < PARTS_SHOWN; i++) {
		const struct leak_row_part *part = &report->parts[row->part + i];

		fprintf(term->stream, "            %s ", part->in_ring ? "<->" : " ->");
		print_place(term, view, &report->rows[part->other]);
		fprintf(term->stream, ", %s block%s, %s\n", human_count(part->blocks, count),
			text_plural(part->blocks), human_size((int64_t)part->bytes, bytes));
	}
	if (row->part_count > PARTS_SHOWN)
		fprintf(term->stream, "             -> %s more place%s\n",
			human_count(row->part_count - PARTS_SHOWN, count),
			text_plural(row->part_count - PARTS_SHOWN));
}

/* Of a lost row those of which something is lost, which come first. */
static uint32_t
count_looks(const struct view_leaks *view, const struct leak_row *row, bool is_lost)
{
	uint32_t count = 0;

	while (count < row->look_count &&
	       (!is_lost || view->report->looks[row->look + count].lost != 0))
		count++;
	return count;
}

/* "looks like Session (x 3), Timer": of lost rows what is lost of them. */
static void
print_looks_like(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	bool is_lost = row->verdict <= LEAK_PART;
	uint64_t all = is_lost ? leak_values_get_lost_blocks(&row->values)
			       : leak_values_get_all_blocks(&row->values);
	uint32_t looks = count_looks(view, row, is_lost);
	char count[HUMAN_BYTES];

	for (uint32_t i = 0; i < looks; i++) {
		const struct leak_row_look *look = &view->report->looks[row->look + i];
		uint64_t blocks = is_lost ? look->lost : look->blocks;
		char *name;

		if (i == LOOKS_SHOWN) {
			fprintf(term->stream, ", %s more", human_count(looks - LOOKS_SHOWN, count));
			break;
		}
		name = term_escape(look->name);
		if (!view->full_names)
			view_place_cut_name(name, view_place_name_columns(term->width));
		fprintf(term->stream, "%s%s%s",
			i != 0    ? ", "
			: all > 1 ? ", look like "
				  : ", looks like ",
			name, view_leaks_get_look_end(look));
		if (blocks != all)
			fprintf(term->stream, " (x %s)", human_count(blocks, count));
		free(name);
	}
}

void
view_leaks_row_text(const struct term *term, const struct view_leaks *view,
		    const struct leak_row *row)
{
	char size[HUMAN_BYTES], count[HUMAN_BYTES];
	uint64_t bytes, blocks;

	get_shown(row, &bytes, &blocks);
	fprintf(term->stream, "%s%-*s%s%10s in %s block%s", term_style(term, TERM_BOLD), WORD_WIDTH,
		get_word(row), term_style(term, TERM_PLAIN), human_size((int64_t)bytes, size),
		human_count(blocks, count), text_plural(blocks));
	if (row->verdict == LEAK_GROWING)
		print_rate(term, view, row);
	else
		print_why(term, row);
	fputs("\n         ", term->stream);
	print_place(term, view, row);
	print_looks_like(term, view, row);
	fputs("\n", term->stream);
	print_growth(term, view, row);
	if (row->verdict == LEAK_LOST)
		print_parts(term, view, row);
}
