/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff.c - what changed between two profiles
 *
 * Matching works on places, before anything is grouped: an old place that is found again becomes an
 * alias of the new one, and then every key (line, stack, file, ...) follows by itself.
 */
#include "config.h"

#include "model/diff.h"

#include "model/attribution.h"

#include <stdlib.h>
#include <string.h>

#include "model/rank.h"
#include "util/array.h"
#include "util/text.h"
#include "util/xalloc.h"

#define NONE UINT32_MAX

enum match_pass {
	MATCH_DISTANCE, /* from the start of the function, in the same file */
	MATCH_FILE_NAME,
	MATCH_ORDER, /* of the lines of one function */
	MATCH_PASSES
};

/* A place that is on one side only. */
struct candidate {
	const struct place *place;
	const char *file; /* path or base name, by pass */
	uint32_t number;
	bool is_new;
};

static uint32_t
get_distance(const struct place *place)
{
	return place->line - place->function_line;
}

/* Candidates that compare equal are matched. The last pass only brings functions together. */
static int
compare_candidates(const struct candidate *left, const struct candidate *right,
		   enum match_pass pass)
{
	int order = strcmp(left->place->function, right->place->function);

	if (order == 0)
		order = strcmp(text_base_name(left->place->module),
			       text_base_name(right->place->module));
	if (order == 0)
		order = strcmp(left->file, right->file);
	if (order == 0 && pass != MATCH_ORDER)
		order = (get_distance(left->place) > get_distance(right->place)) -
			(get_distance(left->place) < get_distance(right->place));
	return order;
}

static int
sort_candidates(const void *a, const void *b, void *context)
{
	const struct candidate *left = a, *right = b;
	int order = compare_candidates(left, right, *(const enum match_pass *)context);

	if (order == 0)
		order = (int)left->is_new - (int)right->is_new;
	if (order == 0)
		order = (left->place->line > right->place->line) -
			(left->place->line < right->place->line);
	return order ? order : (left->number > right->number) - (left->number < right->number);
}

/* One run of equal candidates, old ones first: pair them when there are as many on both sides. */
static void
match_run(struct candidate *run, size_t count, uint32_t *alias)
{
	size_t old = 0;

	while (old < count && !run[old].is_new)
		old++;
	if (2 * old != count)
		return;
	for (size_t i = 0; i < old; i++) {
		alias[run[i].number] = run[old + i].number;
		run[i].place = run[old + i].place = NULL;
	}
}

static void
match_pass(struct candidate *candidates, size_t *count, enum match_pass pass, uint32_t *alias)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		const char *file = candidates[i].place->file;

		candidates[i].file = pass == MATCH_DISTANCE ? file : text_base_name(file);
	}
	if (*count > 0)
		qsort_r(candidates, *count, sizeof(*candidates), sort_candidates, &pass);
	for (size_t first = 0, next; first < *count; first = next) {
		for (next = first + 1;
		     next < *count &&
		     compare_candidates(&candidates[first], &candidates[next], pass) == 0;
		     next++)
			;
		match_run(candidates + first, next - first, alias);
	}
	for (size_t i = 0; i < *count; i++) {
		if (candidates[i].place)
			candidates[kept++] = candidates[i];
	}
	*count = kept;
}

enum side {
	SIDE_OLD = 1,
	SIDE_NEW = 2,
};

static void
mark_places(const struct profile *profile, struct place_table *table, uint8_t *sides, uint8_t side)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		for (uint32_t k = 0; k == 0 || k < frame->location_count; k++)
			sides[place_table_insert(table, profile, frame, k)] |= side;
	}
}

/* Only what has a function, a file and a line can have moved. */
static size_t
collect_candidates(const struct place_table *table, const uint8_t *sides, size_t count,
		   struct candidate *candidates)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct place *place = place_table_get(table, (uint32_t)i);

		if (sides[i] == (SIDE_OLD | SIDE_NEW) || place->kind != PLACE_CODE ||
		    !place->function || !place->file || !place->line)
			continue;
		candidates[found++] = (struct candidate){
			.place = place,
			.number = (uint32_t)i,
			.is_new = sides[i] == SIDE_NEW,
		};
	}
	return found;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct place *left = ((const struct candidate *)a)->place,
			   *right = ((const struct candidate *)b)->place;
	int order = strcmp(left->file, right->file);

	return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

