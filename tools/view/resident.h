/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/resident.h - what to say when far more memory was resident than malloc gave
 */
#ifndef VIEW_RESIDENT_H
#define VIEW_RESIDENT_H

struct profile;

/* A sentence to free, or NULL when the heap explains what was resident. Memory of files, the
 * program's text among it, is none that a program has asked for: it does not count. */
char *view_resident_explain(const struct profile *profile);

#endif
