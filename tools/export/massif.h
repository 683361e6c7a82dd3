/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/massif.h - the file of valgrind's massif: ms_print and massif-visualizer show it
 *
 * The curve, and a tree of callers at every moment that was kept and at the peak. When the moment
 * that was asked for is not the peak, the file ends there. Of what passed filters only the trees
 * are known, so there is no curve then.
 */
#ifndef EXPORT_MASSIF_H
#define EXPORT_MASSIF_H

struct export_input;
struct term;

void export_massif(const struct term *term, const struct export_input *input);

#endif
