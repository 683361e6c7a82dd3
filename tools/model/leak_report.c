/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/leak_report.h"

#include <stdlib.h>
#include <string.h>

#include "model/place_order.h"
#include "model/profile.h"
#include "model/std_node.h"
#include "model/suppress.h"
#include "model/system_rules.h"
#include "util/array.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

#define NO_ROW UINT32_MAX

const char *const leak_verdict_names[LEAK_VERDICTS] = {
	"lost", "part", "growing", "maybe", "held", "plateau", "start-up",
};

/* Of one place, and of whether the system keeps it. */
struct row_key {
	uint32_t place;
	uint32_t is_system;
};

struct found_row {
	UT_hash_handle hh;
	struct row_key key;
	uint32_t row;
};

struct making {
	const struct profile *profile;
	struct attribution *attribution;
	const struct group_options *options;
	struct leak_report *report;
	struct found_row *found;
	uint32_t *row_of_site;
	ARRAY(struct leak_row) rows;
	ARRAY(uint64_t) most; /* by row, bytes of the site that it shows */
};

static uint32_t
get_key(const struct making *making, const struct attribution_site *site)
{
	static const enum place_key keys[] = {
		[GROUP_BY_LINE] = PLACE_KEY_LINE,
		[GROUP_BY_FUNCTION] = PLACE_KEY_FUNCTION,
		[GROUP_BY_FILE] = PLACE_KEY_FILE,
		[GROUP_BY_MODULE] = PLACE_KEY_MODULE,
	};

	return place_table_insert_key(making->attribution->table, site->position->place,
				      keys[making->options->by]);
}

static uint32_t
find_row(struct making *making, struct row_key key)
{
	struct found_row *found;

	HASH_FIND(hh, making->found, &key, sizeof(key), found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found));
		found->key = key;
		found->row = (uint32_t)making->rows.count;
		HASH_ADD(hh, making->found, key, sizeof(key), found);
		*array_push(&making->rows) =
			(struct leak_row){.is_system = key.is_system, .place = key.place};
		*array_push(&making->most) = 0;
	}
	return found->row;
}

static bool
is_systems(const struct attribution_node *node)
{
	return node->kept != SYSTEM_RULE_NONE || node->system == ATTRIBUTION_ALL_SYSTEM;
}

/* What has come and gone, and what was freed at all. */
static void
add_history(const struct making *making, uint32_t number, struct leak_row *row)
{
	const struct profile *profile = making->profile;
	const struct profile_moment *last =
		profile->moment_count != 0 ? &profile->moments[profile->moment_count - 1] : NULL;

	if (profile->leaks.changes != NULL) {
		row->change.came += profile->leaks.changes[number].came;
		row->change.went += profile->leaks.changes[number].went;
	}
	if (last != NULL && number < last->site_count)
		row->freed_blocks += last->values[number].freed_blocks;
}

static void
add_site(struct making *making, uint32_t number)
{
	const struct leak_values *values = &making->profile->leaks.sites[number];
	uint32_t leaf = making->profile->sites[number], row;
	const struct attribution_node *node = &making->attribution->nodes[leaf];
	struct attribution_site site;

	making->row_of_site[number] = NO_ROW;
	if (leak_values_get_all_blocks(values) == 0)
		return;
	attribution_get_site(making->attribution, leaf, &site);
	if (node->rule != SUPPRESS_NONE || !attribution_keep(making->attribution, &site, NULL)) {
		leak_values_add(&making->report->suppressed, values);
		return;
	}
	row = find_row(making, (struct row_key){get_key(making, &site), is_systems(node)});
	making->row_of_site[number] = row;
	leak_values_add(&making->rows.items[row].values, values);
	add_history(making, number, &making->rows.items[row]);
	if (making->most.items[row] != 0 &&
	    leak_values_get_all_bytes(values) <= making->most.items[row])
		return;
	making->most.items[row] = leak_values_get_all_bytes(values) + 1;
	making->rows.items[row].caller = attribution_find_caller(making->attribution, &site);
	making->rows.items[row].stack = attribution_make_stack(making->attribution, &site);
	making->rows.items[row].site = number;
}

