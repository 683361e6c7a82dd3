/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intern.h - every distinct string once
 *
 * Two strings of one table are equal exactly when their addresses are, so who groups by name
 * compares pointers. The strings live as long as the table and never move.
 */
#ifndef INTERN_H
#define INTERN_H

#include <stddef.h>

struct intern;

/* Never NULL. */
struct intern *intern_new(void);

/* NULL is accepted. */
void intern_free(struct intern *intern);

/* The NUL-terminated copy of these bytes; the same address for the same bytes. */
const char *intern_insert(struct intern *intern, const char *bytes, size_t length);

/* The same for a string; NULL stays NULL. */
const char *intern_insert_string(struct intern *intern, const char *text);

/* Distinct strings so far. */
size_t intern_count(const struct intern *intern);

/* Length of a string that came from `intern_insert`, without walking it. */
size_t intern_length(const char *interned);

#endif
