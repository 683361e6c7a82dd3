/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_recording.h - read a recording, and of a process that lives what only it can tell
 */
#ifndef SOURCE_RECORDING_H
#define SOURCE_RECORDING_H

struct source;
struct source_choice;

/*
 * Insert the profile of the recording at path into the choice: with the moments that `heaptally
 * run` knows and the looks that were asked for. What is no matter of the profile goes to source. 0
 * or -errno.
 */
int source_recording_read(const char *path, struct source_choice *choice, struct source *source);

#endif
