/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_names.h - the members "strings" and "places" of the HTML page: every name once
 */
#ifndef VIEW_PAGE_NAMES_H
#define VIEW_PAGE_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/array.h"

struct json_writer;
struct place_table;
struct profile;
struct view_page_text;

struct view_page_names {
	const struct place_table *table;
	const struct profile *profile; /* whose main program is the user's own */
	struct view_page_text *texts;
	ARRAY(struct view_page_text *) strings; /* the first is "" */
	size_t string_bytes;
	ARRAY(uint32_t) number_of_place; /* plus 1 */
	ARRAY(uint32_t) places;          /* by number */
};

/* The table may grow afterwards. */
void view_page_names_init(struct view_page_names *names, const struct place_table *table,
			  const struct profile *profile);
void view_page_names_release(struct view_page_names *names);

/* The number of a place of the table on the page. */
uint32_t view_page_names_get_place(struct view_page_names *names, uint32_t place);

/* After the last number was asked for; the strings come last. */
void view_page_names_write_places(struct view_page_names *names, FILE *stream);
void view_page_names_write_strings(const struct view_page_names *names, struct json_writer *json);

#endif
