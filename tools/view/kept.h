/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/kept.h - what system libraries keep by design, which is not said to be not freed
 */
#ifndef VIEW_KEPT_H
#define VIEW_KEPT_H

#include <stdbool.h>

struct group_set;
struct json_writer;
struct profile;
struct profile_at;
struct profile_values;
struct term;

/* "kept by system libraries 74.2 KiB in 5 blocks"; nothing when that is none. */
void view_kept_line(const struct term *term, const char *indent, const struct profile_values *kept);

/* The object of that key: the same of the whole program, and by rule; null where at is not the end
 * of a process that ended. */
void view_kept_json(struct json_writer *json, const char *key, const struct profile *profile,
		    const struct profile_at *at);

/* Every rule, with what it left out of set. */
void view_kept_rules(const struct term *term, const struct group_set *set);

#endif
