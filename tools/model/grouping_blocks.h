/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grouping_blocks.h - single blocks into groups in the making
 *
 * Blocks go to groups directly, when the key is about them, or else to their sites first.
 */
#ifndef GROUPING_BLOCKS_H
#define GROUPING_BLOCKS_H

#include <stdint.h>

struct grouping;

/* Add the live blocks of the profile that pass the filters, as of a time. */
void grouping_add_blocks(struct grouping *grouping, uint64_t now_ns);

#endif
