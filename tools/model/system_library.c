/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * system_library.c - which library of the language or the system a place is of
 *
 * The file decides where it is known, for templates and inlined functions are in the program's own
 * modules; else the module; else the name of the function.
 */
#include "config.h"

#include "model/system_library.h"

#include <string.h>

#include "util/text.h"

struct named_library {
	const char *text, *library;
};

/* By the start of the file name. */
static const struct named_library modules[] = {
	{"libstdc++.so", "libstdc++"},
	{"libc++.so", "libc++"},
	{"libc++abi.so", "libc++"},
	{"libc.so.", "libc"},
	{"libc-2.", "libc"},
	{"libpthread.so", "libc"},
	{"libpthread-2.", "libc"},
	{"libdl.so", "libc"},
	{"libdl-2.", "libc"},
	{"librt.so", "libc"},
	{"librt-2.", "libc"},
	{"libm.so.", "libm"},
	{"libm-2.", "libm"},
	{"ld-linux", "ld.so"},
	{"ld-2.", "ld.so"},
	{"ld-musl", "libc"},
	{"libgcc_s", "libgcc"},
	{"linux-vdso", "the kernel"},
	{"libgfortran.so", "libgfortran"},
	{"libgnat-", "libgnat"},
	{"libgnarl-", "libgnat"},
	{"libheaptally", "heaptally"},
};

/* By a part of the path of a source; the first one that fits. */
static const struct named_library sources[] = {
	{"/include/c++/v1/", "libc++"},
	{"/include/c++/", "libstdc++"},
	{"/rustc/", "Rust's std"},
};

/* By the start of the path, where a library was built without absolute ones. */
static const struct named_library source_starts[] = {
	{"library/alloc/", "Rust's std"},
	{"library/core/", "Rust's std"},
	{"library/std/", "Rust's std"},
};

/* By the start of the name of a function whose file is unknown. */
static const struct named_library functions[] = {
	{"std::__1::", "libc++"},     {"std::rt::", "Rust's std"},  {"std::sys", "Rust's std"},
	{"std::panic", "Rust's std"}, {"core::", "Rust's std"},     {"alloc::", "Rust's std"},
	{"std::", "libstdc++"},       {"__gnu_cxx::", "libstdc++"}, {"operator new", "libstdc++"},
	{"__libc_start_", "libc"},
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const char *
find_start(const struct named_library *table, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (text_starts_with(text, table[i].text))
			return table[i].library;
	return NULL;
}

const char *
system_library_find_module(const char *path)
{
	return path != NULL ? find_start(modules, COUNT(modules), text_base_name(path)) : NULL;
}

const char *
system_library_find(const struct place *place)
{
	const char *library;

	if (place->kind != PLACE_CODE)
		return NULL;
	for (size_t i = 0; place->file != NULL && i < COUNT(sources); i++)
		if (strstr(place->file, sources[i].text) != NULL)
			return sources[i].library;
	library = place->file != NULL ? find_start(source_starts, COUNT(source_starts), place->file)
				      : NULL;
	if (library == NULL)
		library = system_library_find_module(place->module);
	/* What runs before main is linked into every program, with or without its source. */
	if (library == NULL && place->function != NULL && strcmp(place->function, "_start") == 0)
		return "libc";
	if (library == NULL && place->file == NULL && place->function != NULL)
		library = find_start(functions, COUNT(functions), place->function);
	return library;
}
