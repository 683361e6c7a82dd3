/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/place_json.h - where something is, as JSON
 */
#ifndef VIEW_PLACE_JSON_H
#define VIEW_PLACE_JSON_H

#include <stdint.h>

#include "model/group.h"

struct json_writer;
struct place_table;

/* The member "frames": what is known of each place of a stack, innermost first. */
void view_place_json(struct json_writer *json, const struct place_table *table, uint32_t stack,
		     enum group_by by);

#endif
