/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/growth.h"

#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "model/rank.h"
#include "util/xalloc.h"

#define LOOKS_MOST 200 /* moments beyond are thinned out */

/* The peak is a look of its own when it is at least 1/16 above all others. */
#define MISSED_SHIFT 4

/* A look to be taken; moment is NULL at the start. */
struct look {
	struct profile_at at;
	uint64_t time_ns;
};

struct building {
	struct growth *growth;
	struct look looks[LOOKS_MOST + 2];
	size_t look_count;
	size_t *rows_of_key; /* SIZE_MAX is none */
	size_t key_count, row_capacity;
};

static void
insert_look(struct building *building, struct look look)
{
	building->looks[building->look_count++] = look;
}

static bool
is_inside(const struct growth_options *options, uint64_t since_ns, uint64_t time_ns)
{
	return time_ns >= options->from_ns && time_ns <= options->to_ns && time_ns >= since_ns;
}

static void
insert_moments(struct building *building, const struct profile *profile,
	       const struct growth_options *options, uint64_t since_ns)
{
	size_t count = 0, seen = 0, taken = 0;

	for (uint32_t i = 0; i < profile->moment_count; i++)
		count += is_inside(options, since_ns, profile->moments[i].time_ns);
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		const struct profile_moment *moment = &profile->moments[i];

		if (!is_inside(options, since_ns, moment->time_ns))
			continue;
		seen++;
		/* The last one of each share, so the very last one, too. */
		if (count > LOOKS_MOST && seen * LOOKS_MOST / count <= taken)
			continue;
		insert_look(building, (struct look){{.moment = moment}, moment->time_ns});
		taken++;
	}
}

/* The peak between the looks, where they missed it. */
static void
insert_peak(struct building *building, const struct profile *profile,
	    const struct growth_options *options, uint64_t since_ns)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	int64_t peak = last->sum.peak_bytes;
	size_t place = 0;

	if (last->sum.peak_blocks <= 0 || !is_inside(options, since_ns, last->peak_time_ns))
		return;
	for (size_t i = 0; i < building->look_count; i++) {
		const struct look *look = &building->looks[i];

		if (look->at.moment != NULL &&
		    look->at.moment->sum.live_bytes > peak - (peak >> MISSED_SHIFT))
			return;
		if (look->time_ns <= last->peak_time_ns)
			place = i + 1;
	}
	memmove(building->looks + place + 1, building->looks + place,
		(building->look_count - place) * sizeof(*building->looks));
	building->looks[place] = (struct look){
		{.moment = last, .peak = true},
		last->peak_time_ns,
	};
	building->look_count++;
}

static void
choose_looks(struct building *building, const struct profile *profile,
	     const struct growth_options *options)
{
	struct profile_gaps gaps;
	uint64_t since_ns;

	profile_get_gaps(profile, &gaps);
	since_ns = gaps.cleared ? gaps.cleared_ns : 0;
	if (!options->is_watched && options->from_ns <= since_ns) {
		insert_look(building, (struct look){.time_ns = since_ns});
		building->growth->from_start = true;
	}
	insert_moments(building, profile, options, since_ns);
	if (!options->is_watched)
		insert_peak(building, profile, options, since_ns);
}

/* A table may have got new keys. */
static void
make_room(struct building *building, enum group_by by)
{
	const struct place_table *table = building->growth->table;
	size_t keys =
		by == GROUP_BY_STACK ? place_table_stack_count(table) : place_table_count(table);

	if (keys <= building->key_count)
		return;
	building->rows_of_key =
		xreallocarray(building->rows_of_key, keys, sizeof(*building->rows_of_key));
	for (size_t i = building->key_count; i < keys; i++)
		building->rows_of_key[i] = SIZE_MAX;
	building->key_count = keys;
}

static struct growth_row *
get_row(struct building *building, uint32_t key)
{
	struct growth *growth = building->growth;
	struct growth_row *row;

	if (building->rows_of_key[key] != SIZE_MAX)
		return &growth->rows[building->rows_of_key[key]];
	if (growth->count == building->row_capacity) {
		building->row_capacity = 2 * building->row_capacity + 64;
		growth->rows =
			xreallocarray(growth->rows, building->row_capacity, sizeof(*growth->rows));
	}
	building->rows_of_key[key] = growth->count;
	row = &growth->rows[growth->count++];
	memset(row, 0, sizeof(*row));
	row->key = key;
	row->looks = xcalloc(building->look_count, sizeof(*row->looks));
	for (size_t i = 0; i < building->look_count; i++)
		row->looks[i].time_ns = building->looks[i].time_ns;
	return row;
}

