/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/massif_tree.h - the callers at one moment, as massif writes them
 */
#ifndef EXPORT_MASSIF_TREE_H
#define EXPORT_MASSIF_TREE_H

#include <stdio.h>

struct export_input;
struct group_set;

/* The live bytes of a set of groups by the innermost frames, their callers below them. */
void export_massif_tree(FILE *stream, const struct export_input *input,
			const struct group_set *set);

#endif
