/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/leak.h"

#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

void
leak_values_add(struct leak_values *sum, const struct leak_values *values)
{
	for (int i = 0; i < REACH_KINDS; i++) {
		sum->blocks[i] += values->blocks[i];
		sum->bytes[i] += values->bytes[i];
	}
	for (int i = 0; i < REACH_REASONS; i++)
		sum->reasons[i] += values->reasons[i];
	sum->rings += values->rings;
	sum->ring_blocks += values->ring_blocks;
	sum->hung_blocks += values->hung_blocks;
	sum->hung_bytes += values->hung_bytes;
}

/* --- parts --- */

struct hanging {
	uint64_t key; /* site of the head, site */
	uint64_t bytes, blocks;
	bool in_ring;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct hanging *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

static int
compare_parts(const void *a, const void *b)
{
	const struct leak_part *left = a, *right = b;

	if (left->head != right->head)
		return left->head > right->head ? 1 : -1;
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->site > right->site) - (left->site < right->site);
}

/* Neighbours with the same key become one. */
static size_t
join(struct hanging *hanging, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || hanging[kept - 1].key != hanging[i].key) {
			hanging[kept++] = hanging[i];
			continue;
		}
		hanging[kept - 1].bytes += hanging[i].bytes;
		hanging[kept - 1].blocks += hanging[i].blocks;
		hanging[kept - 1].in_ring |= hanging[i].in_ring;
	}
	return kept;
}

/* --- sites --- */

/* Where the block counts: its site, or what was forgotten. */
static struct leak_values *
find_values(struct leak_set *set, const struct graph *graph, size_t block)
{
	uint32_t site = graph->blocks[block].site;

	return site < graph->site_base || site > set->site_count ? &set->forgotten
								 : &set->sites[site - 1];
}

static bool
is_counted(const struct leak_set *set, const struct graph *graph, uint32_t block)
{
	uint32_t site = graph->blocks[block].site;

	return site >= graph->site_base && site <= set->site_count;
}

static void
count_block(struct leak_set *set, const struct graph *graph, const struct reach *reach, size_t i)
{
	struct leak_values *values = find_values(set, graph, i);
	uint64_t bytes = graph_get_bytes(&graph->blocks[i]);

	values->blocks[reach->kinds[i]]++;
	values->bytes[reach->kinds[i]] += bytes;
	if (reach->kinds[i] == REACH_POSSIBLE)
		values->reasons[reach->reasons[i]]++;
	if (reach->rings[i] != 0) {
		values->rings++;
		values->ring_blocks += reach->rings[i];
	}
	if (reach->kinds[i] == REACH_INDIRECT) {
		struct leak_values *head = find_values(set, graph, reach->heads[i]);

		head->hung_blocks++;
		head->hung_bytes += bytes;
	}
}

static void
make_parts(struct leak_set *set, const struct graph *graph, const struct reach *reach)
{
	struct hanging *hanging;
	size_t count = 0;

	for (size_t i = 0; i < graph->block_count; i++)
		count += reach->kinds[i] == REACH_INDIRECT;
	hanging = xcalloc(count + 1, sizeof(*hanging));
	count = 0;
	for (size_t i = 0; i < graph->block_count; i++) {
		uint32_t head = reach->heads[i];

		if (reach->kinds[i] != REACH_INDIRECT || !is_counted(set, graph, head) ||
		    !is_counted(set, graph, (uint32_t)i))
			continue;
		hanging[count++] = (struct hanging){
			.key = (uint64_t)(graph->blocks[head].site - 1) << 32 |
			       (graph->blocks[i].site - 1),
			.bytes = graph_get_bytes(&graph->blocks[i]),
			.blocks = 1,
			.in_ring = reach->in_rings[i],
		};
	}
	qsort(hanging, count, sizeof(*hanging), compare_keys);
	count = join(hanging, count);
	set->parts = xcalloc(count + 1, sizeof(*set->parts));
	set->part_count = count;
	for (size_t i = 0; i < count; i++)
		set->parts[i] = (struct leak_part){
			.head = (uint32_t)(hanging[i].key >> 32),
			.site = (uint32_t)hanging[i].key,
			.in_ring = hanging[i].in_ring,
			.blocks = hanging[i].blocks,
			.bytes = hanging[i].bytes,
		};
	qsort(set->parts, count, sizeof(*set->parts), compare_parts);
	free(hanging);
}