/* By domain, what the program had mapped by itself when that was last known. */
static void
find_mapped(const struct profile *profile, uint64_t time_ns, struct group_options *options)
{
	const struct profile_resident *resident = profile_find_resident(profile, time_ns);

	if (options->by == GROUP_BY_DOMAIN && resident != NULL)
		options->mapped_count = profile_find_mapped(profile, resident, &options->mapped);
}

static void
take_look(struct building *building, struct attribution *attribution,
	  const struct group_options *options, size_t index)
{
	struct growth *growth = building->growth;
	const struct look *look = &building->looks[index];
	bool is_last = index + 1 == building->look_count;
	struct group_options own = *options;
	struct group_set set;

	growth->looks[index].time_ns = look->time_ns;
	if (look->at.moment == NULL)
		return;
	find_mapped(attribution->profile, look->time_ns, &own);
	growth->has_mapped |= own.mapped_count != 0;
	group_attributed(attribution, &look->at, &own, &set);
	make_room(building, options->by);
	growth->looks[index].bytes = set.sum.live_bytes;
	for (size_t i = 0; i < set.count; i++) {
		const struct group *group = &set.groups[i];
		struct growth_row *row = get_row(building, group->key);

		row->looks[index].bytes = group->values.live_bytes;
		row->lost_bytes = group->values.lost_bytes;
		row->lost_blocks = group->values.lost_blocks;
		/* What names the group is that of its largest site, at the look with most. */
		if (row->stack == 0 || group->values.live_bytes > row->most_bytes) {
			row->stack = group->stack;
			row->caller = group->caller;
		}
		if (group->values.live_bytes > row->most_bytes)
			row->most_bytes = group->values.live_bytes;
	}
	if (is_last)
		growth->last = set;
	else
		group_set_release(&set);
}

/* Judge all rows; those that did not change are only counted. */
static void
judge_rows(struct growth *growth, bool from_start, bool has_ended)
{
	size_t kept = 0;

	for (size_t i = 0; i < growth->count; i++) {
		struct growth_row row = growth->rows[i];

		verdict_init(&row.verdict, row.looks, growth->look_count, from_start, has_ended);
		if (row.verdict.kind == VERDICT_SAME) {
			growth->same_count += row.looks[growth->look_count - 1].bytes != 0;
			free(row.looks);
			continue;
		}
		growth->growing_count += verdict_is_growth(&row.verdict);
		growth->rows[kept++] = row;
	}
	growth->count = kept;
	verdict_init(&growth->verdict, growth->looks, growth->look_count, from_start, has_ended);
}

/* By what is likely to be wanted. */
static int
get_class(const struct growth_row *row)
{
	if (verdict_is_growth(&row->verdict))
		return 0;
	return row->verdict.kind == VERDICT_UNKNOWN ? 1 : 2;
}

static int
compare_rows(const void *a, const void *b, void *context)
{
	const struct growth_row *left = a, *right = b;
	const uint32_t *keys = context;
	double slopes[] = {left->verdict.bytes_per_second, right->verdict.bytes_per_second};
	int classes[] = {get_class(left), get_class(right)};

	if (classes[0] != classes[1])
		return classes[0] - classes[1];
	if (slopes[0] > slopes[1] || slopes[0] < slopes[1])
		return slopes[0] > slopes[1] ? -1 : 1;
	if (left->most_bytes != right->most_bytes)
		return left->most_bytes > right->most_bytes ? -1 : 1;
	return keys[left->key] < keys[right->key] ? -1 : 1;
}

void
growth_init(struct growth *growth, const struct profile *profile,
	    const struct growth_options *options)
{
	const struct place_options places = {.across_builds = false};
	struct building building = {.growth = growth};
	struct attribution attribution;
	uint32_t *keys;

	memset(growth, 0, sizeof(*growth));
	growth->table = place_table_new(&places);
	choose_looks(&building, profile, options);
	growth->look_count = building.look_count;
	growth->looks = xcalloc(building.look_count + 1, sizeof(*growth->looks));
	attribution_init(&attribution, profile, &options->group->selection, growth->table, NULL);
	for (size_t i = 0; i < building.look_count; i++)
		take_look(&building, &attribution, options->group, i);
	attribution_release(&attribution);
	/* A look at nothing is as good as the start. */
	judge_rows(growth, growth->from_start || growth->looks[0].bytes == 0,
		   profile->state != PROFILE_RUNNING);
	keys = rank_keys(growth->table, options->group->by);
	if (growth->count > 1)
		qsort_r(growth->rows, growth->count, sizeof(*growth->rows), compare_rows, keys);
	free(keys);
	free(building.rows_of_key);
}

void
growth_release(struct growth *growth)
{
	for (size_t i = 0; i < growth->count; i++)
		free(growth->rows[i].looks);
	free(growth->rows);
	free(growth->looks);
	group_set_release(&growth->last);
	place_table_free(growth->table);
	memset(growth, 0, sizeof(*growth));
}
