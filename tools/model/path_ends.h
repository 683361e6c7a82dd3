/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * path_ends.h - pair the files of two trees by the ends of their paths
 */
#ifndef PATH_ENDS_H
#define PATH_ENDS_H

#include <stddef.h>
#include <stdint.h>

#define PATH_ENDS_NONE SIZE_MAX

/* The whole components that two paths have in common at their ends, in bytes. */
size_t path_ends_get_common(const char *left, const char *right);

/*
 * For each old path the new one that ends most like it, and the other way round: ret_new[i] is its
 * index, or PATH_ENDS_NONE where two do equally, or no one does. Absolute and relative paths are
 * never paired. Takes the time that sorting takes.
 */
void path_ends_pair(const char *const *old, size_t old_count, const char *const *new,
		    size_t new_count, size_t *ret_new);

#endif
