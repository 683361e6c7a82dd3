/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/json.h - what the JSON documents of all reports have in common
 *
 * Every document is an object that begins with "format" and "version". Names of numbers end in
 * their unit: "_bytes", "_blocks" and what else is counted, "_count" where nothing says what,
 * "_seconds".
 */
#ifndef VIEW_JSON_H
#define VIEW_JSON_H

#include <stdio.h>

#include "util/json_writer.h"

struct place;
struct profile_values;

/* Begin a document: name is "top" in "heaptally-top". To be ended with `json_writer_end_object`. */
void view_json_begin(struct json_writer *json, FILE *stream, const char *name);

/* The members of every column. */
void view_json_values(struct json_writer *json, const struct profile_values *values);

/* The numbers of a group whose key is one: a range of sizes, a generation, a thread; else nothing.
 */
void view_json_key(struct json_writer *json, const struct place *place);

#endif
