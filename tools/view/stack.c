/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/stack.h"

#include <stdlib.h>
#include <string.h>

#include "util/term.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/source_code.h"

#define INLINED     "  (inlined)"
#define INDENT      4
#define WIDTH_LEAST 48 /* a line that wraps says more than a stump */

/* On a terminal: the line of the position stays. */
static void
fit(struct view_place *view, unsigned columns)
{
	unsigned name = term_columns(view->name), position = term_columns(view->position);
	unsigned half = columns / 2;

	if (name + 2 + position <= columns)
		return;
	if (name > half)
		view_place_cut_name(view->name,
				    position + 2 < half ? columns - position - 2 : half);
	view_place_cut_position(view->position, columns - term_columns(view->name) - 2);
}

static void
print_place(const struct term *term, const struct place_table *table, uint32_t stack,
	    struct view_source_code *source, bool full_names)
{
	const struct place *place = view_place_get(table, stack);
	const char *code = NULL;
	struct view_place view;

	/* As a part of a stack: what it is inlined into has a line of its own. */
	view_place_init(&view, table, stack, PLACE_NONE, GROUP_BY_STACK, full_names);
	if (!full_names && term->width >= WIDTH_LEAST)
		fit(&view, term->width - INDENT - (place->inlined ? strlen(INLINED) : 0));
	fprintf(term->stream, "    %s", view.name);
	if (*view.position)
		fprintf(term->stream, "  %s%s%s",
			term_style(term, view.is_own ? TERM_BOLD : TERM_DIM), view.position,
			term_style(term, TERM_PLAIN));
	fprintf(term->stream, "%s\n", place->inlined ? INLINED : "");
	if (source && place->file && place->line)
		code = view_source_code_get(source, place->file, place->line);
	if (code)
		view_source_code_compare(source, place->file, place->module);
	if (code && *code) {
		char *copy = xstrdup(code);

		if (!full_names && term->width >= WIDTH_LEAST)
			view_place_cut(copy, term->width - 2 * INDENT);
		fprintf(term->stream, "        %s\n", copy);
		free(copy);
	}
	view_place_release(&view);
}

void
view_stack_text(const struct term *term, const struct place_table *table, uint32_t stack,
		struct view_source_code *source, int frames, bool most_recent_last, bool full_names)
{
	uint32_t *stacks;
	size_t depth = 0, first = 0, last, i = 0;

	for (uint32_t at = stack; at != 0; at = place_table_get_outer(table, at))
		depth++;
	stacks = xmalloc((depth + 1) * sizeof(*stacks));
	for (uint32_t at = stack; at != 0; at = place_table_get_outer(table, at))
		stacks[i++] = at;
	last = depth;
	if (frames > 0 && (size_t)frames < depth)
		last = (size_t)frames;
	else if (frames < 0 && (size_t)-frames < depth)
		first = depth - (size_t)-frames;
	if (most_recent_last ? last < depth : first > 0)
		fprintf(term->stream, "    ... %zu more\n",
			most_recent_last ? depth - last : first);
	for (i = first; i < last; i++)
		print_place(term, table, stacks[most_recent_last ? last - 1 - (i - first) : i],
			    source, full_names);
	if (most_recent_last ? first > 0 : last < depth)
		fprintf(term->stream, "    ... %zu more\n",
			most_recent_last ? first : depth - last);
	free(stacks);
}

void
view_stack_warning(const struct term *term, const struct view_source_code *source)
{
	const char *newer = view_source_code_get_newer(source);

	if (newer)
		fprintf(term->stream, "%swarning%s   %s\n", term_style(term, TERM_BAD),
			term_style(term, TERM_PLAIN), newer);
}
