/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/forest.h"

#include <stdlib.h>
#include <string.h>

#include "model/attribution.h"
#include "util/array.h"
#include "util/wrap.h"
#include "util/xalloc.h"

struct building {
	struct forest *forest;
	const struct forest_options *options;
	const struct forest_column *columns;
	size_t column_count;
	struct place_table *table;
	uint32_t *stacks[FOREST_SIDES]; /* by site; FOREST_NONE for what does not pass */
	uint32_t *keys[FOREST_SIDES];   /* by site: the place of its line */
	uint32_t *places[FOREST_SIDES]; /* by site: the place that names it */
};

static int64_t
get_value(const struct forest_column *column, uint32_t site)
{
	int64_t value;

	memcpy(&value, (const char *)&column->moment->values[site] + column->offset, sizeof(value));
	return value;
}

static uint32_t *
new_numbers(size_t count)
{
	uint32_t *numbers = xmalloc((count + 1) * sizeof(*numbers));

	memset(numbers, 0xff, (count + 1) * sizeof(*numbers));
	return numbers;
}

/*** sites ***/

static bool
passes(const struct attribution *attribution, const struct attribution_site *site)
{
	return attribution_keep(attribution, site, NULL) &&
	       attribution->nodes[site->leaf].rule == SUPPRESS_NONE;
}

static void
find_stacks(struct building *building, unsigned side)
{
	const struct profile *profile = building->forest->sides[side];
	struct attribution attribution;

	building->stacks[side] = new_numbers(profile->site_count);
	building->keys[side] = new_numbers(profile->site_count);
	building->places[side] = new_numbers(profile->site_count);
	building->forest->kept[side] = xcalloc((size_t)profile->site_count + 1, 1);
	attribution_init(&attribution, profile, building->options->selection, building->table,
			 building->options->alias);
	attribution_prepare_stacks(&attribution, 0, profile->site_count);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		struct attribution_site site;

		attribution_get_site(&attribution, profile->sites[i], &site);
		if (!passes(&attribution, &site))
			continue;
		building->forest->kept[side][i] = 1;
		building->stacks[side][i] = attribution_get_stack(&attribution, site.leaf);
		building->places[side][i] = site.position->place;
		building->keys[side][i] = place_table_insert_key(
			building->table, site.position->place, PLACE_KEY_LINE);
	}
	attribution_release(&attribution);
}

/*** what is worth keeping ***/

/* Add up a column by the numbers of its sites, of which FOREST_NONE counts nowhere. */
static int64_t
add_up(const struct forest_column *column, const uint32_t *numbers, int64_t *sums)
{
	int64_t all = 0;

	for (uint32_t i = 0; i < column->moment->site_count; i++) {
		int64_t value = numbers[i] == FOREST_NONE ? 0 : get_value(column, i);

		if (value == 0)
			continue;
		sums[numbers[i]] = wrap_add(sums[numbers[i]], value);
		all = wrap_add(all, value);
	}
	return all;
}

static void
raise_shares(double *shares, const int64_t *sums, size_t count, int64_t all)
{
	for (size_t i = 0; all > 0 && i < count; i++) {
		double share = (double)sums[i] / (double)all;

		if (share > shares[i])
			shares[i] = share;
	}
}

/* The largest share that each stack, with what it calls, has in any column. */
static double *
weigh_stacks(const struct building *building, size_t count)
{
	double *shares = xcalloc(count + 1, sizeof(*shares));
	int64_t *sums = xcalloc(count + 1, sizeof(*sums));

	for (size_t i = 0; i < building->column_count; i++) {
		const struct forest_column *column = &building->columns[i];
		int64_t all;

		memset(sums, 0, (count + 1) * sizeof(*sums));
		all = add_up(column, building->stacks[column->side], sums);
		for (uint32_t stack = (uint32_t)count; stack-- > 1;) {
			uint32_t outer = place_table_get_outer(building->table, stack);

			sums[outer] = wrap_add(sums[outer], sums[stack]);
		}
		raise_shares(shares, sums, count, all);
	}
	free(sums);
	return shares;
}

