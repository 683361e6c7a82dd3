/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_diff.c - what changed: union, signs, order, moved lines, budgets
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/tracemalloc.h"
#include "model/budget.h"
#include "model/diff.h"
#include "fixture.h"
#include "scratch.h"
#include "util/term.h"
#include "view/diff.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct comparison {
	struct profile *profiles[2];
	struct diff_side sides[2];
	struct place_table *table;
	struct group_options options;
	struct diff diff;
};

static void
compare(struct comparison *comparison, enum group_by by, bool match_moved,
	const struct fixture_site *old, size_t old_count, const struct fixture_site *new,
	size_t new_count)
{
	struct place_options places = {.across_builds = true};

	memset(comparison, 0, sizeof(*comparison));
	comparison->options.by = by;
	comparison->table = place_table_new(&places);
	comparison->profiles[0] = fixture_profile(old, old_count);
	comparison->profiles[1] = fixture_profile(new, new_count);
	for (size_t i = 0; i < 2; i++) {
		comparison->sides[i].profile = comparison->profiles[i];
		comparison->sides[i].at = fixture_at(comparison->profiles[i], false);
	}
	diff_profiles(&comparison->sides[0], &comparison->sides[1], &comparison->options,
		      match_moved, comparison->table, &comparison->diff);
	diff_rank(&comparison->diff, by, column_find("live"), comparison->table);
}

static void
release(struct comparison *comparison)
{
	diff_release(&comparison->diff);
	place_table_free(comparison->table);
	profile_free(comparison->profiles[0]);
	profile_free(comparison->profiles[1]);
}

static char *
format(const struct comparison *comparison)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	export_tracemalloc_diff(&(struct term){.stream = stream},
				&(struct view_diff){
					.options = &comparison->options,
					.column = column_find("live"),
					.diff = &comparison->diff,
					.table = comparison->table,
				});
	fclose(stream);
	return text;
}

/* The example of the specification, which was checked with CPython. */
START_TEST(union_signs_and_order_are_those_of_tracemalloc)
{
	static const struct fixture_site old[] = {
		{"a.py:1", 100, 1, NULL},
		{"a.py:2", 50, 1, NULL},
		{"gone.py:1", 10, 1, NULL},
	};
	static const struct fixture_site new[] = {
		{"a.py:1", 100, 1, NULL},
		{"a.py:2", 100, 2, NULL},
		{"b.py:1", 100, 1, NULL},
	};
	struct comparison comparison;
	char *text;

	compare(&comparison, GROUP_BY_LINE, false, old, 3, new, 3);
	text = format(&comparison);
	ck_assert_str_eq(text, "b.py:1: size=100 B (+100 B), count=1 (+1), average=100 B\n"
			       "a.py:2: size=100 B (+50 B), count=2 (+1), average=50 B\n"
			       "gone.py:1: size=0 B (-10 B), count=0 (-1)\n"
			       "a.py:1: size=100 B (+0 B), count=1 (+0), average=100 B\n");
	free(text);
	release(&comparison);
}
END_TEST

static const struct diff_row *
find_row(const struct comparison *comparison, const char *file, uint32_t line)
{
	for (size_t i = 0; i < comparison->diff.count; i++) {
		const struct diff_row *row = &comparison->diff.rows[i];
		const struct place *place = place_table_get(
			comparison->table, place_table_get_place(comparison->table, row->stack));

		if (place->line == line && strcmp(place->file, file) == 0)
			return row;
	}
	ck_abort_msg("no row for %s:%u", file, line);
}

/* Three lines were put in above `parse`, whose second allocation is now where the first was. */
START_TEST(moved_lines_are_matched_by_their_function)
{
	static const struct fixture_site old[] = {
		{"parse@a.c:12/10 < main@a.c:40/39", 100, 1, NULL},
		{"parse@a.c:15/10 < main@a.c:40/39", 30, 1, NULL},
		{"other@a.c:20/19", 7, 1, NULL},
	};
	static const struct fixture_site new[] = {
		{"parse@a.c:15/13 < main@a.c:43/42", 110, 2, NULL},
		{"parse@a.c:18/13 < main@a.c:43/42", 30, 1, NULL},
		{"fresh@a.c:20/19", 9, 1, NULL},
	};
	struct comparison comparison;
	const struct diff_row *row;

	compare(&comparison, GROUP_BY_LINE, true, old, COUNT(old), new, COUNT(new));
	row = find_row(&comparison, "a.c", 15);
	ck_assert_int_eq(row->old.live_bytes, 100);
	ck_assert_int_eq(row->new.live_bytes, 110);
	ck_assert_uint_eq(row->moved_from, 12);
	row = find_row(&comparison, "a.c", 18);
	ck_assert_int_eq(row->old.live_bytes, 30);
	ck_assert_uint_eq(row->moved_from, 15);
	release(&comparison);

	/* The callers moved as well, and whole stacks still match. */
	compare(&comparison, GROUP_BY_STACK, true, old, COUNT(old), new, COUNT(new));
	ck_assert_uint_eq(comparison.diff.count, 4);
	ck_assert_int_eq(comparison.diff.rows[0].old.live_bytes, 100);
	release(&comparison);
}
END_TEST

