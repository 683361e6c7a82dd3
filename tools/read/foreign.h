/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreign.h - whose a file is that is not heaptally's
 */
#ifndef FOREIGN_H
#define FOREIGN_H

/*
 * "a file of massif, see ms_print(1)" by how the file at path begins, or NULL if that is not known.
 * A string of ours.
 */
const char *foreign_describe(const char *path);

#endif
