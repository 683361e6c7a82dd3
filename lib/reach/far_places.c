/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/far_places.h"

#include <string.h>

#include "base/os_memory.h"

#define FIRST_CAPACITY ((size_t)4096)

size_t
far_places_get_next(const struct far_places *places)
{
	size_t capacity = places->capacity == 0 ? FIRST_CAPACITY : 4 * places->capacity;

	if (places->capacity == FAR_PLACES_MAX)
		return 0;
	return capacity < FAR_PLACES_MAX ? capacity : FAR_PLACES_MAX;
}

static bool
grow(struct far_places *places)
{
	size_t capacity = far_places_get_next(places);
	struct graph_far *items;

	if (capacity == 0)
		return false;
	items = os_map(capacity * sizeof *items, false);
	if (items == NULL)
		return false;
	if (places->items != NULL) {
		memcpy(items, places->items, places->count * sizeof *items);
		os_unmap(places->items, places->capacity * sizeof *items);
	}
	places->items = items;
	places->capacity = capacity;
	return true;
}

void
far_places_insert(struct far_places *places, uint64_t edge, uint64_t offset, uint64_t word)
{
	if (places->count < places->capacity || grow(places))
		places->items[places->count++] = (struct graph_far){edge, offset, word};
}

void
far_places_release(struct far_places *places)
{
	if (places->items != NULL)
		os_unmap(places->items, places->capacity * sizeof *places->items);
	*places = (struct far_places){0};
}
