/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/mprof.h - the file of Python's mprof: `mprof plot` draws it
 */
#ifndef EXPORT_MPROF_H
#define EXPORT_MPROF_H

struct term;
struct view_timeline;

/* Marks are its functions. */
void export_mprof(const struct term *term, const struct view_timeline *view);

#endif
