/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_mapped.h - what the program maps by itself, and which lines do it
 */
#ifndef REPORT_MAPPED_H
#define REPORT_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "model/attribution.h"
#include "model/mapped.h"
#include "model/profile.h"
#include "view/mapped.h"

struct report_options;
struct resident;
struct source;

struct report_mapped {
	const struct profile_mapped *sites;
	size_t count;
	struct profile_mapped *now; /* to free, or NULL */
	struct profile_mapped sum;
	bool is_known;
};

/* At a moment of which a summary is kept; or, where that is NULL, of what is resident now. profile
 * has to stay as it is. */
void report_mapped_find(struct report_mapped *mapped, const struct profile *profile,
			const struct profile_resident *summary, const struct resident *resident);

/* For a report by domain: now, if that is the moment of the source, or at the last snapshot of
 * then. Nothing where it is not asked for, or not known. source has to stay as it is. */
void report_mapped_init(struct report_mapped *mapped, const struct report_options *options,
			const struct source *source);
void report_mapped_release(struct report_mapped *mapped);

/* The lines that have mapped it. */
struct report_mapped_lines {
	struct place_table *table;
	struct attribution attribution;
	struct mapped_list list;
	struct view_mapped view;
};

/* The profile of the source is symbolized. */
void report_mapped_lines_init(struct report_mapped_lines *lines, const struct report_mapped *mapped,
			      const struct report_options *options, const struct source *source);
void report_mapped_lines_release(struct report_mapped_lines *lines);

#endif
