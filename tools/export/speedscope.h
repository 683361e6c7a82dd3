/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/speedscope.h - the file of speedscope: several profiles over the same frames
 *
 * What is live at the moment, at the peak, and ever: bytes, counts and temporary ones. The one that
 * is shown first is that of the moment that was asked for. Of single blocks only the first is
 * known.
 */
#ifndef EXPORT_SPEEDSCOPE_H
#define EXPORT_SPEEDSCOPE_H

struct export_input;
struct term;

void export_speedscope(const struct term *term, const struct export_input *input);

#endif
