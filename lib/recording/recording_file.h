/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_file.h - where the file of a recording is, and what it is called
 *
 *     place    1. out=PATH                       where the user wants it, if it is free or ours
 *              2. dir=PATH                       the launcher's directory
 *              3. $XDG_RUNTIME_DIR/heaptally     if it has room
 *              4. /dev/shm/heaptally-UID         tmpfs, if it has room
 *              5. $TMPDIR or /tmp, heaptally-UID
 *     name     COMM.PID.RANDOM.recording
 */
#ifndef RECORDING_FILE_H
#define RECORDING_FILE_H

#include "base/base.h"
#include "base/options.h"

/* Create the file as options ask, for a forked child or for a new program, and map it. False if it
 * cannot be had; then nothing is left behind. [init] */
bool recording_create(const struct options *options, bool forked);

#endif
