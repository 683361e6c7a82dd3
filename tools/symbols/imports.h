/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * imports.h - whether a program or a library calls functions of others
 */
#ifndef IMPORTS_H
#define IMPORTS_H

/* Whether the file at path needs any of the functions, which end with NULL: 1 or 0; -errno if the
 * file cannot be read. */
int imports_any(const char *path, const char *const *functions);

#endif
