/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "symbols/imports.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool
is_one_of(const char *name, const char *const *functions)
{
	for (; *functions != NULL; functions++)
		if (strcmp(name, *functions) == 0)
			return true;
	return false;
}

static bool
search(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *const *functions)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data != NULL && header->sh_entsize != 0
			       ? data->d_size / (size_t)header->sh_entsize
			       : 0;

	for (size_t i = 0; i < count; i++) {
		const char *name;
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx != SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name != NULL && is_one_of(name, functions))
			return true;
	}
	return false;
}

int
imports_any(const char *path, const char *const *functions)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result = -ENOEXEC;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf != NULL && elf_kind(elf) == ELF_K_ELF)
		result = 0;
	while (result == 0 && (section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_DYNSYM &&
		    search(elf, section, &header, functions))
			result = 1;
	elf_end(elf);
	close(fd);
	return result;
}
