/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/callgrind.h - the file of callgrind: kcachegrind and callgrind_annotate show it
 *
 * Four costs at each line: bytes in total, live at the moment and at the peak, and allocations. Of
 * stacks only the edges are left, callers and what they call. A function that is on a stack several
 * times has the costs once.
 */
#ifndef EXPORT_CALLGRIND_H
#define EXPORT_CALLGRIND_H

struct export_input;
struct term;

void export_callgrind(const struct term *term, const struct export_input *input);

#endif