/* Places of the new side that have a file and a line, by these. */
static struct candidate *
collect_new_lines(const struct place_table *table, const uint8_t *sides, size_t count,
		  size_t *ret_count)
{
	struct candidate *lines = xmalloc((count + 1) * sizeof(*lines));
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct place *place = place_table_get(table, (uint32_t)i);

		if ((sides[i] & SIDE_NEW) != 0 && place->kind == PLACE_CODE && place->file)
			lines[found++] = (struct candidate){.place = place};
	}
	if (found > 1)
		qsort(lines, found, sizeof(*lines), compare_lines);
	*ret_count = found;
	return lines;
}

/*
 * Where the line of a place that is gone is now that of other functions, it must not be taken for
 * theirs. Instances of one template are declared at the same line.
 */
static bool
is_taken(const struct candidate *gone, const struct candidate *lines, size_t count)
{
	const struct candidate *found =
		count > 0 ? bsearch(gone, lines, count, sizeof(*lines), compare_lines) : NULL;

	if (found == NULL)
		return false;
	while (found > lines && compare_lines(found - 1, gone) == 0)
		found--;
	for (; found < lines + count && compare_lines(found, gone) == 0; found++)
		if (found->place->function_line == gone->place->function_line)
			return false;
	return true;
}

static void
part_gone(const struct candidate *candidates, size_t candidate_count, const uint8_t *sides,
	  size_t count, struct place_table *table, uint32_t *alias)
{
	size_t line_count, gone_count = 0;
	struct candidate *lines = collect_new_lines(table, sides, count, &line_count);
	uint32_t *gone = xmalloc((candidate_count + 1) * sizeof(*gone));

	/* Inserting moves the places. */
	for (size_t i = 0; i < candidate_count; i++)
		if (!candidates[i].is_new && is_taken(&candidates[i], lines, line_count))
			gone[gone_count++] = candidates[i].number;
	for (size_t i = 0; i < gone_count; i++)
		alias[gone[i]] = place_table_insert_gone(table, gone[i]);
	free(gone);
	free(lines);
}

static uint32_t *
match_places(const struct diff_side *old, const struct diff_side *new, bool match_moved,
	     struct place_table *table, size_t *ret_count)
{
	struct candidate *candidates;
	uint32_t *alias;
	uint8_t *sides;
	size_t count, candidate_count;

	attribution_insert_places(old->profile, table);
	attribution_insert_places(new->profile, table);
	count = place_table_count(table);
	alias = xmalloc((count + 1) * sizeof(*alias));
	for (size_t i = 0; i < count; i++)
		alias[i] = (uint32_t)i;
	*ret_count = count;
	if (!match_moved)
		return alias;

	sides = xcalloc(count + 1, sizeof(*sides));
	candidates = xmalloc((count + 1) * sizeof(*candidates));
	mark_places(old->profile, table, sides, SIDE_OLD);
	mark_places(new->profile, table, sides, SIDE_NEW);
	candidate_count = collect_candidates(table, sides, count, candidates);
	for (int pass = 0; pass < MATCH_PASSES; pass++)
		match_pass(candidates, &candidate_count, (enum match_pass)pass, alias);
	part_gone(candidates, candidate_count, sides, count, table, alias);
	free(candidates);
	free(sides);
	return alias;
}

/* By place of the new build: the line in the old one, if it has moved, else 0. */
static uint32_t *
collect_old_lines(const struct diff *diff, const struct place_table *table)
{
	uint32_t *lines = xcalloc(diff->alias_count + 1, sizeof(*lines));

	for (size_t i = 0; i < diff->alias_count; i++) {
		uint32_t old_line = place_table_get(table, (uint32_t)i)->line;

		if (diff->alias[i] != i && old_line != place_table_get(table, diff->alias[i])->line)
			lines[diff->alias[i]] = old_line;
	}
	return lines;
}

static void
note_moved(struct diff *diff, const struct place_table *table)
{
	uint32_t *old_lines = collect_old_lines(diff, table);

	for (size_t i = 0; i < diff->count; i++) {
		struct diff_row *row = &diff->rows[i];
		uint32_t place = place_table_get_place(table, row->stack);

		if (row->in_old && row->in_new && place < diff->alias_count)
			row->moved_from = old_lines[place];
	}
	free(old_lines);
}

static void
insert_rows(struct diff *diff, const struct group_set *set, bool is_new, size_t *rows_of_key)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct group *group = &set->groups[i];
		struct diff_row *row;

		if (rows_of_key[group->key] == SIZE_MAX) {
			rows_of_key[group->key] = diff->count;
			row = &diff->rows[diff->count++];
			memset(row, 0, sizeof(*row));
			row->key = group->key;
		}
		row = &diff->rows[rows_of_key[group->key]];
		row->stack = group->stack;
		row->caller = group->caller;
		if (is_new) {
			row->new = group->values;
			row->in_new = true;
		} else {
			row->old = group->values;
			row->in_old = true;
		}
	}
}

