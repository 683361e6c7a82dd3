/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/waterfall.h - where the resident memory of a process is, part by part
 */
#ifndef VIEW_WATERFALL_H
#define VIEW_WATERFALL_H

#include <stddef.h>

#include "model/profile.h"
#include "model/resident.h"
#include "view/mapped.h"
#include "view/pins.h"
#include "view/quality.h"

struct term;

struct view_waterfall {
	const struct profile *profile;
	struct profile_at at;
	const struct resident *resident;
	const struct profile_resident *summary; /* that it is of, at an earlier moment; NULL: now */
	const struct view_pins *pins;     /* NULL: they were not asked for, or are not known */
	const struct view_mapped *mapped; /* NULL: it was not recorded */
	size_t rows;                      /* of lists; 0 is all */
};

struct json_writer;

/* The member "parts", from bytes by `enum resident_part`. */
void view_waterfall_parts_json(struct json_writer *json, const uint64_t *parts);

void view_waterfall_text(const struct term *term, const struct view_waterfall *view);
void view_waterfall_json(const struct term *term, const struct view_waterfall *view);
void view_waterfall_csv(const struct term *term, const struct view_waterfall *view);

/* --- what the formats share --- */

/* What has to be known to read the numbers right, a sentence each. */
void view_waterfall_notes(const struct view_waterfall *view, view_quality_tell *tell_one,
			  void *context);

/* The mappings with the most other anonymous memory, `rows` of them at most; to free. Returns how
 * many. */
size_t view_waterfall_find_largest(const struct view_waterfall *view, size_t **ret_mappings);

#endif
