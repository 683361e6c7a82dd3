/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listing.h - the single blocks of a profile that pass the filters, in order
 *
 * Blocks are chosen by their index in `profile.blocks`: four bytes each, on top of the 32 that the
 * profile has. When few are to be shown of many, only those are kept and sorted.
 */
#ifndef LISTING_H
#define LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/group.h"
#include "model/profile.h"

enum listing_order {
	LISTING_BY_AGE,     /* oldest first, then by address */
	LISTING_BY_SIZE,    /* largest first, then by address */
	LISTING_BY_ADDRESS, /* ascending */
};

/* "age", ...; NULL ends the table. */
extern const char *const listing_order_names[];

struct listing {
	const struct profile *profile;
	uint32_t *blocks; /* in order */
	size_t count;     /* of `blocks` */
	size_t all;       /* that pass, shown or not */
	uint64_t all_bytes, all_usable;
};

/*
 * Choose the blocks that pass the filters of attribution, and of these the first rows in this
 * order; 0 is all.
 */
void listing_init(struct listing *listing, const struct profile *profile,
		  const struct attribution *attribution, enum listing_order order, size_t rows);
void listing_release(struct listing *listing);

#endif
