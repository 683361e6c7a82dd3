/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/export.h - what is written for other tools, and what their formats share
 *
 * An exporter gets the groups of `heaptally top`, with every number of theirs, and asks here for
 * their frames. It may group again, as of other moments, with the same options and table.
 *
 * Names are raw bytes of the traced program: each format has its own way to escape them.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

struct buffer;

struct export_input {
	const struct profile *profile; /* symbolized, at least one moment */
	struct profile_at at;
	const struct group_options *options;
	const struct column *column; /* for formats with one number */
	const struct group_set *set; /* ranked by `column` */
	struct place_table *table;
	uint64_t from_ns;     /* the values are those since then; 0 is the start of the process */
	bool is_about_totals; /* what was allocated is to be shown first, not what is live */
};

/* A frame of a group: what its key looks at, the rest is cleared. */
struct export_frame {
	uint32_t number; /* of the place in the table, below `place_table_count` */
	struct place place;
};

struct export_frames {
	struct export_frame *items; /* innermost first */
	size_t count, capacity;
};

/* The frames of a group, into the storage of frames, which is zeroed at first. */
void export_get_frames(const struct export_input *input, const struct group *group,
		       struct export_frames *ret_frames);
void export_frames_release(struct export_frames *frames);

/* The same for the frames of one stack of the table. */
void export_get_stack(const struct export_input *input, uint32_t stack,
		      struct export_frames *ret_frames);

/* The module that a place is in; NULL if it is in none, or the key does not look at it. */
const struct profile_module *export_find_module(const struct export_input *input,
						const struct place *place);

/* The address of the call in the traced process; 0 if there is none. */
uint64_t export_get_address(const struct export_input *input, const struct place *place);

/* The function, or what comes nearest; by file or module that. Appended to out. */
void export_format_name(const struct export_input *input, const struct place *place,
			struct buffer *out);

/* The same as valgrind writes a frame, escaped: "0x401136: main (app.c:12)". */
void export_format_frame(const struct export_input *input, const struct place *place,
			 struct buffer *out);

/* Text on one line, without anything that drives a terminal; "?" if it is empty. To free. */
char *export_escape(const char *text);

#endif