static enum leak_verdict
judge(const struct leak_row *row, bool is_twice)
{
	const struct leak_values *values = &row->values;

	if (values->blocks[REACH_DEFINITE] != 0)
		return LEAK_LOST;
	if (values->blocks[REACH_INDIRECT] != 0)
		return LEAK_PART;
	if (is_twice && leak_change_is_growth(&row->change))
		return LEAK_GROWING;
	if (values->blocks[REACH_POSSIBLE] != 0)
		return LEAK_MAYBE;
	if (!is_twice)
		return LEAK_HELD;
	return row->change.came == 0 && row->change.went == 0 && row->freed_blocks == 0
		       ? LEAK_START_UP
		       : LEAK_PLATEAU;
}

/* --- order --- */

/* What a row's verdict is about. */
static uint64_t
get_weight(const struct leak_row *row)
{
	const struct leak_values *values = &row->values;

	switch (row->verdict) {
	case LEAK_LOST:
		return values->bytes[REACH_DEFINITE] + values->hung_bytes;
	case LEAK_PART:
		return values->bytes[REACH_INDIRECT];
	case LEAK_GROWING:
		return values->bytes[REACH_REACHABLE] + values->bytes[REACH_POSSIBLE];
	case LEAK_MAYBE:
		return values->bytes[REACH_POSSIBLE];
	default:
		return values->bytes[REACH_REACHABLE];
	}
}

struct order {
	const struct leak_row *row;
	uint32_t rank; /* of its stack, so that no two are equal */
};

static int
compare_orders(const void *a, const void *b)
{
	const struct order *left = a, *right = b;
	uint64_t one = get_weight(left->row), other = get_weight(right->row);

	if (left->row->is_system != right->row->is_system)
		return left->row->is_system ? 1 : -1;
	if (left->row->verdict != right->row->verdict)
		return left->row->verdict > right->row->verdict ? 1 : -1;
	if (one != other)
		return one < other ? 1 : -1;
	return (left->rank > right->rank) - (left->rank < right->rank);
}

/* Sort the rows, and say where each has gone. */
static uint32_t *
sort_rows(struct making *making)
{
	size_t count = making->rows.count;
	uint32_t *ranks = place_order_rank_stacks(making->attribution->table);
	uint32_t *where = xcalloc(count + 1, sizeof(*where));
	struct order *orders = xcalloc(count + 1, sizeof(*orders));
	struct leak_row *rows = xcalloc(count + 1, sizeof(*rows));

	for (size_t i = 0; i < count; i++) {
		struct leak_row *row = &making->rows.items[i];

		row->verdict = judge(row, making->profile->leaks.changes != NULL);
		orders[i] = (struct order){row, ranks[row->stack]};
	}
	qsort(orders, count, sizeof(*orders), compare_orders);
	for (size_t i = 0; i < count; i++) {
		where[orders[i].row - making->rows.items] = (uint32_t)i;
		rows[i] = *orders[i].row;
	}
	making->report->rows = rows;
	making->report->row_count = count;
	free(orders);
	free(ranks);
	return where;
}

/* --- parts --- */

static int
compare_parts(const void *a, const void *b)
{
	const struct leak_row_part *left = a, *right = b;

	if (left->row != right->row)
		return left->row > right->row ? 1 : -1;
	return (left->other > right->other) - (left->other < right->other);
}

static int
compare_sizes(const void *a, const void *b)
{
	const struct leak_row_part *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return (left->other > right->other) - (left->other < right->other);
}

static void
join_parts(struct leak_report *report)
{
	size_t kept = 0;

	qsort(report->parts, report->part_count, sizeof(*report->parts), compare_parts);
	for (size_t i = 0; i < report->part_count; i++) {
		struct leak_row_part *last = kept != 0 ? &report->parts[kept - 1] : NULL;
		const struct leak_row_part *part = &report->parts[i];

		if (last != NULL && last->row == part->row && last->other == part->other) {
			last->blocks += part->blocks;
			last->bytes += part->bytes;
			last->in_ring |= part->in_ring;
		} else {
			report->parts[kept++] = *part;
		}
	}
	report->part_count = kept;
}

