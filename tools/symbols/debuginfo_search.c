/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "symbols/debuginfo_search.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/elf_inflate.h"
#include "util/xalloc.h"

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

/* Around the directory of the module, with the name that its .gnu_debuglink gives. */
static int
search_link(Dwfl_Module *module, const char *file, const char *link,
	    struct debuginfo_search *search, char **ret_path)
{
	static const char *const places[][2] = {
		{"", "/"},
		{"", "/.debug/"},
		{"/usr/lib/debug", "/"},
	};
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	int fd = -1;

	if (link == NULL || slash == NULL || strchr(link, '/') != NULL)
		return -1;
	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		char *path = xasprintf("%s%.*s%s%s", places[i][0], (int)(slash - file), file,
				       places[i][1], link);

		/* The link may have the name of the module itself. */
		fd = strcmp(path, file) != 0 ? open_if_same(module, path, link, search) : -1;
		if (fd >= 0)
			*ret_path = path;
		else
			free(path);
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
