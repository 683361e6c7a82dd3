/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intern.c - every distinct string once
 *
 * uthash holds the table; an entry and its bytes lie together in a slab, so a million strings cost
 * a few hundred allocations and are released as fast.
 */
#include "config.h"
#include "util/intern.h"

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

enum {
	SLAB_BYTES = 256 * 1024
};

struct entry {
	UT_hash_handle hh;
	size_t length;
	char bytes[];
};

struct slab {
	struct slab *next;
	char bytes[];
};

struct intern {
	struct entry *entries;
	struct slab *slabs;
	char *free_bytes;
	size_t free_length;
};

/* A large string has a slab of its own and leaves the current one as it is. */
static void *
allocate(struct intern *intern, size_t size)
{
	bool large = size > SLAB_BYTES / 8;
	struct slab *slab;
	void *block;

	if (large || size > intern->free_length) {
		slab = xmalloc(sizeof(*slab) + (large ? size : SLAB_BYTES));
		slab->next = intern->slabs;
		intern->slabs = slab;
		if (large)
			return slab->bytes;
		intern->free_bytes = slab->bytes;
		intern->free_length = SLAB_BYTES;
	}
	block = intern->free_bytes;
	intern->free_bytes += size;
	intern->free_length -= size;
	return block;
}

struct intern *
intern_new(void)
{
	return xcalloc(1, sizeof(struct intern));
}

void
intern_free(struct intern *intern)
{
	if (intern == NULL)
		return;
	HASH_CLEAR(hh, intern->entries);
	while (intern->slabs != NULL) {
		struct slab *slab = intern->slabs;

		intern->slabs = slab->next;
		free(slab);
	}
	free(intern);
}

const char *
intern_insert(struct intern *intern, const char *bytes, size_t length)
{
	const size_t align = _Alignof(struct entry);
	struct entry *entry = NULL;
	unsigned hash;
	size_t size;

	HASH_VALUE(bytes, length, hash);
	HASH_FIND_BYHASHVALUE(hh, intern->entries, bytes, length, hash, entry);
	if (entry != NULL)
		return entry->bytes;
	if (length > UINT32_MAX / 2)
		die(STATUS_TROUBLE, "a name of %zu bytes", length);
	size = (sizeof(*entry) + length + 1 + align - 1) / align * align;
	entry = allocate(intern, size);
	memset(entry, 0, sizeof(*entry));
	entry->length = length;
	memcpy(entry->bytes, bytes, length);
	entry->bytes[length] = '\0';
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, intern->entries, entry->bytes, length, hash, entry);
	return entry->bytes;
}

const char *
intern_insert_string(struct intern *intern, const char *text)
{
	return text != NULL ? intern_insert(intern, text, strlen(text)) : NULL;
}

size_t
intern_count(const struct intern *intern)
{
	return HASH_COUNT(intern->entries);
}

size_t
intern_length(const char *interned)
{
	const struct entry *entry =
		(const struct entry *)(const void *)(interned - offsetof(struct entry, bytes));

	return entry->length;
}
