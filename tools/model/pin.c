/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/pin.h"

#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "model/resident.h"
#include "util/xalloc.h"

#define PAGE ((uint64_t)MEMORY_PAGE_BYTES)

struct charging {
	struct pin_list *list;
	const struct memory *memory;
	uint32_t *pin_of_site; /* by `memory_block.site` */
	uint32_t site_count;
};

static uint32_t
get_pin(const struct charging *charging, size_t block)
{
	uint32_t site = charging->memory->blocks.items[block].site;

	return site <= charging->site_count ? charging->pin_of_site[site] : 0;
}

/* --- lines --- */

/* The pins of all lines, of which the first is that of what has none. */
static void
map_sites(struct charging *charging, struct attribution *attribution)
{
	const struct profile *profile = attribution->profile;
	uint32_t capacity = 0, *pin_of_place = NULL;

	charging->site_count = profile->site_count;
	charging->pin_of_site =
		xcalloc((size_t)profile->site_count + 1, sizeof(*charging->pin_of_site));
	*array_push(&charging->list->pins) = (struct pin){.site = UINT32_MAX};
	for (uint32_t i = 0; i < profile->site_count; i++) {
		struct attribution_site site;
		uint32_t key;

		attribution_get_site(attribution, profile->sites[i], &site);
		key = place_table_insert_key(attribution->table, site.position->place,
					     PLACE_KEY_LINE);
		if (key >= capacity) {
			uint32_t more = key * 2 + 64;

			pin_of_place = xreallocarray(pin_of_place, more, sizeof(*pin_of_place));
			memset(pin_of_place + capacity, 0,
			       (more - capacity) * sizeof(*pin_of_place));
			capacity = more;
		}
		if (pin_of_place[key] == 0) {
			pin_of_place[key] = (uint32_t)charging->list->pins.count;
			*array_push(&charging->list->pins) = (struct pin){.site = i};
		}
		charging->pin_of_site[i + 1] = pin_of_place[key];
	}
	free(pin_of_place);
}

static void
count_blocks(struct charging *charging)
{
	const struct memory *memory = charging->memory;
	uint64_t *blocks_of_site =
		xcalloc((size_t)charging->site_count + 1, sizeof(*blocks_of_site));

	for (size_t i = 0; i < memory->blocks.count; i++) {
		uint32_t site = memory->blocks.items[i].site;
		struct pin *pin = &charging->list->pins.items[get_pin(charging, i)];

		pin->live_blocks++;
		pin->live_bytes += memory->blocks.items[i].bytes;
		if (site <= charging->site_count)
			blocks_of_site[site]++;
	}
	for (uint32_t i = 1; i <= charging->site_count; i++) {
		struct pin *pin = &charging->list->pins.items[charging->pin_of_site[i]];

		if (blocks_of_site[i] > pin->site_blocks) {
			pin->site_blocks = blocks_of_site[i];
			pin->site = i - 1;
		}
	}
	free(blocks_of_site);
}

/* --- pages --- */

static void
draw_page(struct pin_list *list, uint64_t used)
{
	struct pin_cell *cell;

	if (list->cells.count == 0 || list->cells.items[list->cells.count - 1].pages == list->pages)
		*array_push(&list->cells) = (struct pin_cell){0};
	cell = &list->cells.items[list->cells.count - 1];
	cell->pages++;
	cell->used += used;
}

static void
charge_page(void *context, const struct resident_page *page)
{
	struct charging *charging = context;
	uint64_t used = page->live + page->rounding + page->headers;
	uint32_t only = page->first < page->end ? get_pin(charging, page->first) : 0;

	draw_page(charging->list, used);
	if (used == 0 || used >= PAGE)
		return;
	for (size_t i = page->first; i < page->end; i++)
		if (get_pin(charging, i) != only &&
		    resident_page_get_share(page, charging->memory, i) != 0)
			only = UINT32_MAX;
	for (size_t i = page->first; i < page->end; i++) {
		struct pin *pin = &charging->list->pins.items[get_pin(charging, i)];
		uint64_t share = resident_page_get_share(page, charging->memory, i);
		double bytes = (double)(PAGE - used) * (double)share / (double)used;

		pin->pinned += bytes;
		if (only != UINT32_MAX)
			pin->exclusive += bytes;
	}
}

static int
compare_pins(const void *left, const void *right)
{
	const struct pin *a = left, *b = right;

	if (a->pinned != b->pinned)
		return a->pinned < b->pinned ? 1 : -1;
	return (a->site > b->site) - (a->site < b->site);
}

static uint64_t
count_pages(const struct memory *memory)
{
	uint64_t pages = 0;

	array_each (&memory->runs, run)
		pages += (run->end - run->start) / PAGE;
	return pages;
}

static void
measure(void *context, const struct resident_page *page)
{
	(void)page;
	++*(uint64_t *)context;
}

void
pin_list_init(struct pin_list *list, const struct memory *memory, struct attribution *attribution,
	      size_t cells)
{
	struct charging charging = {.list = list, .memory = memory};
	uint64_t pages = 0;
	size_t kept = 0;

	*list = (struct pin_list){.pages = 1};
	if (count_pages(memory) > cells)
		resident_each_page(memory, measure, &pages);
	if (pages > cells)
		list->pages = (pages + cells - 1) / cells;
	map_sites(&charging, attribution);
	count_blocks(&charging);
	resident_each_page(memory, charge_page, &charging);
	free(charging.pin_of_site);
	array_each (&list->pins, pin)
		if (pin->pinned >= 0.5)
			list->pins.items[kept++] = *pin;
	list->pins.count = kept;
	if (kept > 1)
		qsort(list->pins.items, kept, sizeof(struct pin), compare_pins);
}

void
pin_list_release(struct pin_list *list)
{
	array_release(&list->pins);
	array_release(&list->cells);
}
