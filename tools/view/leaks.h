/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/leaks.h - what is lost, and what is held by whom, as text or JSON
 */
#ifndef VIEW_LEAKS_H
#define VIEW_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/group.h"
#include "model/leak_report.h"
#include "model/owner_growth.h"
#include "view/graph_place.h"

struct term;

struct view_leaks {
	const struct profile *profile; /* symbolized, with leaks that are known */
	struct profile_at at;
	const struct leak_report *report;
	struct attribution *attribution;
	const struct group_options *options;
	/* Only what is lost and was not then: that profile, what it is called, and its moment. */
	const struct profile *before; /* or NULL */
	const char *before_name;
	struct profile_at before_at;
	const struct owner_growth *growth; /* between two looks; or NULL */
	struct view_graph names;           /* of the last look, with `growth` */
	size_t rows;                       /* 0 is all */
	bool all;                          /* also what is held, and what the system keeps */
	bool full_names;
};

/* A sentence for why there was no look. To free. */
char *view_leaks_explain(int error);

void view_leaks_text(const struct term *term, const struct view_leaks *view);
void view_leaks_json(const struct term *term, const struct view_leaks *view);

/* --- what the formats share --- */

/* What has come of a row and hangs on nothing that has; NULL. */
const struct owner_growth_row *view_leaks_find_growth(const struct view_leaks *view,
						      const struct leak_row *row);

/* What comes after the name of the class that blocks look like: "[]", " node", or nothing. */
const char *view_leaks_get_look_end(const struct leak_row_look *look);

/* Processes of a sum that add nothing, as nobody has looked at them. */
uint32_t view_leaks_count_unseen(const struct profile *profile);

#endif
