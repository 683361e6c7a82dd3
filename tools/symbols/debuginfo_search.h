/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo_search.h - find the separate debug file of a module, without the net
 *
 * libdwfl's own search ends by loading libdebuginfod and half of what the net needs, 40 ms of each
 * report, even when no server is to be asked.
 */
#ifndef DEBUGINFO_SEARCH_H
#define DEBUGINFO_SEARCH_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the search is told and tells, by the user data of the module. */
struct debuginfo_search {
	bool online;
	char *stale;   /* a file of the right name that is of another build, or NULL; to free */
	char *damaged; /* one that cannot be inflated, likewise */
};

/* A find_debuginfo callback of libdwfl: where gdb looks, and only files with the same build-id. */
int debuginfo_search(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
		     const char *file, const char *link, GElf_Word checksum, char **ret_path);

/* The usual debug file of this build-id, to free; NULL where it is none. */
char *debuginfo_search_make_path(const uint8_t *build_id, size_t bytes);

/* The places where that looks, paths to free: DEBUGINFO_PLACES_MAX at most. Returns how
 * many. */
size_t debuginfo_search_list(Dwfl_Module *module, const char *file, char **ret_places);

#endif
