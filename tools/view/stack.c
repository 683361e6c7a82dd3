/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/stack.h"

#include <stdlib.h>
#include <string.h>

#include "model/system_library.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/source_code.h"

#define INLINED     "  (inlined)"
#define INDENT      4
#define WIDTH_LEAST 48 /* a line that wraps says more than a stump */

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
		view_place_fit(&view,
			       term->width - INDENT - (place->inlined ? strlen(INLINED) : 0));
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

/* A stack in the order in which it is printed, and how. */
struct printing {
	const struct term *term;
	const struct place_table *table;
	const uint32_t *stacks;
	size_t count;
	struct view_source_code *source;
	bool whole, full_names;
};

static const char *
find_library(const struct printing *printing, size_t index)
{
	return printing->whole ? NULL
			       : system_library_find(
					 view_place_get(printing->table, printing->stacks[index]));
}

/* The innermost frame, which says what allocates, is never folded: it is site. */
static void
print_range(const struct printing *printing, uint32_t site)
{
	size_t end;

	for (size_t i = 0; i < printing->count; i = end) {
		const char *library = find_library(printing, i);

		end = i + 1;
		while (library != NULL && printing->stacks[i] != site && end < printing->count &&
		       printing->stacks[end] != site && find_library(printing, end) == library)
			end++;
		if (end - i > 1)
			fprintf(printing->term->stream, "    (%zu frames of %s)\n", end - i,
				library);
		else
			print_place(printing->term, printing->table, printing->stacks[i],
				    library == NULL ? printing->source : NULL,
				    printing->full_names);
	}
}

void
view_stack_text(const struct term *term, const struct place_table *table, uint32_t stack,
		struct view_source_code *source, const struct view_stack_options *options)
{
	bool recent_last = options->most_recent_last;
	uint32_t *stacks;
	size_t depth = 0, first = 0, last, i = 0;

	for (uint32_t at = stack; at != 0; at = place_table_get_outer(table, at))
		depth++;
	stacks = xmalloc((depth + 1) * sizeof(*stacks));
	for (uint32_t at = stack; at != 0; at = place_table_get_outer(table, at))
		stacks[recent_last ? depth - 1 - i++ : i++] = at;
	last = depth;
	if (options->frames > 0 && (size_t)options->frames < depth)
		last = (size_t)options->frames;
	else if (options->frames < 0 && (size_t)-options->frames < depth)
		first = depth - (size_t)-options->frames;
	if (recent_last ? last < depth : first > 0)
		fprintf(term->stream, "    ... %zu more\n", recent_last ? depth - last : first);
	print_range(&(struct printing){.term = term,
				       .table = table,
				       .stacks = stacks + (recent_last ? depth - last : first),
				       .count = last - first,
				       .source = source,
				       .whole = options->whole,
				       .full_names = options->full_names},
		    stack);
	if (recent_last ? first > 0 : last < depth)
		fprintf(term->stream, "    ... %zu more\n", recent_last ? first : depth - last);
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
