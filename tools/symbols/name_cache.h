/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_cache.h - names that an earlier run has found, as long as its files are as they were
 *
 * Opening the debug files of a program takes longer than many a program runs. What is found in a
 * module is kept by its build-id and path, with what stat(2) says of the module and of each place
 * where its debug file is or may come to be: when any of these differs, nothing is believed.
 */
#ifndef NAME_CACHE_H
#define NAME_CACHE_H

#include <stdint.h>

struct debuginfo;
struct name_cache;
struct name_file;

/* NULL when there is no directory that can be trusted. */
struct name_cache *name_cache_new(void);

/* Write what is new. NULL is accepted. */
void name_cache_free(struct name_cache *cache);

/*
 * What is known of a module, to look up and to add to; the cache's. NULL if that was not kept, and
 * for a module whose files are not known well enough: without a build-id, of no absolute path, or
 * changed a moment ago. cache may be NULL.
 */
struct name_file *name_cache_find(struct name_cache *cache, const char *path,
				  const uint8_t *build_id, uint32_t build_id_bytes);

/* The same of one that is not known yet: empty, for what debuginfo, just opened, has. */
struct name_file *name_cache_begin(struct name_cache *cache, const char *path,
				   const uint8_t *build_id, uint32_t build_id_bytes,
				   struct debuginfo *debuginfo);

/* It is not to be kept. NULL is accepted. */
void name_cache_drop(struct name_cache *cache, struct name_file *names);

#endif
