/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/leaks_row.h - one place of `heaptally leaks` as text: how much, why, where, and what hangs
 * on it
 *
 *     LOST     12 KiB in 3 blocks   1 lost, and what hangs on it
 *              parse  json.c:41, looks like Session
 *                -> read  json.c:12, 2 blocks, 8 KiB
 */
#ifndef VIEW_LEAKS_ROW_H
#define VIEW_LEAKS_ROW_H

struct leak_row;
struct term;
struct view_leaks;

void view_leaks_row_text(const struct term *term, const struct view_leaks *view,
			 const struct leak_row *row);

#endif
