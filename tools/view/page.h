/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page.h - one page about a whole run, to read, to mail and to paste
 *
 * Its headings are the same for every run, in the same order; a part without content says so.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include <stddef.h>

#include "model/group.h"
#include "model/profile.h"

struct term;

struct view_page {
	const char *operand;           /* by which commands find what was read */
	const struct profile *profile; /* symbolized, at least one moment */
	struct profile_at at;
	const struct group_options *options;
	size_t rows;          /* of each table; 0 is all */
	size_t process_count; /* of the file */
};

void view_page_markdown(const struct term *term, const struct view_page *view);

#endif
