/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module_open.h - from an address of a process to what the file of its module has
 */
#ifndef MODULE_OPEN_H
#define MODULE_OPEN_H

#include <stdbool.h>
#include <stdint.h>

struct debuginfo;
struct module_files;
struct profile;
struct profile_module;

/* The module that an address is in, or PROFILE_NO_MODULE. */
uint32_t module_find(const struct profile *profile, uint64_t address);

/* To be freed by `debuginfo_free`; NULL if its file is not there. */
struct debuginfo *module_open(struct module_files *files, const struct profile_module *module,
			      bool online);

#endif
