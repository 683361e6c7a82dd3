/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page.h - one page about a whole run, to read, to mail and to paste
 *
 * The headings of the Markdown page are the same for every run, in the same order; a part without
 * content says so. The HTML page is one file that asks nobody for anything, and may be about two
 * profiles that are compared.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group.h"
#include "model/profile.h"

struct term;

/* What a page is compared with. */
struct view_page_old {
	const char *operand;
	const struct profile *profile; /* symbolized, at least one moment */
	struct profile_at at;
	struct place_table *table; /* of both, for `across_builds` */
	const uint32_t *alias;     /* by place of the table: the one that stands for it */
};

struct view_page {
	const char *operand;           /* by which commands find what was read */
	const struct profile *profile; /* symbolized, at least one moment */
	struct profile_at at;
	const struct group_options *options;
	size_t rows;          /* of each table; 0 is all */
	size_t process_count; /* of the file */
	bool with_source;     /* quote lines of files below the working directory; HTML only */
	bool is_live;         /* the page is made again when it is loaded again; HTML only */
	const struct view_page_old *old; /* or NULL; HTML only */
};

void view_page_markdown(const struct term *term, const struct view_page *view);
void view_page_html(const struct term *term, const struct view_page *view);

#endif
