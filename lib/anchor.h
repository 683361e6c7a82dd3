/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor.h - what leads from the memory of the process to our tables
 */
#ifndef ANCHOR_H
#define ANCHOR_H

#include "base/base.h"

/* A recording has begun, its tables are ready. [init] */
void anchor_set(void);

/* There is none. [init] */
void anchor_clear(void);

/* From now on blocks may live that are in no table; until the next `anchor_clear`. [signal] */
void anchor_note_unknown(void);

/* Sites below this one are forgotten. [signal] */
void anchor_set_site_base(uint32_t site_base);

#endif
