/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/tracemalloc.h - lines as Python prints its statistics of memory
 *
 * `top` is a Statistic a line, `diff` a StatisticDiff, character for character.
 */
#ifndef EXPORT_TRACEMALLOC_H
#define EXPORT_TRACEMALLOC_H

struct term;
struct view_diff;
struct view_top;

void export_tracemalloc_top(const struct term *term, const struct view_top *view);
void export_tracemalloc_diff(const struct term *term, const struct view_diff *view);

#endif
