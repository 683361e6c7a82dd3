/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/marks.h - what was asked of the runtime while it recorded
 */
#ifndef VIEW_MARKS_H
#define VIEW_MARKS_H

#include <stdint.h>
#include <stdio.h>

#include "model/profile.h"

struct json_writer;

/* "warm" for a label; else "(cleared)", "(paused)", ... Escaped, to free. */
char *view_marks_describe(const struct profile_mark *mark);

/* A list of those between two times, with a title before the first; nothing when there are none. */
void view_marks_text(FILE *stream, const struct profile *profile, const char *title,
		     uint64_t from_ns, uint64_t to_ns);

/* The array "marks". */
void view_marks_json(struct json_writer *json, const struct profile *profile, uint64_t from_ns,
		     uint64_t to_ns);

#endif
