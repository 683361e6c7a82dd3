/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks.h - the exported functions that programs call instead of libc's
 *
 * The list is the one of glibc's manual, "Replacing malloc", and besides
 *   reallocarray        an allocator behind us may have its own
 *   cfree               old binaries call it (GLIBC_2.2.5)
 *   dlclose             so that what was learnt of a module goes with it
 *   access, faccessat   so that a program in any language can ask for a mark (hooks_access.c)
 *   _Fork               so that the child of a signal handler can return into the runtime
 *   mlockall            so that a program's memory is locked, and not ours (hooks_lock.c)
 *   exec*, posix_spawn* so that a program that cannot be recorded is at least named
 */
#ifndef HOOKS_H
#define HOOKS_H

#include "base/base.h"

void *malloc(size_t bytes);
void free(void *block);
void *calloc(size_t count, size_t bytes);
void *realloc(void *block, size_t bytes);
void *reallocarray(void *block, size_t count, size_t bytes);
int posix_memalign(void **ret_block, size_t alignment, size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
void *memalign(size_t alignment, size_t bytes);
void *valloc(size_t bytes);
void *pvalloc(size_t bytes);
size_t malloc_usable_size(void *block);
void cfree(void *block);
void free_sized(void *block, size_t bytes);
void free_aligned_sized(void *block, size_t alignment, size_t bytes);
int dlclose(void *handle);
int _Fork(void);
int access(const char *path, int mode);
int mlockall(int flags);
int faccessat(int directory, const char *path, int mode, int flags);

#endif
