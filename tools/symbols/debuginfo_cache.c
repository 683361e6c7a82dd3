/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "symbols/debuginfo_cache.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/debuginfo.h"
#include "util/xalloc.h"

/* Debug information of a large program takes hundreds of megabytes; the longest unused goes. */
enum {
	MODULES_MAX = 48
};

struct entry {
	char *path; /* NULL: free */
	uint8_t build_id[20];
	uint32_t build_id_bytes;
	struct debuginfo *debuginfo; /* NULL: cannot be read, for `error` */
	int error;
	uint64_t used;
};

struct debuginfo_cache {
	struct entry entries[MODULES_MAX];
	uint64_t clock;
};

static void
clear_entry(struct entry *entry)
{
	debuginfo_free(entry->debuginfo);
	free(entry->path);
	memset(entry, 0, sizeof(*entry));
}

static bool
is_entry_of(const struct entry *entry, const char *path, const uint8_t *build_id, uint32_t bytes)
{
	return entry->path != NULL && entry->build_id_bytes == bytes &&
	       memcmp(entry->build_id, build_id, bytes) == 0 && strcmp(entry->path, path) == 0;
}

struct debuginfo_cache *
debuginfo_cache_new(void)
{
	return xcalloc(1, sizeof(struct debuginfo_cache));
}

void
debuginfo_cache_free(struct debuginfo_cache *cache)
{
	if (cache == NULL)
		return;
	for (int i = 0; i < MODULES_MAX; i++)
		clear_entry(&cache->entries[i]);
	free(cache);
}

static int
get_result(const struct entry *entry, struct debuginfo **ret_debuginfo)
{
	if (entry->debuginfo != NULL)
		*ret_debuginfo = entry->debuginfo;
	return entry->error;
}

int
debuginfo_cache_get(struct debuginfo_cache *cache, const char *path, const uint8_t *build_id,
		    uint32_t build_id_bytes, bool online, struct debuginfo **ret_debuginfo)
{
	struct entry *oldest = &cache->entries[0];

	for (int i = 0; i < MODULES_MAX; i++) {
		struct entry *entry = &cache->entries[i];

		if (is_entry_of(entry, path, build_id, build_id_bytes)) {
			entry->used = ++cache->clock;
			return get_result(entry, ret_debuginfo);
		}
		if (entry->used < oldest->used)
			oldest = entry;
	}
	clear_entry(oldest);
	oldest->path = xstrdup(path);
	oldest->build_id_bytes = build_id_bytes;
	memcpy(oldest->build_id, build_id, build_id_bytes);
	oldest->used = ++cache->clock;
	oldest->error = debuginfo_open(path, build_id, build_id_bytes, online, &oldest->debuginfo);
	return get_result(oldest, ret_debuginfo);
}
