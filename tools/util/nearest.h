/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nearest.h - which of some words was meant by a misspelt one
 */
#ifndef NEAREST_H
#define NEAREST_H

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
