/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/waterfall_csv.c - where the resident memory of a process is, as CSV
 */
#include "config.h"

#include "view/waterfall.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/term.h"

/* The parts add up with the drift to the total. */
void
view_waterfall_csv(const struct term *term, const struct view_waterfall *view)
{
	const struct resident *resident = view->resident;
	const struct {
		const char *name;
		uint64_t bytes;
	} outside[] = {
		{"untouched", resident->untouched}, {"swapped_live", resident->swapped_live},
		{"swapped", resident->swapped},     {"hugetlb", resident->hugetlb},
		{"zero_page", resident->zero},
	};

	fputs("kind,name,bytes\n", term->stream);
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		fprintf(term->stream, "part,%s,%" PRIu64 "\n", resident_part_key(part),
			resident->parts[part]);
	fprintf(term->stream, "part,drift,%" PRId64 "\n", resident->drift);
	fprintf(term->stream, "total,resident,%" PRIu64 "\n", resident->memory->resident_after);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		fprintf(term->stream, "not_resident,%s,%" PRIu64 "\n", outside[i].name,
			outside[i].bytes);
	if (view->mapped != NULL)
		view_mapped_csv(term->stream, view->mapped, view->rows);
	if (view->pins != NULL)
		view_pins_csv(term->stream, view->pins, view->rows);
}
