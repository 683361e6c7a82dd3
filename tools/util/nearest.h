/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nearest.h - which of some words was meant by a misspelt one
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* So many slips make another word of it, not a misspelt one. */
size_t nearest_limit(const char *word);

/* Whether word is fewer slips from name than slips says, which then says how many; one that is the
 * same is no slip, and none. slips begins as `nearest_limit`. */
bool nearest_is_nearer(const char *word, const char *name, size_t *slips);

/*
 * The one of names ("live, blocks, peak") that a slip of the fingers or two turns into word; to
 * free. NULL if none is near, or word is one of them.
 *
 * The distance is that of optimal string alignment: letters inserted, left out, changed, or
 * exchanged with their neighbour.
 */
char *nearest_find(const char *word, const char *names);

/* "; did you mean peak?" of the same, or ""; to free. */
char *nearest_suggest(const char *word, const char *names);

#endif
