/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/mapped.h"

#include <stdlib.h>

#include "model/attribution.h"
#include "model/resident.h"
#include "util/xalloc.h"

static int
compare_sites(const void *left, const void *right)
{
	const struct profile_mapped *a = left, *b = right;

	return (a->site > b->site) - (a->site < b->site);
}

static void
add(struct profile_mapped *to, const struct profile_mapped *from)
{
	to->range_count += from->range_count;
	to->resident_bytes += from->resident_bytes;
	to->mapped_bytes += from->mapped_bytes;
}

size_t
mapped_sum_sites(const struct resident *resident, struct profile_mapped **ret_sites)
{
	const struct memory *memory = resident->memory;
	struct profile_mapped *sites = xcalloc(memory->owned.count + 1, sizeof(*sites));
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < memory->owned.count; i++)
		/* Files, stacks, heaps are other parts. */
		if (resident->owned[i].mapped != 0)
			sites[count++] = (struct profile_mapped){
				.site = memory->owned.items[i].site - 1,
				.range_count = 1,
				.resident_bytes = resident->owned[i].resident,
				.mapped_bytes = resident->owned[i].mapped,
			};
	if (count > 1)
		qsort(sites, count, sizeof(*sites), compare_sites);
	for (size_t i = 0; i < count; i++) {
		if (kept != 0 && sites[kept - 1].site == sites[i].site)
			add(&sites[kept - 1], &sites[i]);
		else
			sites[kept++] = sites[i];
	}
	*ret_sites = sites;
	return kept;
}

struct profile_mapped
mapped_add_up(const struct profile_mapped *sites, size_t count)
{
	struct profile_mapped sum = {.time_ns = count != 0 ? sites[0].time_ns : 0,
				     .site = UINT32_MAX};

	for (size_t i = 0; i < count; i++)
		add(&sum, &sites[i]);
	return sum;
}

static int
compare_bytes(const void *left, const void *right)
{
	const struct profile_mapped *a = left, *b = right;

	if (a->resident_bytes != b->resident_bytes)
		return a->resident_bytes > b->resident_bytes ? -1 : 1;
	return compare_sites(a, b);
}

size_t
mapped_keep_largest(struct profile_mapped *sites, size_t count, size_t limit)
{
	if (count <= limit)
		return count;
	qsort(sites, count, sizeof(*sites), compare_bytes);
	for (size_t i = limit; i < count; i++)
		add(&sites[limit - 1], &sites[i]);
	sites[limit - 1].site = UINT32_MAX;
	return limit;
}

/* --- lines --- */

/* What stands for the line of a site; that of unknown ones has none. */
static uint32_t
find_key(struct attribution *attribution, uint32_t site)
{
	struct attribution_site named;

	if (site >= attribution->profile->site_count)
		return UINT32_MAX;
	attribution_get_site(attribution, attribution->profile->sites[site], &named);
	return place_table_insert_key(attribution->table, named.position->place, PLACE_KEY_LINE);
}

struct keyed {
	uint32_t key;
	struct profile_mapped site;
};

/* The same lines together, of each the largest site first. */
static int
compare_keyed(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->site.resident_bytes != b->site.resident_bytes)
		return a->site.resident_bytes > b->site.resident_bytes ? -1 : 1;
	return compare_sites(&a->site, &b->site);
}

static int
compare_lines(const void *left, const void *right)
{
	const struct mapped *a = left, *b = right;

	if (a->all.resident_bytes != b->all.resident_bytes)
		return a->all.resident_bytes > b->all.resident_bytes ? -1 : 1;
	if (a->all.mapped_bytes != b->all.mapped_bytes)
		return a->all.mapped_bytes > b->all.mapped_bytes ? -1 : 1;
	return compare_sites(&a->all, &b->all);
}

void
mapped_list_init(struct mapped_list *list, const struct profile_mapped *sites, size_t count,
		 struct attribution *attribution)
{
	struct keyed *keyed = xcalloc(count + 1, sizeof(*keyed));

	*list = (struct mapped_list){0};
	for (size_t i = 0; i < count; i++)
		keyed[i] = (struct keyed){find_key(attribution, sites[i].site), sites[i]};
	if (count > 1)
		qsort(keyed, count, sizeof(*keyed), compare_keyed);
	for (size_t i = 0; i < count; i++) {
		if (i != 0 && keyed[i].key == keyed[i - 1].key)
			add(&list->lines.items[list->lines.count - 1].all, &keyed[i].site);
		else
			*array_push(&list->lines) =
				(struct mapped){keyed[i].site, keyed[i].site.resident_bytes};
	}
	free(keyed);
	if (list->lines.count > 1)
		qsort(list->lines.items, list->lines.count, sizeof(struct mapped), compare_lines);
}

void
mapped_list_release(struct mapped_list *list)
{
	array_release(&list->lines);
}
