/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module_table.h - the loaded ELF objects that frames belong to
 *
 * A module is recorded when an address in it is first met: path, load bias, range, build-id. When
 * it is unloaded it is marked as such; when the same object is loaded again the mark goes, and
 * range and bias become those of the new place. Another object at the old place is another module.
 * Callers serialise.
 */
#ifndef MODULE_TABLE_H
#define MODULE_TABLE_H

#include "base/base.h"
#include "include/recording.h"

struct dl_find_object;

/* The frame of a return address in the object that `loader_find_object` found. Where the tables
 * have no room for the object that is noted, and the frame is a bare address. [signal] */
struct recording_frame module_table_frame(const struct dl_find_object *object, uintptr_t address);

/* The same of an object that the process which this one was forked from had recorded; `value` is
 * relative to its bias. It may have been unloaded since. [init] */
struct recording_frame module_table_inherited_frame(const struct recording_module *module,
						    const char *path, uint64_t value);

/* Record the loaded objects that have no build-id; while the program is `starting`, with the
 * identity of their files: later a filter of system calls may be in force. [init] */
void module_table_add_loaded(bool starting);

/* Mark the modules that are gone. True if there was one; *ret_start and *ret_end then span them
 * all.
 */
bool module_table_sweep(uintptr_t *ret_start, uintptr_t *ret_end);

/* Whether a module came since the last sweep. Others may have gone unseen in its favour. */
bool module_table_has_changed(void);

/* Forget all: for a forked child. */
void module_table_reset(void);

#endif
