/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "run/elf_look.h"

#include <fcntl.h>
#include <unistd.h>

bool
elf_look(const char *path, void (*look)(Elf *, void *), void *context)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	Elf *elf = NULL;
	bool is_elf = false;

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	is_elf = elf != NULL && elf_kind(elf) == ELF_K_ELF;
	if (is_elf)
		look(elf, context);
	elf_end(elf);
	close(fd);
	return is_elf;
}
