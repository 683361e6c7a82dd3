/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/retained.h - who keeps how much alive, as text, JSON or CSV
 */
#ifndef VIEW_RETAINED_H
#define VIEW_RETAINED_H

#include <stdbool.h>

#include "model/attribution.h"
#include "model/graph.h"
#include "model/group.h"
#include "model/owner.h"
#include "model/retained_report.h"
#include "model/site_group.h"
#include "view/graph_place.h"

struct term;

struct view_retained {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct retained_report *report;
	const struct owner_set *owners;
	const struct site_group_set *groups;
	struct view_graph names; /* for what blocks look like; no paths */
	const struct graph_quality *quality;
	const struct attribution *attribution;
	const struct group_options *options;
	bool full_names;
};

void view_retained_text(const struct term *term, const struct view_retained *view);
void view_retained_json(const struct term *term, const struct view_retained *view);
void view_retained_csv(const struct term *term, const struct view_retained *view);

#endif
