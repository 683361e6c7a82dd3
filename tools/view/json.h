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

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/json_writer.h"

struct place;
struct profile_values;

/* Begin a document: name is "top" in "heaptally-top". To be ended with `json_writer_end_object`. */
void view_json_begin(struct json_writer *json, FILE *stream, const char *name);

/* The members of every column. */
void view_json_values(struct json_writer *json, const struct profile_values *values, bool has_lost);

/* What a group is known by whose key is no place: a range of sizes, a generation, a thread, a
 * process; else nothing. */
void view_json_key(struct json_writer *json, const struct place *place);

/* A string of an array; context is the writer. For functions that tell sentences. */
void view_json_sentence(void *context, const char *sentence);

/* A number, or null. */
void view_json_optional(struct json_writer *json, const char *key, bool is_known, uint64_t value);

#endif
