/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "symbols/debuginfo_search.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debuginfo_location.h"
#include "symbols/elf_inflate.h"
#include "util/xalloc.h"

#define BUILD_ID_MAX 20 /* bytes, as of SHA-1: no file is looked for by a longer one */
#define LINK_PLACES  (DEBUGINFO_PLACES_MAX - 1)

static bool
has_same_build_id(Dwfl_Module *module, int fd)
{
	const unsigned char *wanted;
	const void *found;
	GElf_Addr where;
	int wanted_bytes = dwfl_module_build_id(module, &wanted, &where);
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	bool same = false;

	if (elf != NULL && wanted_bytes > 0)
		same = dwelf_elf_gnu_build_id(elf, &found) == wanted_bytes &&
		       memcmp(found, wanted, (size_t)wanted_bytes) == 0;
	elf_end(elf);
	return same;
}

/* Whether link is that of the module; else it is of a file that several modules share. */
static bool
is_link_of(Dwfl_Module *module, const char *link)
{
	GElf_Addr bias;
	GElf_Word checksum;
	Elf *elf = dwfl_module_getelf(module, &bias);
	const char *own = elf != NULL ? dwelf_elf_gnu_debuglink(elf, &checksum) : NULL;

	return own != NULL && strcmp(own, link) == 0;
}

static int
open_if_same(Dwfl_Module *module, const char *path, const char *link,
	     struct debuginfo_search *search)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	bool regular = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);

	if (regular && has_same_build_id(module, fd))
		return fd;
	if (regular && search->stale == NULL && is_link_of(module, link))
		search->stale = xstrdup(path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Around the directory of the module, with the name that its .gnu_debuglink gives: paths to free.
 * Returns how many. */
static size_t
list_by_link(const char *file, const char *link, char **ret_places)
{
	static const char *const places[][2] = {
		{"", "/"},
		{"", "/.debug/"},
		{"/usr/lib/debug", "/"},
	};
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	size_t count = 0;

	if (link == NULL || slash == NULL || strchr(link, '/') != NULL)
		return 0;
	for (size_t i = 0; i < LINK_PLACES; i++) {
		char *path = xasprintf("%s%.*s%s%s", places[i][0], (int)(slash - file), file,
				       places[i][1], link);

		/* The link may have the name of the module itself. */
		if (strcmp(path, file) != 0)
			ret_places[count++] = path;
		else
			free(path);
	}
	return count;
}

static int
search_link(Dwfl_Module *module, const char *file, const char *link,
	    struct debuginfo_search *search, char **ret_path)
{
	char *places[LINK_PLACES];
	size_t count = list_by_link(file, link, places);
	int fd = -1;

	for (size_t i = 0; i < count; i++) {
		bool found = fd < 0 && (fd = open_if_same(module, places[i], link, search)) >= 0;

		if (found)
			*ret_path = places[i];
		else
			free(places[i]);
	}
	return fd;
}

static int
find(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
     const char *link, GElf_Word checksum, char **ret_path)
{
	struct debuginfo_search *search = *data;
	const unsigned char *build_id;
	GElf_Addr where;
	int fd;

	/* Servers are asked by build-id, so without one the usual search loads nothing, and it
	 * knows the checksums of old links. */
	if (dwfl_module_build_id(module, &build_id, &where) <= 0)
		return dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum,
						    ret_path);
	fd = dwfl_build_id_find_debuginfo(module, data, name, base, file, link, checksum, ret_path);
	if (fd < 0)
		fd = search_link(module, file, link, search, ret_path);
	if (fd < 0 && search->online)
		fd = dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum,
						  ret_path);
	return fd;
}

int
debuginfo_search(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
		 const char *file, const char *link, GElf_Word checksum, char **ret_path)
{
	struct debuginfo_search *search = *data;
	int fd = find(module, data, name, base, file, link, checksum, ret_path);
	int inflated = fd >= 0 ? elf_inflate(fd) : fd;

	if (inflated < 0 && fd >= 0) {
		if (search->damaged == NULL && *ret_path != NULL)
			search->damaged = xstrdup(*ret_path);
		return fd;
	}
	return inflated;
}

char *
debuginfo_search_make_path(const uint8_t *build_id, size_t bytes)
{
	char digits[2 * BUILD_ID_MAX + 1] = "";

	if (bytes < 2 || bytes > BUILD_ID_MAX)
		return NULL;
	for (size_t i = 0; i < bytes; i++)
		sprintf(digits + 2 * i, "%02x", build_id[i]);
	return xasprintf("/usr/lib/debug/.build-id/%.2s/%s.debug", digits, digits + 2);
}

size_t
debuginfo_search_list(Dwfl_Module *module, const char *file, char **ret_places)
{
	const unsigned char *build_id;
	GElf_Addr bias, where;
	GElf_Word checksum;
	Elf *elf = dwfl_module_getelf(module, &bias);
	int bytes = dwfl_module_build_id(module, &build_id, &where);
	char *path = bytes > 0 ? debuginfo_search_make_path(build_id, (size_t)bytes) : NULL;
	size_t count = 0;

	if (path != NULL)
		ret_places[count++] = path;
	if (elf != NULL)
		count += list_by_link(file, dwelf_elf_gnu_debuglink(elf, &checksum),
				      ret_places + count);
	return count;
}
