/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo_cache.h - keep debug information open over many profiles
 *
 * A build runs the same compiler a thousand times; without this its names, and those of libc, would
 * be read a thousand times.
 */
#ifndef DEBUGINFO_CACHE_H
#define DEBUGINFO_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct debuginfo;
struct debuginfo_cache;

/* Never NULL. */
struct debuginfo_cache *debuginfo_cache_new(void);

/* NULL is accepted. */
void debuginfo_cache_free(struct debuginfo_cache *cache);

/*
 * As `debuginfo_open`; that it cannot be read is remembered too. *ret_debuginfo is the cache's and
 * valid until the next call.
 */
int debuginfo_cache_get(struct debuginfo_cache *cache, const char *path, const uint8_t *build_id,
			uint32_t build_id_bytes, bool online, struct debuginfo **ret_debuginfo);

#endif
