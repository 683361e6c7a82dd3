/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_copy.h - write what the recording holds now to a file of its own
 *
 * The copy is a recording, too, with its sections close together. Other threads go on meanwhile; as
 * for any reader, counts are read before what they count, and the counters last but one.
 */
#ifndef RECORDING_COPY_H
#define RECORDING_COPY_H

#include "base/base.h"

/* Write the copy to path, which appears whole or not at all. 0 or -errno: -EBUSY for the recording
 * of a living process, -EEXIST for anything but a file that is empty or a recording. */
int recording_copy(const char *path);

#endif
