/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * site.h - a site in a row of a table of memory: what names it, and where that is
 */
#ifndef VIEW_SITE_H
#define VIEW_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct attribution;
struct term;
struct view_table;

/* The stack of places whose innermost names the site, and its caller. False for a number that the
 * profile does not have: then it is not known. */
bool view_site_find(struct attribution *attribution, uint32_t site, uint32_t *ret_stack,
		    uint32_t *ret_caller);

/* Two cells: its name and its position, or "not known". */
void view_site_insert(struct view_table *table, const struct term *term,
		      struct attribution *attribution, uint32_t site, bool full_names);

/* One cell, which is empty when it is not known. */
void view_site_csv(FILE *stream, struct attribution *attribution, uint32_t site);

#endif