START_TEST(lines_of_a_changed_function_are_matched_in_order)
{
	static const struct fixture_site old[] = {
		{"f@/build/1/a.c:12/10", 100, 1, NULL},
		{"f@/build/1/a.c:15/10", 30, 1, NULL},
		{"g@/build/1/a.c:30/29", 5, 1, NULL},
	};
	static const struct fixture_site new[] = {
		{"f@/build/2/a.c:13/10", 100, 1, NULL},
		{"f@/build/2/a.c:19/10", 30, 1, NULL},
		{"g@/build/2/a.c:33/29", 5, 1, NULL},
		{"g@/build/2/a.c:35/29", 5, 1, NULL}, /* two for one: not guessed */
	};
	struct comparison comparison;

	compare(&comparison, GROUP_BY_LINE, true, old, COUNT(old), new, COUNT(new));
	ck_assert_uint_eq(find_row(&comparison, "/build/2/a.c", 13)->moved_from, 12);
	ck_assert_uint_eq(find_row(&comparison, "/build/2/a.c", 19)->moved_from, 15);
	ck_assert(!find_row(&comparison, "/build/2/a.c", 33)->in_old);
	ck_assert(!find_row(&comparison, "/build/2/a.c", 35)->in_old);
	ck_assert(!find_row(&comparison, "/build/1/a.c", 30)->in_new);
	release(&comparison);
}
END_TEST

START_TEST(modules_match_by_base_name_and_addresses_by_build_id)
{
	static const struct fixture_site old[] = {
		{"f@", 10, 1, NULL},
		{"/old/lib/x.so+0x10", 20, 1, NULL},
	};
	static const struct fixture_site new[] = {
		{"f@", 15, 1, NULL},
		{"/new/lib/x.so+0x10", 21, 1, NULL},
		{"/new/lib/x.so+0x20", 1, 1, NULL},
	};
	struct comparison comparison;

	compare(&comparison, GROUP_BY_LINE, true, old, COUNT(old), new, COUNT(new));
	ck_assert_uint_eq(comparison.diff.count, 3);
	ck_assert_int_eq(comparison.diff.rows[0].old.live_bytes, 10);
	ck_assert_int_eq(comparison.diff.rows[1].old.live_bytes, 20);
	ck_assert(!comparison.diff.rows[2].in_old);
	release(&comparison);
}
END_TEST

START_TEST(budgets_are_read_and_checked)
{
	static const struct {
		const char *text;
		int64_t old, new;
		bool broken;
	} rows[] = {
		{"peak=+5%", 1000, 1050, false},
		{"peak=+5%", 1000, 1051, true},
		{"peak=+0%", 1000, 1000, false},
		{"live=+1KiB", 0, 1024, false},
		{"live=+1KiB", 0, 1025, true},
		{"live=64K", 1000000, 65536, false},
		{"live=64K", 0, 65537, true},
		{"blocks=0", 5, 1, true},
		{"blocks=0", 5, 0, false},
		{"total=-10%", 1000, 900, false},
		{"total=-10%", 1000, 901, true},
		{"allocs=-10", 100, 91, true},
		{"*/a.c=+5%", 1000, 1051, true},
		{"total:a.c:12=9", 0, 10, true},
		{"function=f*,module=g=+1", 3, 4, false},
	};
	static const char *const bad[] = {"peak",        "peak=",     "colour=1",     "peak=5%",
					  "peak=+x",     "peak=++5%", "=5",           "paek=+5%",
					  "peak:=5",     "line=x=5",  "colour=red=5", "a.c,=5",
					  "size=4K..=5", "thread=1=5"};
	struct budget budget;
	char *why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(budget_parse(rows[i].text, false, &budget, &why), 0);
		budget_judge(&budget, rows[i].old, rows[i].new);
		ck_assert_msg(budget.is_broken == rows[i].broken, "row %zu: %s", i, rows[i].text);
		budget_release(&budget);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(budget_parse(bad[i], false, &budget, &why) == -EINVAL, "%s", bad[i]);
		free(why);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tcase = tcase_create("diff");

	tcase_add_test(tcase, union_signs_and_order_are_those_of_tracemalloc);
	tcase_add_test(tcase, moved_lines_are_matched_by_their_function);
	tcase_add_test(tcase, lines_of_a_changed_function_are_matched_in_order);
	tcase_add_test(tcase, modules_match_by_base_name_and_addresses_by_build_id);
	tcase_add_test(tcase, budgets_are_read_and_checked);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
