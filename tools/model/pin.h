/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin.h - who keeps pages resident that hold little: by line, what stays for a few live blocks
 *
 * What is free on a page with live blocks is charged to their lines by their shares of it. Where
 * all of them are of one line, only that one keeps the page: it is pinned exclusively.
 */
#ifndef PIN_H
#define PIN_H

#include <stddef.h>
#include <stdint.h>

#include "model/memory.h"
#include "util/array.h"

struct attribution;

struct pin {
	uint32_t site; /* the largest of the line: index in `profile.sites`; UINT32_MAX if not known
			*/
	uint64_t site_blocks; /* of that */
	uint64_t live_bytes, live_blocks;
	double pinned, exclusive; /* bytes */
};

/* Some resident pages of a heap, one after the other. */
struct pin_cell {
	uint64_t pages, used; /* bytes */
};

struct pin_list {
	ARRAY(struct pin) pins; /* the one that pins most first */
	ARRAY(struct pin_cell) cells;
	uint64_t pages; /* of a cell */
};

/* At most so many cells; attribution names the sites. */
void pin_list_init(struct pin_list *list, const struct memory *memory,
		   struct attribution *attribution, size_t cells);
void pin_list_release(struct pin_list *list);

#endif
