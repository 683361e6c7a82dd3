/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/csv.h - comma-separated values, as RFC 4180 has them, with plain line ends
 */
#ifndef VIEW_CSV_H
#define VIEW_CSV_H

#include <stdio.h>

#include "model/group.h"

struct place;

/* Quoted if need be; NULL is an empty field. */
void view_csv_string(FILE *stream, const char *text);

/*
 * The fields that say what a group is: function, file, line, module and offset. What is not in the
 * key is empty. Before them is the key where that is no place: allocator, domain, process (after
 * its pid), thread, size_from or generation.
 */
void view_csv_place_titles(FILE *stream, enum group_by by);
void view_csv_place(FILE *stream, const struct place *place, enum group_by by);

#endif
