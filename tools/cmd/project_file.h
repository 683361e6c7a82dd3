/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/project_file.h - options that belong to a project, for every command that has them
 *
 *     # .heaptally
 *     wrapper my_alloc
 *     exclude vendor.c
 *     budget peak=+5%
 *     path-map /build/main=/build/pr
 *
 * The file is looked for in the current directory and those above it. One that others can write is
 * left alone, with a warning. HEAPTALLY_PROJECT names another one, or none when it is empty.
 */
#ifndef PROJECT_FILE_H
#define PROJECT_FILE_H

#include <stddef.h>

/* One line: an option without its dashes, and its value. */
struct project_line {
	char *key, *value;
};

/*
 * Read the file, if there is one; *ret_lines is to stay as long as the command. Returns the number
 * of lines. Ends the command, with `status`, where a line is not understood.
 */
size_t project_file_read(int status, struct project_line **ret_lines);

#endif
