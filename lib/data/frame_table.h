/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frame_table.h - frames of the recording, each once
 *
 * A return address whose module went and came back is learnt anew; its frame must be what it was,
 * or a program that loads plugins in turn at one address would make new stacks for ever.
 */
#ifndef FRAME_TABLE_H
#define FRAME_TABLE_H

#include "recording/recording_map.h"

/* Start empty. */
void frame_table_reset(void);

/* The number of a frame; FRAME_NONE when there is no room. The caller serialises calls. [signal] */
uint32_t frame_table_intern(const struct recording_frame *frame);

#endif
