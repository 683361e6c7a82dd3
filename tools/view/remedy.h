/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/remedy.h - what would give free pages back, each with its bytes
 */
#ifndef VIEW_REMEDY_H
#define VIEW_REMEDY_H

#include <stdbool.h>

struct json_writer;
struct resident;
struct term;

/* A line for what malloc_trim or decay would return now, one for each advice, and one for what
 * nothing gives back; has_pins: whose that is follows. */
void view_remedy_text(const struct term *term, const struct resident *resident, bool has_pins);

/* The member "remedies". */
void view_remedy_json(struct json_writer *json, const struct resident *resident);

#endif