/* --- classes --- */

static int
compare_classes(const void *a, const void *b)
{
	const struct leak_class *left = a, *right = b;

	if (left->site != right->site)
		return left->site > right->site ? 1 : -1;
	if (left->table != right->table)
		return left->table > right->table ? 1 : -1;
	return (left->is_array > right->is_array) - (left->is_array < right->is_array);
}

static void
make_classes(struct leak_set *set, const struct graph *graph, const struct reach *reach)
{
	struct leak_class *classes = xcalloc(graph->instance_count + 1, sizeof(*classes));
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < graph->instance_count; i++) {
		const struct graph_instance *instance = &graph->instances[i];

		if (is_counted(set, graph, instance->block))
			classes[count++] = (struct leak_class){
				.site = graph->blocks[instance->block].site - 1,
				.is_array = instance->is_array,
				.table = graph->tables[instance->table],
				.blocks = 1,
				.lost = reach->kinds[instance->block] <= REACH_INDIRECT,
			};
	}
	qsort(classes, count, sizeof(*classes), compare_classes);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || compare_classes(&classes[kept - 1], &classes[i]) != 0) {
			classes[kept++] = classes[i];
			continue;
		}
		classes[kept - 1].blocks++;
		classes[kept - 1].lost += classes[i].lost;
	}
	set->classes = xreallocarray(classes, kept + 1, sizeof(*classes));
	set->class_count = kept;
}

void
leak_set_init(struct leak_set *set, const struct graph *graph, const struct reach *reach,
	      uint32_t site_count)
{
	*set = (struct leak_set){
		.is_known = true,
		.error = graph->error,
		.site_count = site_count,
		.looks = 1,
		.quality = graph->quality,
	};
	set->sites = xcalloc(set->site_count + 1, sizeof(*set->sites));
	for (size_t i = 0; i < graph->block_count; i++)
		count_block(set, graph, reach, i);
	make_parts(set, graph, reach);
	make_classes(set, graph, reach);
}

void
leak_set_init_refused(struct leak_set *set, int error, uint32_t site_count)
{
	*set = (struct leak_set){
		.is_known = true, .error = error, .site_count = site_count, .looks = 1};
	set->sites = xcalloc(set->site_count + 1, sizeof(*set->sites));
}

void
leak_set_release(struct leak_set *set)
{
	free(set->sites);
	free(set->changes);
	free(set->parts);
	free(set->classes);
	memset(set, 0, sizeof(*set));
}

bool
leak_set_is_of(const struct leak_set *set, const struct graph *graph)
{
	return set->is_known && set->quality.taken_ns == graph->quality.taken_ns &&
	       set->quality.scan_ns == graph->quality.scan_ns &&
	       set->quality.read_bytes == graph->quality.read_bytes;
}

void
leak_set_take_changes(struct leak_set *set, const uint64_t *came, const uint64_t *went,
		      uint32_t count)
{
	set->changes = xcalloc(set->site_count + 1u, sizeof(*set->changes));
	for (uint32_t i = 1; i < count && i <= set->site_count; i++)
		set->changes[i - 1] = (struct leak_change){came[i], went[i]};
}

bool
leak_set_is_valid(const struct leak_set *set, uint32_t site_count)
{
	if (set->site_count > site_count)
		return false;
	for (size_t i = 0; i < set->part_count; i++)
		if (set->parts[i].head >= site_count || set->parts[i].site >= site_count)
			return false;
	for (size_t i = 0; i < set->class_count; i++)
		if (set->classes[i].site >= site_count)
			return false;
	return true;
}
