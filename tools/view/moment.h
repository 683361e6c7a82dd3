/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/moment.h - what reports call a moment of a process, in text and JSON
 */
#ifndef VIEW_MOMENT_H
#define VIEW_MOMENT_H

#include "model/profile.h"

struct json_writer;

/* "at the peak (5.1 s)", "now", "at exit (12.4 s)". To free. */
char *view_moment_describe(const struct profile *profile, const struct profile_at *at);

/* The object of that key: which process, and at which moment. */
void view_moment_json(struct json_writer *json, const char *key, const struct profile *profile,
		      const struct profile_at *at);

/* "sort 4711", or of a sum over processes "make, 12 processes". Safe for terminals, to free. */
char *view_moment_name_process(const struct profile *profile);

#endif
