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

uint64_t
leak_values_get_all_bytes(const struct leak_values *values)
{
	uint64_t bytes = 0;

	for (int i = 0; i < REACH_KINDS; i++)
		bytes += values->bytes[i];
	return bytes;
}

uint64_t
leak_values_get_all_blocks(const struct leak_values *values)
{
	uint64_t blocks = 0;

	for (int i = 0; i < REACH_KINDS; i++)
		blocks += values->blocks[i];
	return blocks;
}

/* Twice as many at least, and two more. */
bool
leak_change_is_growth(const struct leak_change *change)
{
	return change->came / 2 >= change->went && change->came >= change->went + 2;
}

/* --- parts --- */

static uint64_t
get_key(const struct leak_part *part)
{
	return (uint64_t)part->head << 32 | part->site;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t left = get_key(a), right = get_key(b);

	return (left > right) - (left < right);
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

/* Those of one head and one site become one, and come in their order. */
static void
join_parts(struct leak_set *set)
{
	struct leak_part *parts = set->parts;
	size_t kept = 0;

	if (set->part_count == 0)
		return;
	qsort(parts, set->part_count, sizeof(*parts), compare_keys);
	for (size_t i = 0; i < set->part_count; i++) {
		if (kept == 0 || get_key(&parts[kept - 1]) != get_key(&parts[i])) {
			parts[kept++] = parts[i];
			continue;
		}
		parts[kept - 1].bytes += parts[i].bytes;
		parts[kept - 1].blocks += parts[i].blocks;
		parts[kept - 1].in_ring |= parts[i].in_ring;
	}
	set->part_count = kept;
	qsort(parts, kept, sizeof(*parts), compare_parts);
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
	size_t count = 0;

	for (size_t i = 0; i < graph->block_count; i++)
		count += reach->kinds[i] == REACH_INDIRECT;
	set->parts = xcalloc(count + 1, sizeof(*set->parts));
	for (size_t i = 0; i < graph->block_count; i++) {
		uint32_t head = reach->heads[i];

		if (reach->kinds[i] != REACH_INDIRECT || !is_counted(set, graph, head) ||
		    !is_counted(set, graph, (uint32_t)i))
			continue;
		set->parts[set->part_count++] = (struct leak_part){
			.head = graph->blocks[head].site - 1,
			.site = graph->blocks[i].site - 1,
			.in_ring = reach->in_rings[i],
			.blocks = 1,
			.bytes = graph_get_bytes(&graph->blocks[i]),
		};
	}
	join_parts(set);
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

/* --- sums --- */

bool
leak_set_is_sure(const struct leak_set *set)
{
	const struct graph_quality *quality = &set->quality;

	if (quality->taken == GRAPH_TAKEN_FROM_OUTSIDE)
		return false;
	if (quality->taken == GRAPH_TAKEN_FROM_CORE)
		return !quality->unreadable && !quality->no_kernel;
	return set->looks > 1 || quality->taken != GRAPH_TAKEN_BY_TWIN;
}

/* A sum is as sure as the least sure of its looks. */
static void
add_quality(struct leak_set *sum, const struct leak_set *set)
{
	struct graph_quality *quality = &sum->quality;
	bool is_first = sum->process_count++ == 0;

	if (is_first || (leak_set_is_sure(sum) && !leak_set_is_sure(set))) {
		quality->taken = set->quality.taken;
		sum->looks = set->looks;
	}
	if (is_first || set->apart_ns < sum->apart_ns)
		sum->apart_ns = set->apart_ns;
	quality->no_registers |= set->quality.no_registers && set->quality.threads > 1;
	quality->not_inherited |= set->quality.not_inherited;
	quality->unreadable |= set->quality.unreadable;
	quality->maps_cut |= set->quality.maps_cut;
	quality->threads += set->quality.threads;
	quality->unseen += set->quality.unseen;
	quality->pause_ns += set->quality.pause_ns;
	quality->scan_ns += set->quality.scan_ns;
	quality->read_bytes += set->quality.read_bytes;
	quality->missed_bytes += set->quality.missed_bytes;
}

static void
make_room(struct leak_set *sum, uint32_t site_count)
{
	if (site_count <= sum->site_count)
		return;
	sum->sites = xreallocarray(sum->sites, site_count, sizeof(*sum->sites));
	memset(sum->sites + sum->site_count, 0,
	       (site_count - sum->site_count) * sizeof(*sum->sites));
	sum->site_count = site_count;
}

void
leak_set_add(struct leak_set *sum, const struct leak_set *set, const uint32_t *sites,
	     uint32_t sum_site_count)
{
	if (!leak_set_has_answer(set))
		return;
	sum->is_known = true;
	add_quality(sum, set);
	make_room(sum, sum_site_count);
	for (uint32_t i = 0; i < set->site_count; i++)
		leak_values_add(&sum->sites[sites[i]], &set->sites[i]);
	leak_values_add(&sum->forgotten, &set->forgotten);
	if (set->part_count == 0)
		return;
	sum->parts =
		xreallocarray(sum->parts, sum->part_count + set->part_count, sizeof(*sum->parts));
	for (size_t i = 0; i < set->part_count; i++) {
		struct leak_part part = set->parts[i];

		part.head = sites[part.head];
		part.site = sites[part.site];
		sum->parts[sum->part_count++] = part;
	}
}

void
leak_set_finish(struct leak_set *sum, uint32_t site_count)
{
	if (!sum->is_known)
		return;
	make_room(sum, site_count);
	join_parts(sum);
}

/* --- the whole --- */

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
