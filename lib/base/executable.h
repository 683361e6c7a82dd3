/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * executable.h - which file the program is
 *
 * That is what the kernel has executed, unless it was told to execute the dynamic loader, which was
 * told the program by its command line: then it is the file of the first object.
 */
#ifndef EXECUTABLE_H
#define EXECUTABLE_H

#include "base/base.h"

/* Its path, as the kernel knows it; "" if that cannot be had. Lasts: a forked child's is its
 * parent's, and not what the kernel makes of a name that is gone. [init] */
const char *executable_path(void);

/* What leads to the very file, whatever its path leads to now, as far as there is that. [init] */
const char *executable_file(void);

/* The name of the process, NUL-terminated and cut to `bytes`; "unknown" if it cannot be had. [init]
 */
void executable_read_command(char *command, size_t bytes);

#endif
