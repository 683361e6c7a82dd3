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

static int
open_if_same(Dwfl_Module *module, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    has_same_build_id(module, fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
debuginfo_search_offline(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			 const char *file, const char *link, GElf_Word checksum, char **ret_path)
{
	/* Around the directory of the module, with the name that its .gnu_debuglink gives. */
	static const char *const places[][2] = {
		{"", "/"},
		{"", "/.debug/"},
		{"/usr/lib/debug", "/"},
	};
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	const unsigned char *build_id;
	GElf_Addr where;
	int fd;

	/* Servers are asked by build-id, so without one the usual search loads nothing, and it
	 * knows the checksums of old links. */
	if (dwfl_module_build_id(module, &build_id, &where) <= 0)
		return dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum,
						    ret_path);
	fd = dwfl_build_id_find_debuginfo(module, data, name, base, file, link, checksum, ret_path);
	if (link == NULL || slash == NULL || strchr(link, '/') != NULL)
		return fd;
	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		char *path = xasprintf("%s%.*s%s%s", places[i][0], (int)(slash - file), file,
				       places[i][1], link);

		fd = open_if_same(module, path);
		if (fd >= 0)
			*ret_path = path;
		else
			free(path);
	}
	return fd;
}