static void
share_parts(struct leak_report *report)
{
	for (size_t i = 0; i < report->part_count;) {
		struct leak_row *row = &report->rows[report->parts[i].row];

		row->part = (uint32_t)i;
		while (i < report->part_count && &report->rows[report->parts[i].row] == row)
			i++;
		row->part_count = (uint32_t)(i - row->part);
		qsort(&report->parts[row->part], row->part_count, sizeof(*report->parts),
		      compare_sizes);
	}
}

static void
make_parts(struct making *making, const uint32_t *where)
{
	const struct leak_set *leaks = &making->profile->leaks;
	struct leak_report *report = making->report;

	report->parts = xcalloc(leaks->part_count + 1, sizeof(*report->parts));
	for (size_t i = 0; i < leaks->part_count; i++) {
		const struct leak_part *part = &leaks->parts[i];
		uint32_t row = making->row_of_site[part->head];
		uint32_t other = making->row_of_site[part->site];

		if (row == NO_ROW || other == NO_ROW)
			continue;
		report->parts[report->part_count++] = (struct leak_row_part){
			.row = where[row],
			.other = where[other],
			.in_ring = part->in_ring,
			.blocks = part->blocks,
			.bytes = part->bytes,
		};
	}
	join_parts(report);
	share_parts(report);
}

/* --- what they look like --- */

static int
compare_names(const void *a, const void *b)
{
	const struct leak_row_look *left = a, *right = b;

	if (left->row != right->row)
		return left->row > right->row ? 1 : -1;
	if (left->is_node != right->is_node || left->is_array != right->is_array)
		return left->is_node * 2 + left->is_array > right->is_node * 2 + right->is_array
			       ? 1
			       : -1;
	return strcmp(left->name, right->name);
}

static int
compare_looks(const void *a, const void *b)
{
	const struct leak_row_look *left = a, *right = b;

	if (left->row != right->row)
		return left->row > right->row ? 1 : -1;
	if (left->lost != right->lost)
		return left->lost < right->lost ? 1 : -1;
	if (left->blocks != right->blocks)
		return left->blocks < right->blocks ? 1 : -1;
	return compare_names(a, b);
}

/* The nodes of a site are told by its function, objects by what they begin with. */
static size_t
list_looks(const struct making *making, const uint32_t *where, struct leak_row_look *looks)
{
	const struct profile *profile = making->profile;
	enum std_node *nodes = std_node_find_sites(profile);
	size_t count = 0;

	for (size_t i = 0; i < profile->leaks.class_count; i++) {
		const struct leak_class *item = &profile->leaks.classes[i];

		if (item->name != NULL && making->row_of_site[item->site] != NO_ROW)
			looks[count++] = (struct leak_row_look){
				.row = where[making->row_of_site[item->site]],
				.name = item->name,
				.is_array = item->is_array,
				.blocks = item->blocks,
				.lost = item->lost,
			};
	}
	for (uint32_t i = 0; i < profile->leaks.site_count; i++) {
		const struct leak_values *values = &profile->leaks.sites[i];

		if (std_node_is_known(nodes[i + 1]) && making->row_of_site[i] != NO_ROW)
			looks[count++] = (struct leak_row_look){
				.row = where[making->row_of_site[i]],
				.name = std_node_names[nodes[i + 1]],
				.is_node = true,
				.blocks = leak_values_get_all_blocks(values),
				.lost = values->blocks[REACH_DEFINITE] +
					values->blocks[REACH_INDIRECT],
			};
	}
	free(nodes);
	return count;
}

