/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_stack.c - a call stack as text, with its source lines
 */
#include "config.h"

#include "view_stack.h"

#include <stdlib.h>

#include "util/term.h"
#include "util/xalloc.h"
#include "view_place.h"
#include "view_source.h"

static void
print_place(const struct term *term, const struct place_table *table, uint32_t stack,
	    struct view_source *source, bool full_names)
{
	const struct place *place = view_place_get(table, stack);
	const char *code = NULL;
	struct view_place view;

	/* As a part of a stack: what it is inlined into has a line of its own. */
	view_place_init(&view, table, stack, PLACE_NONE, GROUP_BY_STACK, full_names);
	fprintf(term->stream, "    %s", view.name);
	if (*view.position)
		fprintf(term->stream, "  %s%s%s",
			term_style(term, view.is_own ? TERM_BOLD : TERM_DIM), view.position,
			term_style(term, TERM_PLAIN));
	fputs(place->inlined ? "  (inlined)\n" : "\n", term->stream);
	if (source && place->file && place->line)
		code = view_source_get(source, place->file, place->line);
	if (code)
		view_source_compare(source, place->file, place->module);
	if (code && *code)
		fprintf(term->stream, "        %s\n", code);
	view_place_release(&view);
}

void
view_stack_text(const struct term *term, const struct place_table *table, uint32_t stack,
		struct view_source *source, int frames, bool most_recent_last, bool full_names)
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
view_stack_warning(const struct term *term, const struct view_source *source)
{
	const char *newer = view_source_get_newer(source);

	if (newer)
		fprintf(term->stream, "%swarning%s   %s\n", term_style(term, TERM_BAD),
			term_style(term, TERM_PLAIN), newer);
}
