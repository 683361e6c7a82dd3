/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/name_cache.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debuginfo.h"
#include "symbols/name_file.h"
#include "symbols/name_store.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

#define BUILD_ID_MOST 20
/* Times of files have the grain of a tick: what changed so short ago may change again unseen. */
#define SETTLED_NS (CLOCK_SECOND_NS / 10)

struct module {
	UT_hash_handle hh;
	char *key; /* name of the file in the store */
	struct name_file *names;
	bool is_dropped;
};

struct name_cache {
	int store;
	char *maker;
	struct module *modules;
};

struct name_cache *
name_cache_new(void)
{
	int store = name_store_open(true);
	struct name_cache *cache;

	if (store < 0)
		return NULL;
	cache = xcalloc(1, sizeof(*cache));
	cache->store = store;
	cache->maker = xasprintf(PACKAGE_VERSION " %s", dwfl_version(NULL));
	return cache;
}

/* Whether it was. */
static bool
write_module(const struct name_cache *cache, struct module *module)
{
	struct buffer bytes = BUFFER_INIT;
	int result;

	if (module->is_dropped || !name_file_has_changed(module->names))
		return false;
	name_file_write(module->names, &bytes);
	result = name_store_write(cache->store, module->key, bytes.bytes, bytes.length);
	buffer_release(&bytes);
	return result == 0;
}

void
name_cache_free(struct name_cache *cache)
{
	struct module *module, *next;
	bool grew = false;

	if (cache == NULL)
		return;
	HASH_ITER (hh, cache->modules, module, next) {
		grew |= write_module(cache, module);
		HASH_DEL(cache->modules, module);
		name_file_free(module->names);
		free(module->key);
		free(module);
	}
	if (grew)
		name_store_limit(cache->store);
	close(cache->store);
	free(cache->maker);
	free(cache);
}

/*** files ***/

/* A file as it is now, or that there is none. */
static struct name_source
look_at(const char *path)
{
	struct name_source source = {.path = path};
	struct stat status;

	if (stat(path, &status) != 0)
		return source;
	source.device = status.st_dev;
	source.inode = status.st_ino;
	source.bytes = (uint64_t)status.st_size;
	source.modified_ns = clock_from(status.st_mtim);
	source.changed_ns = clock_from(status.st_ctim);
	return source;
}

static bool
is_settled(const struct name_source *source)
{
	uint64_t now_ns = clock_get_ns(CLOCK_REALTIME);

	return source->changed_ns + SETTLED_NS < now_ns &&
	       source->modified_ns + SETTLED_NS < now_ns;
}

static bool
are_as_before(const struct name_file *names, const char *path)
{
	size_t count;
	const struct name_source *sources = name_file_get_sources(names, &count);

	if (count == 0 || sources[0].inode == 0 || strcmp(sources[0].path, path) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct name_source now = look_at(sources[i].path);

		if (now.device != sources[i].device || now.inode != sources[i].inode ||
		    now.bytes != sources[i].bytes || now.modified_ns != sources[i].modified_ns ||
		    now.changed_ns != sources[i].changed_ns)
			return false;
	}
	return true;
}

/*** modules ***/

/* The build-id, and a hash of the path, whose directory is one of those that are searched. NULL for
 * what is not kept. */
static char *
make_key(const char *path, const uint8_t *build_id, uint32_t bytes)
{
	char text[2 * BUILD_ID_MOST + 1] = "";

	if (path[0] != '/' || strncmp(path, "/proc/", strlen("/proc/")) == 0 || bytes < 8 ||
	    bytes > BUILD_ID_MOST)
		return NULL;
	for (uint32_t i = 0; i < bytes; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", build_id[i]);
	return xasprintf("%s-%016llx.names", text,
			 (unsigned long long)XXH3_64bits(path, strlen(path)));
}

static struct module *
find_module(const struct name_cache *cache, const char *key)
{
	struct module *module;

	HASH_FIND_STR(cache->modules, key, module);
	return module;
}

/* Takes the key. */
static struct name_file *
insert_module(struct name_cache *cache, char *key, struct name_file *names)
{
	struct module *module = xcalloc(1, sizeof(*module));

	module->key = key;
	module->names = names;
	HASH_ADD_KEYPTR(hh, cache->modules, module->key, strlen(module->key), module);
	return names;
}

static struct name_file *
read_names(const struct name_cache *cache, const char *key, const char *path)
{
	struct buffer bytes = BUFFER_INIT;
	struct name_file *names = NULL;

	if (name_store_read(cache->store, key, &bytes) == 0 &&
	    name_file_parse(cache->maker, &bytes, &names) == 0 && !are_as_before(names, path)) {
		name_file_free(names);
		names = NULL;
	}
	buffer_release(&bytes);
	return names;
}

struct name_file *
name_cache_find(struct name_cache *cache, const char *path, const uint8_t *build_id,
		uint32_t build_id_bytes)
{
	char *key = cache != NULL ? make_key(path, build_id, build_id_bytes) : NULL;
	struct module *module;
	struct name_file *names;

	if (key == NULL)
		return NULL;
	module = find_module(cache, key);
	names = module == NULL ? read_names(cache, key, path) : NULL;
	if (names != NULL)
		return insert_module(cache, key, names);
	free(key);
	return module != NULL && !module->is_dropped ? module->names : NULL;
}

struct name_file *
name_cache_begin(struct name_cache *cache, const char *path, const uint8_t *build_id,
		 uint32_t build_id_bytes, struct debuginfo *debuginfo)
{
	char *key = cache != NULL ? make_key(path, build_id, build_id_bytes) : NULL;
	char *places[DEBUGINFO_PLACES_MAX];
	struct name_source sources[DEBUGINFO_PLACES_MAX + 1];
	size_t count, settled = 0;
	struct name_file *names = NULL;

	_Static_assert(DEBUGINFO_PLACES_MAX + 1 <= NAME_SOURCES_MAX, "room for all");
	if (key == NULL || find_module(cache, key) != NULL) {
		free(key);
		return NULL;
	}
	count = debuginfo_get_places(debuginfo, places);
	sources[0] = look_at(path);
	for (size_t i = 0; i < count; i++)
		sources[i + 1] = look_at(places[i]);
	for (size_t i = 0; i <= count; i++)
		settled += is_settled(&sources[i]);
	if (settled == count + 1 && sources[0].inode != 0)
		names = insert_module(cache, key, name_file_new(cache->maker, sources, count + 1));
	else
		free(key);
	for (size_t i = 0; i < count; i++)
		free(places[i]);
	return names;
}

void
name_cache_drop(struct name_cache *cache, struct name_file *names)
{
	struct module *module, *next;

	if (names == NULL)
		return;
	HASH_ITER (hh, cache->modules, module, next)
		if (module->names == names)
			module->is_dropped = true;
}
