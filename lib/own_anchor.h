/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * own_anchor.h - what leads from the memory of the process to our tables
 */
#ifndef OWN_ANCHOR_H
#define OWN_ANCHOR_H

#include "base/base.h"

/* A recording has begun, its tables are ready. [init] */
void own_anchor_set(void);

/* There is none. [init] */
void own_anchor_clear(void);

/* From now on blocks may live that are in no table; until the next `own_anchor_clear`. [signal] */
void own_anchor_note_unknown(void);

/* Sites below this one are forgotten. [signal] */
void own_anchor_set_site_base(uint32_t site_base);

#endif
