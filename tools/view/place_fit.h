/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/place_fit.h - names and positions in the columns that a terminal has
 *
 *     ns::Cache<int, long>::insert  src/deep/below/file.cpp:12 <- load
 *     ns::Cache<...>::insert  .../below/file.cpp:12
 *     ...::Cache::insert  file.cpp:12
 */
#ifndef VIEW_PLACE_FIT_H
#define VIEW_PLACE_FIT_H

struct view_place;

/* Columns that a name may have at most, by the width of the terminal (0: none, nothing is cut). */
unsigned view_place_name_columns(unsigned width);

/* Cut text to at most columns, with "..." at its end. Below 4 columns: do not. */
void view_place_cut(char *text, unsigned columns);

/*
 * The same for the name of a function: template arguments go first, then outer namespaces:
 * "...::DiagStateMap::getFile".
 */
void view_place_cut_name(char *name, unsigned columns);

/* The columns of what such a name is reduced to before it is cut: the class and the method. */
unsigned view_place_name_least(const char *name);

/*
 * The same for a position: callers go first, then folders: "Objects/listobject.c:81 <- ...",
 * ".../listobject.c:81". The file and the line are never cut.
 */
void view_place_cut_position(char *text, unsigned columns);

/* The columns that a position has at least, when it is cut. */
unsigned view_place_least(const char *position);

/* Cut name and position, with two blanks between, to so many columns; the line stays. */
void view_place_fit(struct view_place *view, unsigned columns);

#endif
