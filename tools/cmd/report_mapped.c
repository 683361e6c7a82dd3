/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_mapped.h"

#include <stdlib.h>

#include "cmd/report_options.h"
#include "model/mapped.h"
#include "model/memory.h"
#include "model/resident.h"
#include "read/source.h"

void
report_mapped_find(struct report_mapped *mapped, const struct profile *profile,
		   const struct profile_resident *summary, const struct resident *resident)
{
	*mapped = (struct report_mapped){0};
	if (summary != NULL) {
		mapped->count = profile_find_mapped(profile, summary, &mapped->sites);
		mapped->is_known = mapped->count != 0;
	} else {
		mapped->count = mapped_sum_sites(resident, &mapped->now);
		mapped->sites = mapped->now;
		mapped->is_known = resident->memory->knows_owned;
	}
	mapped->sum = mapped_add_up(mapped->sites, mapped->count);
	if (mapped->now != NULL)
		mapped->sum.time_ns = profile->duration_ns;
}

void
report_mapped_init(struct report_mapped *mapped, const struct report_options *options,
		   const struct source *source)
{
	const struct profile *profile = source->profile;
	const struct profile_resident *summary =
		profile_find_resident(profile, source->at.moment->time_ns);
	struct resident resident;

	*mapped = (struct report_mapped){0};
	if (options->group.by != GROUP_BY_DOMAIN)
		return;
	if (source_is_now(source)) {
		resident_init(&resident, source->memory);
		report_mapped_find(mapped, profile, NULL, &resident);
		resident_release(&resident);
	} else if (summary != NULL) {
		report_mapped_find(mapped, profile, summary, NULL);
	}
}

void
report_mapped_release(struct report_mapped *mapped)
{
	free(mapped->now);
	mapped->now = NULL;
}

void
report_mapped_lines_init(struct report_mapped_lines *lines, const struct report_mapped *mapped,
			 const struct report_options *options, const struct source *source)
{
	const struct place_options places = {.across_builds = false};

	lines->table = place_table_new(&places);
	attribution_init(&lines->attribution, source->profile, &options->group.selection,
			 lines->table, NULL);
	attribution_prepare_stacks(&lines->attribution, 0, source->profile->site_count);
	mapped_list_init(&lines->list, mapped->sites, mapped->count, &lines->attribution);
	lines->view = (struct view_mapped){&lines->list, &lines->attribution, options->full_names};
}

void
report_mapped_lines_release(struct report_mapped_lines *lines)
{
	mapped_list_release(&lines->list);
	attribution_release(&lines->attribution);
	place_table_free(lines->table);
}
