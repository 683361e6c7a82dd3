/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_source.h - lines of source files that the HTML page quotes
 *
 * Pages are mailed: only files below the working directory are quoted, wherever links lead to.
 */
#ifndef VIEW_PAGE_SOURCE_H
#define VIEW_PAGE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

struct json_writer;
struct place_table;

struct view_page_source_places {
	const uint32_t *places; /* of the table */
	size_t count;
};

/*
 * The member "source": [index of the place, number of the first line, lines...] of each place with
 * a file and a line. newer_than_ns: when the program ran, realtime; a file that changed later is
 * not quoted.
 */
void view_page_source(struct json_writer *json, const struct place_table *table,
		      const struct view_page_source_places *places, uint64_t newer_than_ns);

#endif