static double *
weigh_lines(const struct building *building, size_t count)
{
	double *shares = xcalloc(count + 1, sizeof(*shares));
	int64_t *sums = xcalloc(count + 1, sizeof(*sums));

	for (size_t i = 0; i < building->column_count; i++) {
		const struct forest_column *column = &building->columns[i];
		int64_t all;

		memset(sums, 0, (count + 1) * sizeof(*sums));
		all = add_up(column, building->keys[column->side], sums);
		raise_shares(shares, sums, count, all);
	}
	free(sums);
	return shares;
}

static int
compare_shares(const void *a, const void *b, void *context)
{
	const uint32_t *left = a, *right = b;
	const double *shares = context;

	if (shares[*left] != shares[*right])
		return shares[*left] > shares[*right] ? -1 : 1;
	return *left > *right ? 1 : -1;
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

struct numbers {
	uint32_t *items;
	size_t count, capacity;
};

/* The numbers from first on with a share of at least that, the largest shares first. */
static void
choose(double *shares, size_t first, size_t count, double least, size_t most,
       struct numbers *ret_chosen)
{
	for (size_t i = first; i < count; i++)
		if (shares[i] > 0 && shares[i] >= least)
			*array_push(ret_chosen) = (uint32_t)i;
	if (ret_chosen->count > 1)
		qsort_r(ret_chosen->items, ret_chosen->count, sizeof(*ret_chosen->items),
			compare_shares, shares);
	if (ret_chosen->count > most)
		ret_chosen->count = most;
}

/*** nodes ***/

static void
insert_nodes(struct building *building, struct numbers *chosen, uint32_t *node_of_stack)
{
	struct forest *forest = building->forest;

	/* Who is called comes after its caller, by number. */
	if (chosen->count > 1)
		qsort(chosen->items, chosen->count, sizeof(*chosen->items), compare_numbers);
	forest->nodes = xcalloc(chosen->count + 1, sizeof(*forest->nodes));
	array_each (chosen, stack) {
		uint32_t outer = place_table_get_outer(building->table, *stack);

		/* Numbers that wrap around might keep what is called and not its caller. */
		if (outer != 0 && node_of_stack[outer] == FOREST_NONE)
			continue;
		forest->nodes[forest->count] = (struct forest_node){
			.parent = outer == 0 ? FOREST_NONE : node_of_stack[outer],
			.place = place_table_get_place(building->table, *stack),
		};
		node_of_stack[*stack] = (uint32_t)forest->count++;
	}
}

static void
assign_site(struct building *building, unsigned side, uint32_t site, const uint32_t *node_of_stack)
{
	struct forest *forest = building->forest;
	uint32_t stack = building->stacks[side][site];

	if (stack == FOREST_NONE)
		return;
	if (node_of_stack[stack] != FOREST_NONE) {
		forest->own_nodes[side][site] = node_of_stack[stack];
		return;
	}
	while (stack != 0 && node_of_stack[stack] == FOREST_NONE)
		stack = place_table_get_outer(building->table, stack);
	if (stack == 0) {
		forest->cut++;
		return;
	}
	forest->rest_nodes[side][site] = node_of_stack[stack];
	forest->nodes[node_of_stack[stack]].cut++;
}

static void
make_nodes(struct building *building)
{
	const struct forest_options *options = building->options;
	struct forest *forest = building->forest;
	size_t count = place_table_stack_count(building->table);
	uint32_t *node_of_stack = new_numbers(count);
	double *shares = weigh_stacks(building, count);
	struct numbers chosen = {0};

	choose(shares, 1, count, options->least, options->nodes, &chosen);
	insert_nodes(building, &chosen, node_of_stack);
	for (unsigned side = 0; side < FOREST_SIDES && forest->sides[side] != NULL; side++) {
		uint32_t sites = forest->sides[side]->site_count;

		forest->own_nodes[side] = new_numbers(sites);
		forest->rest_nodes[side] = new_numbers(sites);
		for (uint32_t i = 0; i < sites; i++)
			assign_site(building, side, i, node_of_stack);
	}
	array_release(&chosen);
	free(shares);
	free(node_of_stack);
}

/*** lines ***/

/* The last moment of the side has most of what was ever allocated. */
static void
name_lines(struct building *building, unsigned side, const uint32_t *line_of_key, uint64_t *largest)
{
	struct forest *forest = building->forest;
	const struct profile *profile = forest->sides[side];
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];

	forest->site_lines[side] = new_numbers(profile->site_count);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		uint32_t key = building->keys[side][i];
		uint32_t line = key == FOREST_NONE ? FOREST_NONE : line_of_key[key];
		uint64_t bytes = i < last->site_count ? last->values[i].total_bytes : 0;

		forest->site_lines[side][i] = line;
		forest->lines_cut += key != FOREST_NONE && line == FOREST_NONE;
		if (line == FOREST_NONE || bytes < largest[line])
			continue;
		largest[line] = bytes;
		forest->lines[line].place = building->places[side][i];
	}
}

