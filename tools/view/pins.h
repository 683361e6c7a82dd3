/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/pins.h - which lines keep pages for their few live blocks, and how full the heap is
 */
#ifndef VIEW_PINS_H
#define VIEW_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/attribution.h"
#include "model/pin.h"

struct json_writer;
struct term;

#define VIEW_PINS_COLUMNS 64 /* of the picture */
#define VIEW_PINS_LINES   12

struct view_pins {
	const struct pin_list *list;
	struct attribution *attribution;
	bool full_names;
};

/* The table of the first rows, 0 being all, and the picture. */
void view_pins_text(const struct term *term, const struct view_pins *view, size_t rows);

/* The member "pins". */
void view_pins_json(struct json_writer *json, const struct view_pins *view, size_t rows);

/* Lines "pin,PLACE,BYTES" of the first rows. */
void view_pins_csv(FILE *stream, const struct view_pins *view, size_t rows);

#endif