static void
group_side(const struct diff_side *side, const struct group_options *options,
	   struct place_table *table, const uint32_t *alias, struct group_set *ret_set)
{
	struct group_options own = *options;

	own.mapped = side->mapped;
	own.mapped_count = side->mapped_count;
	group_profile(side->profile, &side->at, &own, table, alias, ret_set);
}

void
diff_profiles(const struct diff_side *old, const struct diff_side *new,
	      const struct group_options *options, bool match_moved, struct place_table *table,
	      struct diff *ret_diff)
{
	struct diff diff = {0};
	size_t keys, *rows_of_key;

	diff.alias = match_places(old, new, match_moved, table, &diff.alias_count);
	group_side(old, options, table, diff.alias, &diff.old_set);
	group_side(new, options, table, diff.alias, &diff.new_set);
	diff.old = diff.old_set.sum;
	diff.new = diff.new_set.sum;

	keys = options->by == GROUP_BY_STACK ? place_table_stack_count(table)
					     : place_table_count(table);
	rows_of_key = xmalloc((keys + 1) * sizeof(*rows_of_key));
	memset(rows_of_key, 0xff, (keys + 1) * sizeof(*rows_of_key));
	diff.rows = xmalloc((diff.old_set.count + diff.new_set.count + 1) * sizeof(*diff.rows));
	insert_rows(&diff, &diff.old_set, false, rows_of_key);
	insert_rows(&diff, &diff.new_set, true, rows_of_key);
	if (options->by == GROUP_BY_LINE)
		note_moved(&diff, table);
	free(rows_of_key);
	*ret_diff = diff;
}

struct order {
	const struct column *column;
	const uint32_t *keys;
};

/* Of the counters of a hostile file too, which may be anything. */
static uint64_t
magnitude(int64_t new, int64_t old)
{
	return new < old ? (uint64_t)old - (uint64_t) new : (uint64_t) new - (uint64_t)old;
}

static int
compare_rows(const void *a, const void *b, void *context)
{
	const struct diff_row *left = a, *right = b;
	const struct order *order = context;
	const struct column *column = order->column;
	int64_t value[2] = {column_get(column, &left->new), column_get(column, &right->new)};
	int64_t blocks[2] = {column_get_blocks(column, &left->new),
			     column_get_blocks(column, &right->new)};
	uint64_t changes[2] = {magnitude(value[0], column_get(column, &left->old)),
			       magnitude(value[1], column_get(column, &right->old))};
	uint64_t block_changes[2] = {magnitude(blocks[0], column_get_blocks(column, &left->old)),
				     magnitude(blocks[1], column_get_blocks(column, &right->old))};

	if (changes[0] != changes[1])
		return changes[0] > changes[1] ? -1 : 1;
	if (value[0] != value[1])
		return value[0] > value[1] ? -1 : 1;
	if (block_changes[0] != block_changes[1])
		return block_changes[0] > block_changes[1] ? -1 : 1;
	if (blocks[0] != blocks[1])
		return blocks[0] > blocks[1] ? -1 : 1;
	return order->keys[left->key] > order->keys[right->key] ? -1 : 1;
}

void
diff_rank(struct diff *diff, enum group_by by, const struct column *column,
	  const struct place_table *table)
{
	uint32_t *keys = rank_keys(table, by);
	struct order order = {column, keys};

	if (diff->count > 1)
		qsort_r(diff->rows, diff->count, sizeof(*diff->rows), compare_rows, &order);
	free(keys);
}

bool
diff_row_has_changed(const struct diff_row *row, const struct column *column)
{
	return column_get(column, &row->old) != column_get(column, &row->new) ||
	       column_get_blocks(column, &row->old) != column_get_blocks(column, &row->new);
}

void
diff_keep_growth(struct diff *diff, const struct column *column)
{
	size_t kept = 0;

	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_row *row = &diff->rows[i];

		if (column_get(column, &row->new) > column_get(column, &row->old))
			diff->rows[kept++] = *row;
	}
	diff->count = kept;
}

void
diff_release(struct diff *diff)
{
	free(diff->rows);
	free(diff->alias);
	group_set_release(&diff->old_set);
	group_set_release(&diff->new_set);
	memset(diff, 0, sizeof(*diff));
}
