/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/serve_kind.h"

#include <stdbool.h>
#include <stdio.h>

#include "export/export.h"
#include "export/pprof.h"
#include "model/rank.h"
#include "read/source.h"
#include "serve/http.h"
#include "util/term.h"
#include "view/page.h"

const struct serve_kind_row serve_kinds[SERVE_KINDS] = {
	[SERVE_PAGE] = {"/", "text/html; charset=utf-8", NULL},
	[SERVE_HEAP] = {"/debug/pprof/heap", "application/octet-stream", "heap.pb.gz"},
	[SERVE_ALLOCS] = {"/debug/pprof/allocs", "application/octet-stream", "allocs.pb.gz"},
};

static void
write_pprof(const struct term *term, const struct source *source, bool allocs, uint64_t from_ns)
{
	struct group_options options = {.by = GROUP_BY_STACK};
	struct place_options places = {.exact = true};
	struct place_table *table = place_table_new(&places);
	const struct column *column = column_find(allocs ? "total" : "live");
	struct group_set set;

	group_profile(source->profile, &source->at, &options, table, NULL, &set);
	rank_groups(&set, options.by, column, table);
	export_pprof(term, &(struct export_input){
				   .profile = source->profile,
				   .at = source->at,
				   .options = &options,
				   .column = column,
				   .set = &set,
				   .table = table,
				   .from_ns = from_ns,
				   .is_about_totals = allocs,
			   });
	group_set_release(&set);
	place_table_free(table);
}

static void
write_page(const struct term *term, const struct source *source, const char *operand)
{
	struct group_options options = {.by = GROUP_BY_LINE};

	view_page_html(term, &(struct view_page){
				     .operand = operand,
				     .profile = source->profile,
				     .at = source->at,
				     .options = &options,
				     .process_count = process_list_count(&source->processes),
				     .is_live = true,
			     });
}

void
serve_kind_write(enum serve_kind kind, const struct source *source, const char *operand,
		 uint64_t from_ns, struct http_answer *answer)
{
	struct term term;
	FILE *stream = open_memstream(&answer->bytes, &answer->length);

	if (stream == NULL)
		return;
	term_init(&term, stream, TERM_COLOR_NEVER);
	term.width = 0;
	if (kind == SERVE_PAGE)
		write_page(&term, source, operand);
	else
		write_pprof(&term, source, kind == SERVE_ALLOCS, from_ns);
	fclose(stream);
	answer->status = 200;
	answer->type = serve_kinds[kind].type;
	answer->name = serve_kinds[kind].name;
}
