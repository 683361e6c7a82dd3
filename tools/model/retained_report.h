/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * retained_report.h - who keeps how much alive: rows of a report, largest first
 */
#ifndef RETAINED_REPORT_H
#define RETAINED_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "model/retained.h"

struct graph;
struct owner_set;
struct site_group_set;

struct retained_owner_row {
	uint32_t owner;
	struct retained_amount retained, reachable;
	struct retained_first first; /* what it holds most of by itself */
};

struct retained_site_row {
	uint32_t group;
	struct retained_amount own, retained, reachable;
};

struct retained_report {
	struct retained_owner_row *owners; /* that lead to a block */
	struct retained_site_row *sites;   /* that are held, and pass the filters */
	size_t owner_count, site_count;
	size_t shown_owners, shown_sites; /* the first, of which `reachable` is known */
	struct retained_amount live, held, shared;
};

/* At most `rows` of each list are shown; 0 is all. progress may be NULL. */
void retained_report_init(struct retained_report *report, const struct graph *graph,
			  const struct owner_set *owners, const struct site_group_set *groups,
			  size_t rows, const struct dominators_progress *progress);
void retained_report_release(struct retained_report *report);

#endif
