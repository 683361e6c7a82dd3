/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/stack.h - a call stack as text, with its source lines
 */
#ifndef VIEW_STACK_H
#define VIEW_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/place.h"

struct term;
struct view_source_code;

struct view_stack_options {
	int frames;            /* the n innermost, or with -n the n outermost; 0 is all */
	bool most_recent_last; /* print the outermost one first */
	bool full_names;
	bool whole; /* every frame of a library has its line, and its source */
};

/*
 * Print the places of a stack, one a line and the source below it. Runs of frames of a system
 * library are one line, and such frames are not quoted. source may be NULL.
 */
void view_stack_text(const struct term *term, const struct place_table *table, uint32_t stack,
		     struct view_source_code *source, const struct view_stack_options *options);

/* Say it when quoted lines may be others than those that allocated. */
void view_stack_warning(const struct term *term, const struct view_source_code *source);

#endif