static void
make_lines(struct building *building)
{
	struct forest *forest = building->forest;
	size_t count = place_table_count(building->table);
	uint32_t *line_of_key = new_numbers(count);
	double *shares = weigh_lines(building, count);
	struct numbers chosen = {0};
	uint64_t *largest;

	choose(shares, 0, count, 0, building->options->lines, &chosen);
	forest->lines = xcalloc(chosen.count + 1, sizeof(*forest->lines));
	largest = xcalloc(chosen.count + 1, sizeof(*largest));
	array_each (&chosen, key) {
		forest->lines[forest->line_count].place = *key;
		line_of_key[*key] = (uint32_t)forest->line_count++;
	}
	for (unsigned side = 0; side < FOREST_SIDES && forest->sides[side] != NULL; side++)
		name_lines(building, side, line_of_key, largest);
	array_release(&chosen);
	free(largest);
	free(shares);
	free(line_of_key);
}

void
forest_init(struct forest *forest, const struct profile *const *profiles,
	    const struct forest_options *options, const struct forest_column *columns,
	    size_t column_count, struct place_table *table)
{
	struct building building = {
		.forest = forest,
		.options = options,
		.columns = columns,
		.column_count = column_count,
		.table = table,
	};

	memset(forest, 0, sizeof(*forest));
	for (unsigned side = 0; side < FOREST_SIDES && profiles[side] != NULL; side++) {
		forest->sides[side] = profiles[side];
		find_stacks(&building, side);
	}
	make_nodes(&building);
	make_lines(&building);
	for (unsigned side = 0; side < FOREST_SIDES; side++) {
		free(building.stacks[side]);
		free(building.keys[side]);
		free(building.places[side]);
	}
}

void
forest_release(struct forest *forest)
{
	for (unsigned side = 0; side < FOREST_SIDES; side++) {
		free(forest->own_nodes[side]);
		free(forest->rest_nodes[side]);
		free(forest->site_lines[side]);
		free(forest->kept[side]);
	}
	free(forest->nodes);
	free(forest->lines);
	memset(forest, 0, sizeof(*forest));
}

void
forest_get_nodes(const struct forest *forest, const struct forest_column *column,
		 int64_t *ret_values)
{
	const uint32_t *own = forest->own_nodes[column->side];
	const uint32_t *rest = forest->rest_nodes[column->side];

	memset(ret_values, 0, (2 * forest->count + 1) * sizeof(*ret_values));
	for (uint32_t i = 0; i < column->moment->site_count; i++) {
		size_t index = own[i] != FOREST_NONE    ? own[i]
			       : rest[i] != FOREST_NONE ? forest->count + rest[i]
							: 2 * forest->count;

		if (forest->kept[column->side][i])
			ret_values[index] = wrap_add(ret_values[index], get_value(column, i));
	}
}

void
forest_get_lines(const struct forest *forest, const struct forest_column *column,
		 int64_t *ret_values)
{
	const uint32_t *lines = forest->site_lines[column->side];

	memset(ret_values, 0, (forest->line_count + 1) * sizeof(*ret_values));
	for (uint32_t i = 0; i < column->moment->site_count; i++) {
		size_t index = lines[i] != FOREST_NONE ? lines[i] : forest->line_count;

		if (forest->kept[column->side][i])
			ret_values[index] = wrap_add(ret_values[index], get_value(column, i));
	}
}
