/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/growth.h - who grows
 */
#ifndef VIEW_GROWTH_H
#define VIEW_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "model/group.h"
#include "model/growth.h"
#include "model/profile.h"

struct term;
struct json_writer;

struct view_growth {
	const struct profile *profile; /* symbolized */
	const struct growth *growth;
	const struct group_options *options;
	size_t rows; /* 0 is all */
	bool full_names;
};

void view_growth_text(const struct term *term, const struct view_growth *view);
void view_growth_json(const struct term *term, const struct view_growth *view);

/* --- for other reports --- */

/* "+384.0 KiB/s", in text of HUMAN_BYTES, which is returned. */
char *view_growth_format_rate(const struct verdict *verdict, char *text);

/* "steady growth", "plateau since 0.5 s", in text of VIEW_GROWTH_BYTES, which is returned. */
#define VIEW_GROWTH_BYTES 96
char *view_growth_format_verdict(const struct verdict *verdict, char *text);

/* The members of a verdict in an object that was begun. */
void view_growth_verdict_json(struct json_writer *json, const struct verdict *verdict);

#endif
