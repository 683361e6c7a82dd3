/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/mapped.h - which lines map memory by themselves
 */
#ifndef VIEW_MAPPED_H
#define VIEW_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/attribution.h"
#include "model/mapped.h"

struct json_writer;
struct term;

struct view_mapped {
	const struct mapped_list *list;
	struct attribution *attribution; /* with stacks */
	bool full_names;
};

/* The table of the first rows, 0 being all. */
void view_mapped_text(const struct term *term, const struct view_mapped *view, size_t rows);

/* The same without a title, and without a word on the other rows. */
void view_mapped_rows(const struct term *term, const struct view_mapped *view, size_t rows);

/* The member "mapped_by_program". */
void view_mapped_json(struct json_writer *json, const struct view_mapped *view, size_t rows);

/* Lines "mapped,PLACE,BYTES" of the first rows. */
void view_mapped_csv(FILE *stream, const struct view_mapped *view, size_t rows);

#endif
