/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/site.h"

#include <inttypes.h>

#include "model/attribution.h"
#include "util/buffer.h"
#include "util/term.h"
#include "view/csv.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/table.h"

bool
view_site_find(struct attribution *attribution, uint32_t site, uint32_t *ret_stack,
	       uint32_t *ret_caller)
{
	const struct profile *profile = attribution->profile;
	struct attribution_site found;

	if (site >= profile->site_count)
		return false;
	attribution_get_site(attribution, profile->sites[site], &found);
	*ret_caller = attribution_find_caller(attribution, &found);
	*ret_stack = attribution_make_stack(attribution, &found);
	return true;
}

void
view_site_insert(struct view_table *table, const struct term *term, struct attribution *attribution,
		 uint32_t site, bool full_names)
{
	uint32_t stack, caller;
	struct view_place place;

	if (!view_site_find(attribution, site, &stack, &caller)) {
		view_table_insert(table, "not known", TERM_PLAIN);
		view_table_insert(table, "", TERM_PLAIN);
		return;
	}
	view_place_init(&place, attribution->table, stack, caller, GROUP_BY_LINE, full_names);
	if (!full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	view_table_insert(table, place.name, TERM_PLAIN);
	view_table_insert(table, place.position, place.is_own ? TERM_BOLD : TERM_DIM);
	view_place_release(&place);
}

void
view_site_csv(FILE *stream, struct attribution *attribution, uint32_t site)
{
	struct buffer name = BUFFER_INIT;
	uint32_t stack, caller;

	if (view_site_find(attribution, site, &stack, &caller)) {
		const struct place *place = view_place_get(attribution->table, stack);

		view_place_format_name(place, &name);
		if (place->file != NULL)
			buffer_insert_format(&name, " %s:%" PRIu32, place->file, place->line);
	}
	view_csv_string(stream, buffer_string(&name));
	buffer_release(&name);
}
