/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/place.h - how reports write where something is
 *
 * In text a place is a name and a position: the function, shortened, and file:line against the
 * working directory; or module+0xoffset and the module, when there is nothing better. All strings
 * are safe for terminals and freed by the caller.
 */
#ifndef VIEW_PLACE_H
#define VIEW_PLACE_H

#include <stdbool.h>

#include "model/group.h"
#include "model/place.h"

struct buffer;

struct view_place {
	char *name;     /* "json::parse_object" */
	char *position; /* "src/json.c:412", followed by " <- caller" if inlined */
	bool is_own;    /* below the working directory */
};

/*
 * The place on top of a stack; by tells which of its fields the group is about. caller is a place
 * or PLACE_NONE: where a place without a name was called from.
 */
void view_place_init(struct view_place *view, const struct place_table *table, uint32_t stack,
		     uint32_t caller, enum group_by by, bool full_names);
void view_place_release(struct view_place *view);

/* The whole name of a place, not escaped: its function, or what comes nearest. */
void view_place_format_name(const struct place *place, struct buffer *out);

/* A path against the working directory, not escaped, and whether it is below that. */
void view_place_format_file(const char *file, bool full_names, struct buffer *out, bool *ret_own);

/* `file:line` as tracemalloc prints a frame, escaped. With by file the line is 0. */
void view_place_tracemalloc(const struct place *place, enum group_by by, struct buffer *out);

/*
 * Clear what is only that of one of the group's sites: with by file all but the file, with by
 * function the position. An offset of 0 is none.
 */
void view_place_keep_key(struct place *place, enum group_by by);

/* The place as the group's key has it: a whole stack is known by its innermost place. */
const struct place *view_place_get(const struct place_table *table, uint32_t stack);

#endif
