/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/quality.h - how far the numbers of a report can be trusted
 */
#ifndef VIEW_QUALITY_H
#define VIEW_QUALITY_H

#include <stdio.h>

#include "model/group.h"

struct json_writer;
struct profile;
struct term;

typedef void view_quality_tell(void *context, const char *sentence);

/*
 * label and "0 events lost, 0.2 % stacks cut, 99.1 % of bytes have file:line, heaptally used 1.9 s
 * CPU, 14.2 MiB".
 */
void view_quality_line(const struct term *term, const char *label, const struct profile *profile,
		       const struct group_set *set);

/* The end of that line: ", recording was paused for 3.2 s"; nothing when all of the run counts. */
void view_quality_gaps(FILE *stream, const struct profile *profile);

/* Members "paused", "paused_seconds", "cleared_seconds" and "peak_reset_seconds"; the last two may
 * be null. */
void view_quality_gaps_json(struct json_writer *json, const struct profile *profile);

/* One line, with a newline, for everything that went wrong; nothing when all is well. */
void view_quality_warnings(const struct term *term, const char *indent,
			   const struct profile *profile);

/* Such a line for one more sentence. */
void view_quality_warn(const struct term *term, const char *indent, const char *sentence);

/* The same sentences as the array "troubles". */
void view_quality_troubles_json(struct json_writer *json, const struct profile *profile);

/* Lines of label and what to do when much has no name or no line, or one function has most of it
 * for many callers, and where to look when far more memory was resident than malloc gave; nothing
 * when all is well. */
void view_quality_hint(const struct term *term, const char *label, const struct profile *profile,
		       const struct group_options *options, const struct place_table *table,
		       const struct group_set *set);

/* The same sentences as strings of an array that was begun. */
void view_quality_hints_json(struct json_writer *json, const struct profile *profile,
			     const struct group_options *options, const struct place_table *table,
			     const struct group_set *set);

/* The object of that key. */
void view_quality_json(struct json_writer *json, const char *key, const struct profile *profile,
		       const struct group_set *set);

#endif
