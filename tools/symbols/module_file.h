/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module_file.h - which file has the symbols of a module
 *
 * A path is only what the loader was told: by now another file may be there, or none, or it meant
 * something else where the process is. While the process lives the kernel still has the file that
 * was mapped, under whatever name or none.
 */
#ifndef MODULE_FILE_H
#define MODULE_FILE_H

#include <stddef.h>

struct module_files;
struct profile;
struct profile_module;

/* For the modules of profile, which must outlive it. Never NULL. */
struct module_files *module_files_new(const struct profile *profile);

/* NULL is accepted. */
void module_files_free(struct module_files *files);

/*
 * The place to look at after `index` others, the best first: a path to free, or NULL when there is
 * no more. That of a module with a build-id may be any file, to be compared by it; else it is the
 * one that was mapped, as far as can be known.
 *
 * Those that are not there or not the file that was mapped are left out; *ret_error is then -ESTALE
 * if there was another file in its place, or -ENOENT and the like.
 */
char *module_files_next(struct module_files *files, const struct profile_module *module,
			size_t *index, int *ret_error);

#endif
