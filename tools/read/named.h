/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * named.h - the recording of a process by the name of its program
 */
#ifndef NAMED_H
#define NAMED_H

/*
 * Find the recording of the one process of this user called name, as `heaptally list` shows it: of
 * those that run, or when none does, of those that ended. 0 with a path to free; -ENOENT if there
 * is none; -ENOTUNIQ if there are several, with a sentence that lists them, to free.
 */
int named_find(const char *name, char **ret_path, char **ret_why);

#endif
