/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc_list.h - numbers that a directory of /proc lists, and the files of each
 */
#ifndef PROC_LIST_H
#define PROC_LIST_H

#include "base/base.h"

/* The entries of a directory whose names are numbers, at most `most`; how many, or -errno. [signal]
 */
int proc_list_read(const char *directory, uint32_t *numbers, uint32_t most);

/* The text at directory/number/file, or directory/number without a file, with its NUL; "" if there
 * is none. [signal] */
void proc_list_read_text(const char *directory, uint32_t number, const char *file, char *text,
			 size_t bytes);

#endif
