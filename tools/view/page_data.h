/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_data.h - what the HTML page knows, as one JSON object
 *
 *     strings    every name once
 *     places     [name, file, line, module, kind]: numbers of strings, 0 is none; kind is an
 *                index of "other", "own", "python", "none"
 *     nodes      parent and place of each, -1 is none; the parent is the smaller number
 *     lines      place of each
 *     cut        sites in the rest of each node, and of those without a node; of lines, without one
 *     columns    numbers of all nodes and lines, sparse: steps between indices, and values. Of n
 *                nodes the own values have the indices below n, the rests those below 2n, and what
 *                has no node 2n; of m lines, what has none m
 *     curve      [time, live, resident] of each side, in seconds and bytes
 *     moments    of each side
 */
#ifndef VIEW_PAGE_DATA_H
#define VIEW_PAGE_DATA_H

#include <stdio.h>

struct view_page;

void view_page_data(FILE *stream, const struct view_page *view);

#endif
