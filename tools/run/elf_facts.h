/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_facts.h - what an ELF file tells at one look of whether it can be traced
 */
#ifndef ELF_FACTS_H
#define ELF_FACTS_H

#include <stdbool.h>

struct elf_facts {
	bool is_elf, is_64, is_x86_64;
	bool has_interpreter, is_musl, is_go;
	bool exports_malloc;
	bool is_loader, is_recent_loader; /* the dynamic loader; of a glibc from 2.35 on */
	const char *sanitizer;            /* that it is built with, or NULL */
	char *interpreter;                /* or NULL */
};

/* Look at the file at path. False, with nothing to release, when it is no ELF file. */
bool elf_facts_read(const char *path, struct elf_facts *ret_facts);

void elf_facts_release(struct elf_facts *facts);

/*
 * Name the allocator that the executable at path has inside, from its symbols: "jemalloc
 * (je_malloc)". To free; NULL if there is none to be seen.
 */
char *elf_facts_find_allocator(const char *path);

#endif
