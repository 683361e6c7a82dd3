/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/annotate.h - a source file with what each of its lines allocated
 */
#ifndef VIEW_ANNOTATE_H
#define VIEW_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/annotate.h"
#include "model/group.h"
#include "model/profile.h"

struct term;

struct view_annotate {
	const struct profile *profile; /* symbolized */
	struct profile_at at;
	const struct group_set *set; /* what `annotation` was made of */
	const struct annotation *annotation;
	bool cumulative;
	const char *path; /* where `text` was read */
	const char *text; /* the source, or NULL: only the lines with numbers are shown */
	size_t length;
	const char *warning; /* what is wrong with the source, or NULL */
	long context;        /* lines around those with numbers; below 0 the whole file */
};

void view_annotate_text(const struct term *term, const struct view_annotate *view);
void view_annotate_json(const struct term *term, const struct view_annotate *view);

#endif
