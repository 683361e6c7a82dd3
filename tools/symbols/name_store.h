/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_store.h - files of names in the user's cache directory
 *
 * That is heaptally/ in $XDG_CACHE_HOME, or in ~/.cache. It and its files are used only if they are
 * ours, no links, and nobody else may write to them. A file is replaced as a whole. When there are
 * too many, or they are too large, those that were not used for the longest time go.
 */
#ifndef NAME_STORE_H
#define NAME_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

#define NAME_STORE_FILE_MOST ((size_t)16 << 20) /* bytes */
#define NAME_STORE_MOST      ((uint64_t)64 << 20)
#define NAME_STORE_FILES     2048u

/* The directory as a descriptor, or -errno when there is none that can be trusted. `makes` it if it
 * is missing. */
int name_store_open(bool makes);

/* Append the file of this name. 0; -EPERM when it is not to be trusted; -errno. */
int name_store_read(int store, const char *name, struct buffer *ret_bytes);

/* 0 or -errno; then what was there stays. */
int name_store_write(int store, const char *name, const void *bytes, size_t count);

/* After writing: remove what is too much. */
void name_store_limit(int store);

/* How many files there are, and their bytes. */
void name_store_measure(int store, uint64_t *ret_files, uint64_t *ret_bytes);

/* Remove all files. 0 or -errno. */
int name_store_clear(int store);

#endif
