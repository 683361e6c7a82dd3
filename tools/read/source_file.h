/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_file.h - a file that may be one of heaptally's
 */
#ifndef SOURCE_FILE_H
#define SOURCE_FILE_H

#include <stdbool.h>

/* Open the file at path to read it, and note it as an input. A descriptor; -EISDIR of a folder,
 * -EBADMSG of what is no file, or another -errno. Nothing hangs at a FIFO. */
int source_file_open(const char *path);

/* Whether it begins as a snapshot file does. */
bool source_file_has_tally(int fd);
bool source_file_is_tally(const char *path);

#endif
