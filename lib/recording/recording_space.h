/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_space.h - the address space that the recording takes
 *
 * The file of a recording is gigabytes large, though sparse, and every mapped byte counts against a
 * limit that the program may set itself at any time (RLIMIT_AS). So a section is mapped only as far
 * as it is used, and grows in place; what lies between the sections is left free. The whole is put
 * where no other mapping comes by itself:
 *
 *     base
 *     | header | strings    :         | modules   :        | frames ...
 *              |<- mapped ->:  free   |<- mapped->: free   |
 *
 * Where that cannot be had, the whole file is mapped at once. A section is grown by one caller at a
 * time.
 */
#ifndef RECORDING_SPACE_H
#define RECORDING_SPACE_H

#include "base/base.h"
#include "include/recording.h"

/* Map the first bytes of every section, or the whole file if that is at most `whole_limit`; returns
 * the base, or NULL. */
char *recording_space_map(int fd, const struct recording_extent *sections, uint64_t file_bytes,
			  uint64_t whole_limit);

/* Have so many bytes of the section mapped. [signal] */
bool recording_space_extend(enum recording_section section, uint64_t bytes);

/* In a forked child, where the recording is not mapped: put private memory in its place. [signal]
 */
bool recording_space_imitate(void);

void recording_space_unmap(void);

#endif
