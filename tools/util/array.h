/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * array.h - growable arrays of any type
 *
 *     ARRAY(struct site) sites = {0};
 *     array_push(&sites)->leaf = 3;
 *     array_each(&sites, site)
 *             print(site->leaf);
 *     array_release(&sites);
 *
 * Growing moves the items: indices stay valid, pointers do not.
 */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>
#include <stdlib.h>

#include "util/xalloc.h"

#define ARRAY(type)              \
	struct {                 \
		type *items;     \
		size_t count;    \
		size_t capacity; \
	}

/* Room for at least `wanted` items in all. */
#define array_reserve(array, wanted)                                                          \
	do {                                                                                  \
		if ((wanted) > (array)->capacity) {                                           \
			(array)->capacity = array_next_capacity((array)->capacity, (wanted)); \
			(array)->items = xreallocarray((array)->items, (array)->capacity,     \
						       sizeof(*(array)->items));              \
		}                                                                             \
	} while (0)

/* Append one item, not initialised, and give its address. */
#define array_push(array)                                   \
	({                                                  \
		array_reserve((array), (array)->count + 1); \
		&(array)->items[(array)->count++];          \
	})

#define array_each(array, item)                                    \
	for (__typeof__((array)->items + 0) item = (array)->items; \
	     item != NULL && item < (array)->items + (array)->count; item++)

#define array_release(array)           \
	do {                           \
		free((array)->items);  \
		(array)->items = NULL; \
		(array)->count = 0;    \
		(array)->capacity = 0; \
	} while (0)

static inline size_t
array_next_capacity(size_t capacity, size_t wanted)
{
	size_t next = capacity < 8 ? 8 : capacity + capacity / 2;

	return next < wanted ? wanted : next;
}

#endif
