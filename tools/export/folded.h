/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/folded.h - stacks as lines for flamegraph.pl, inferno and others
 *
 * "main;load;parse 4096": functions from the outermost on, and the number of --sort. Stacks of the
 * same functions are one line; what has none of that number has no line.
 */
#ifndef EXPORT_FOLDED_H
#define EXPORT_FOLDED_H

struct export_input;
struct term;

void export_folded(const struct term *term, const struct export_input *input);

#endif
