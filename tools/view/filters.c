/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/filters.h"

#include <stdlib.h>

#include "model/filter_hint.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"

static char *
describe_nothing(const struct filter_list *filters, const struct place_table *table)
{
	char *hint = filter_hint(filters, table);
	char *sentence = xasprintf("nothing passes the filters%s%s", hint != NULL ? "; " : "",
				   hint != NULL ? hint : "");

	free(hint);
	return sentence;
}

void
view_filters_nothing(FILE *stream, const struct filter_list *filters,
		     const struct place_table *table)
{
	char *sentence = describe_nothing(filters, table);
	char *escaped = term_escape(sentence);

	fprintf(stream, "%s\n", escaped);
	free(escaped);
	free(sentence);
}

void
view_filters_nothing_json(struct json_writer *json, const struct filter_list *filters,
			  const struct place_table *table)
{
	char *sentence = describe_nothing(filters, table);

	json_writer_string(json, NULL, sentence);
	free(sentence);
}
