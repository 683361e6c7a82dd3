/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * folder.h - the recordings and the tallies that lie in a directory
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

/* Names as they stand there, the newest last, the others in no order. */
struct folder_names {
	char **items;
	size_t count, capacity;
};

/* Links are left out. 0 with names to release, or the -errno of opendir(3) without any. */
int folder_list(const char *path, struct folder_names *ret_names);

void folder_names_release(struct folder_names *names);

#endif
