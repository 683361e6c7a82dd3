/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * changes.h - who made the heap grow, and who made it fall, in a span of time
 */
#ifndef CHANGES_H
#define CHANGES_H

#include <stddef.h>
#include <stdint.h>

#include "model/diff.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/selection.h"

/* The lines that changed most between two points of time. */
struct changes_part {
	uint64_t from_ns, to_ns;
	struct place_table *table; /* of the rows; NULL when nothing is known of this part */
	struct diff_row *rows;     /* the largest change first */
	size_t count;
};

struct changes {
	struct changes_part grew; /* from the start of the span to its largest size */
	struct changes_part fell; /* from there to its end */
	struct changes_part late; /* what grew all the same from there to its end */
};

/* At most so many rows a part, of a symbolized profile, in nanoseconds since its start; of what is
 * selected, or of all with NULL. The moments are those of the whole. */
void changes_init(struct changes *changes, const struct profile *profile,
		  const struct selection *selection, uint64_t from_ns, uint64_t to_ns, size_t most);
void changes_release(struct changes *changes);

#endif
