/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_csv.h - comma-separated values, as RFC 4180 has them, with plain line ends
 */
#ifndef VIEW_CSV_H
#define VIEW_CSV_H

#include <stdio.h>

struct place;

/* Quoted if need be; NULL is an empty field. */
void view_csv_string(FILE *stream, const char *text);

/* The fields function, file, line, module and offset, with their commas between. */
void view_csv_place(FILE *stream, const struct place *place);

#define VIEW_CSV_PLACE_HEADER "function,file,line,module,offset"

#endif
