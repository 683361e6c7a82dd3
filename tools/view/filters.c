/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/filters.c - what a report says when nothing passes its filters
 */
#include "config.h"

#include "view/filters.h"

#include <stdlib.h>

#include "model/filter_hint.h"
#include "util/term.h"

void
view_filters_nothing(FILE *stream, const struct filter_list *filters,
		     const struct place_table *table)
{
	char *hint = filter_hint(filters, table);
	char *escaped = hint != NULL ? term_escape(hint) : NULL;

	fprintf(stream, "nothing passes the filters%s%s\n", escaped != NULL ? "; " : "",
		escaped != NULL ? escaped : "");
	free(escaped);
	free(hint);
}
