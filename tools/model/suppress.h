/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suppress.h - blocks that are known not to be freed, in the words of LeakSanitizer
 *
 *     leak:PATTERN     a stack with a function, file or module that matches is left out
 *     # comment
 *
 * PATTERN may match anywhere in the name; `^` at its start and `$` at its end tie it to the ends,
 * `*` is any run of characters. The first rule of the file that matches a stack counts it.
 */
#ifndef SUPPRESS_H
#define SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/place.h"

#define SUPPRESS_NONE UINT32_MAX

struct suppress_list {
	char **patterns;
	size_t count;
};

/* Add one line of a file. 0; -EINVAL with a sentence in *ret_why, to free. */
int suppress_list_insert(struct suppress_list *list, const char *line, char **ret_why);

void suppress_list_release(struct suppress_list *list);

/* Whether text matches one pattern. */
bool suppress_match(const char *pattern, const char *text);

/* The first rule that matches this place, or SUPPRESS_NONE. */
uint32_t suppress_list_match_place(const struct suppress_list *list, const struct place *place);

#endif
