/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/mprof.h - the file of Python's mprof: `mprof plot` draws it
 */
#ifndef EXPORT_MPROF_H
#define EXPORT_MPROF_H

struct export_input;
struct term;
struct view_timeline;

/* Marks are its functions. */
void export_mprof(const struct term *term, const struct view_timeline *view);

/* The same of a whole run, or up to a moment that is not the peak. */
void export_mprof_profile(const struct term *term, const struct export_input *input);

#endif
