/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/svg.h - the size of the heap over time, as a picture for browsers
 *
 * It has no scripts and no references to elsewhere.
 */
#ifndef EXPORT_SVG_H
#define EXPORT_SVG_H

struct term;
struct view_timeline;

/* How a picture begins, and no picture of others does. */
#define EXPORT_SVG_MAGIC "<!-- heaptally timeline -->\n"

void export_svg(const struct term *term, const struct view_timeline *view);

#endif
