/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo.h - the names and lines that one ELF file has for its addresses
 *
 * Everything comes from elfutils: the file itself, its separate debug file (by .gnu_debuglink or
 * build-id below /usr/lib/debug), compressed, split and dwz'd DWARF, and the symbols in
 * .gnu_debugdata. Nothing is read before it is needed, and each unit of the DWARF at most once.
 *
 * Addresses are those of the program headers (memory address minus load bias).
 */
#ifndef DEBUGINFO_H
#define DEBUGINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/debuginfo_location.h"

struct Dwfl_Module;
struct debuginfo;

/*
 * Open the file at path, which must have the given build-id (0 bytes: not known, not checked). A
 * relative path is looked up from the current directory, and only with a build-id.
 *
 * 0; -ESTALE if the file has another build-id, that is, was replaced since; -ENOENT and the like if
 * it cannot be opened; -ENOEXEC if it is no ELF file. When the file is gone or stale but a separate
 * debug file with the build-id is installed, that is used and the result is 0.
 *
 * Servers of debug information are asked only if online.
 */
int debuginfo_open(const char *path, const uint8_t *build_id, uint32_t build_id_bytes, bool online,
		   struct debuginfo **ret_debuginfo);

/* NULL is accepted. */
void debuginfo_free(struct debuginfo *debuginfo);

/*
 * What is at address: innermost inlined function first, the physical function last. Returns the
 * number of locations, 0 when not even a symbol covers the address.
 */
size_t debuginfo_find(struct debuginfo *debuginfo, uint64_t address,
		      struct debuginfo_location locations[DEBUGINFO_LOCATIONS_MAX]);

/* Where the separate debug file is, or might be: paths to free. Returns how many. */
size_t debuginfo_get_places(const struct debuginfo *debuginfo, char *places[DEBUGINFO_PLACES_MAX]);

/* Whether all that was found came from the file and these places, and nothing was missing. */
bool debuginfo_is_complete(const struct debuginfo *debuginfo);

/* What elfutils knows of it; addresses in its symbols are those of the program headers. */
struct Dwfl_Module *debuginfo_get_module(const struct debuginfo *debuginfo);

/*
 * What keeps names from being found, once they were looked up: a sentence with the name of the file
 * and what would help, to free; NULL if nothing does.
 */
char *debuginfo_explain(const struct debuginfo *debuginfo);

#endif
