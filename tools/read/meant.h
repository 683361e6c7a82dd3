/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meant.h - what a misspelt operand may have meant
 */
#ifndef MEANT_H
#define MEANT_H

/*
 * "; did you mean NAME?" of the nearest one among the files of heaptally in the folder of the
 * operand, with or without ".tally", and, if it names no folder, the programs of this user that are
 * recorded; "" if none is near. To free.
 */
char *meant_suggest(const char *operand);

#endif
