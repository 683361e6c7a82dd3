/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wrapper.h - functions that allocate on behalf of their caller
 *
 * A site is named by the most recent frame in the user's own code. These never name one, unless
 * nothing else is on the stack: allocators and their wrappers (`operator new`, xmalloc, g_malloc),
 * the C and C++ libraries and their containers, Rust's core, alloc and std, and what runs before
 * main.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names that the user added: globs on the function, or on "libfoo.so+0x1f2e". */
struct wrapper_patterns {
	const char *const *globs;
	size_t count;
};

/* What is unknown is NULL. module is a path. patterns may be NULL. */
bool wrapper_match(const char *function, const char *file, const char *module,
		   const struct wrapper_patterns *patterns);

/* The same of a function in Python, of which none is known beforehand. */
bool wrapper_match_python(const char *function, const struct wrapper_patterns *patterns);

/* The same of code in a module that has no name: only the user knows. */
bool wrapper_match_address(const char *module, uint64_t offset,
			   const struct wrapper_patterns *patterns);

/*
 * Whether a frame says nothing at all of who allocates: an allocator, what runs before main, or
 * anything in the C and C++ libraries. What is left of wrappers are instances of the library's
 * templates, and the like, in the program's own modules.
 */
bool wrapper_is_foreign(const char *function, const char *module);

#endif
