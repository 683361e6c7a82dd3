/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run/elf_look.h - look into an ELF file
 */
#ifndef ELF_LOOK_H
#define ELF_LOOK_H

#include <gelf.h>
#include <stdbool.h>

/* Call `look` with the open ELF file. False if it cannot be read as one. */
bool elf_look(const char *path, void (*look)(Elf *, void *), void *context);

#endif
