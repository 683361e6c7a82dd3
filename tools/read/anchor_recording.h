/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * anchor_recording.h - what a process was recorded by, which is known by its memory alone
 */
#ifndef ANCHOR_RECORDING_H
#define ANCHOR_RECORDING_H

struct image;
struct snapshot_anchor;

/*
 * The path of the recording of the process, wherever that lies, else of the newest tally of the
 * working directory if it is of the same run. To free; NULL when it is none of these.
 */
char *anchor_recording_find(const struct image *image, const struct snapshot_anchor *anchor);

#endif