static void
make_looks(struct making *making, const uint32_t *where)
{
	const struct leak_set *leaks = &making->profile->leaks;
	struct leak_row_look *looks =
		xcalloc(leaks->class_count + leaks->site_count + 1u, sizeof(*looks));
	size_t count = list_looks(making, where, looks), kept = 0;

	qsort(looks, count, sizeof(*looks), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || compare_names(&looks[kept - 1], &looks[i]) != 0) {
			looks[kept++] = looks[i];
			continue;
		}
		looks[kept - 1].blocks += looks[i].blocks;
		looks[kept - 1].lost += looks[i].lost;
	}
	qsort(looks, kept, sizeof(*looks), compare_looks);
	for (size_t i = 0; i < kept; i++) {
		struct leak_row *row = &making->report->rows[looks[i].row];

		if (row->look_count++ == 0)
			row->look = (uint32_t)i;
	}
	making->report->looks = looks;
	making->report->look_count = kept;
}

void
leak_report_init(struct leak_report *report, const struct profile *profile,
		 struct attribution *attribution, const struct group_options *options)
{
	struct making making = {.profile = profile,
				.attribution = attribution,
				.options = options,
				.report = report};
	struct found_row *found, *next;
	uint32_t *where;

	*report = (struct leak_report){0};
	making.row_of_site = xcalloc(profile->site_count + 1, sizeof(*making.row_of_site));
	for (uint32_t i = 0; i < profile->site_count; i++)
		making.row_of_site[i] = NO_ROW;
	for (uint32_t i = 0; i < profile->leaks.site_count; i++)
		add_site(&making, i);
	where = sort_rows(&making);
	make_parts(&making, where);
	make_looks(&making, where);
	for (size_t i = 0; i < report->row_count; i++)
		leak_values_add(report->rows[i].is_system ? &report->system : &report->sum,
				&report->rows[i].values);
	HASH_ITER (hh, making.found, found, next) {
		HASH_DEL(making.found, found);
		free(found);
	}
	free(where);
	free(making.row_of_site);
	array_release(&making.rows);
	array_release(&making.most);
}

static void
subtract(uint64_t *number, uint64_t earlier)
{
	*number = *number > earlier ? *number - earlier : 0;
}

/* Only what is lost; its parts stay those of all of it. */
static void
subtract_row(struct leak_row *row, const struct leak_row *earlier)
{
	for (int kind = REACH_DEFINITE; kind <= REACH_INDIRECT; kind++) {
		subtract(&row->values.blocks[kind], earlier->values.blocks[kind]);
		subtract(&row->values.bytes[kind], earlier->values.bytes[kind]);
	}
	subtract(&row->values.rings, earlier->values.rings);
	subtract(&row->values.ring_blocks, earlier->values.ring_blocks);
	subtract(&row->values.hung_blocks, earlier->values.hung_blocks);
	subtract(&row->values.hung_bytes, earlier->values.hung_bytes);
}

void
leak_report_subtract(struct leak_report *report, const struct leak_report *earlier)
{
	report->sum = report->system = (struct leak_values){0};
	for (size_t i = 0; i < report->row_count; i++) {
		struct leak_row *row = &report->rows[i];

		for (size_t j = 0; j < earlier->row_count; j++)
			if (earlier->rows[j].place == row->place &&
			    earlier->rows[j].is_system == row->is_system)
				subtract_row(row, &earlier->rows[j]);
		if (row->verdict <= LEAK_PART)
			row->verdict = row->values.blocks[REACH_DEFINITE] != 0   ? LEAK_LOST
				       : row->values.blocks[REACH_INDIRECT] != 0 ? LEAK_PART
										 : LEAK_HELD;
		leak_values_add(row->is_system ? &report->system : &report->sum, &row->values);
	}
}

void
leak_report_release(struct leak_report *report)
{
	free(report->rows);
	free(report->parts);
	free(report->looks);
	memset(report, 0, sizeof(*report));
}

void
leak_report_sum(const struct profile *profile, struct leak_values *ret_sum)
{
	const struct place_options places = {0};
	const struct group_options options = {
		.by = GROUP_BY_LINE,
		.selection = {.system_rules = true},
	};
	struct place_table *table = place_table_new(&places);
	struct attribution attribution;
	struct leak_report report;

	attribution_init(&attribution, profile, &options.selection, table, NULL);
	leak_report_init(&report, profile, &attribution, &options);
	*ret_sum = report.sum;
	leak_report_release(&report);
	attribution_release(&attribution);
	place_table_free(table);
}
