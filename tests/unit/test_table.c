/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_table.c - rows are aligned, columns come and go, and what is too wide is cut
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "util/term.h"
#include "view/table.h"

enum {
	COLUMNS = 4
};

static const bool is_text[COLUMNS] = {false, true, true, false};

static void
fill(struct view_table *table, const char *const *cells, size_t count)
{
	view_table_init(table, COLUMNS, is_text);
	for (size_t i = 0; i < count; i++)
		view_table_insert(table, cells[i], TERM_PLAIN);
}

static void
check_printed(const struct view_table *table, unsigned width, bool cut, const char *expected)
{
	char *text = NULL;
	size_t length;
	struct term term = {.stream = open_memstream(&text, &length), .width = width};

	view_table_print(table, &term, cut);
	fclose(term.stream);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(numbers_are_on_the_right_and_texts_on_the_left)
{
	static const char *const cells[] = {"1", "ab", "x", "10", "1000", "a", "yy", "9"};
	struct view_table table;

	fill(&table, cells, 8);
	check_printed(&table, 0, false, "   1  ab  x   10\n1000  a   yy   9\n");
	view_table_release(&table);
}
END_TEST

START_TEST(a_column_without_text_is_left_out)
{
	static const char *const cells[] = {"1", "", "x", "10", "2", "", "y", "9"};
	struct view_table table;

	fill(&table, cells, 8);
	check_printed(&table, 0, false, "1  x  10\n2  y   9\n");
	view_table_release(&table);
}
END_TEST

START_TEST(the_last_text_of_a_row_reaches_over_the_columns_after_it)
{
	static const char *const cells[] = {"1", "a long remark", "", "", "2", "ab", "y", "9"};
	struct view_table table;

	fill(&table, cells, 8);
	check_printed(&table, 0, false, "1  a long remark\n2  ab  y  9\n");
	view_table_release(&table);
}
END_TEST

START_TEST(widths_are_columns_of_the_screen)
{
	/* Three letters in six bytes. */
	static const char *const cells[] = {"1", "\u00e4\u00f6\u00fc", "x", "1", "2", "abc", "y",
					    "9"};
	struct view_table table;

	fill(&table, cells, 8);
	check_printed(&table, 0, false, "1  \u00e4\u00f6\u00fc  x  1\n2  abc  y  9\n");
	view_table_release(&table);
}
END_TEST

/* Number, name, position, number. */
static const char *const places[] = {
	"1", "outer::middle::Inner::method", "src/directory/file.cpp:1234", "10", "2", "f", "a.c:5",
	"7",
};

START_TEST(nothing_is_fitted_without_a_width)
{
	const struct view_table_fit fit = {.name = 1, .position = 2, .least = 30};
	struct term term = {.width = 0};
	struct view_table table;

	fill(&table, places, 8);
	view_table_fit(&table, &term, &fit);
	for (size_t i = 0; i < 8; i++)
		ck_assert_str_eq(table.cells.items[i].text, places[i]);
	view_table_release(&table);
}
END_TEST

START_TEST(names_and_positions_fit_the_room_that_is_left)
{
	const struct view_table_fit fit = {.name = 1, .position = 2, .least = 30};

	for (unsigned width = 34; width < 80; width++) {
		struct term term = {.width = width};
		struct view_table table;
		unsigned used;

		fill(&table, places, 8);
		view_table_fit(&table, &term, &fit);
		used = term_columns(table.cells.items[1].text) +
		       term_columns(table.cells.items[2].text);
		/* The numbers have 1 and 2 columns, and there are three gaps. */
		ck_assert_uint_le(used, width - 9);
		/* What is short enough stays whole. */
		ck_assert_str_eq(table.cells.items[5].text, "f");
		ck_assert_str_eq(table.cells.items[6].text, "a.c:5");
		view_table_release(&table);
	}
}
END_TEST

START_TEST(a_spare_column_goes_first_but_only_when_it_must)
{
	static const size_t spare[] = {3, 0};
	const struct view_table_fit fit = {
		.name = 1, .position = 2, .least = 30, .spare = spare, .spare_count = 2};
	/*
	 * "Inner::method" and ".../file.cpp:1234" want 32 columns: beside both numbers, beside
	 * the first one, and beside none.
	 */
	static const struct {
		unsigned width;
		const char *first, *last;
	} rows[] = {{39, "1", "10"}, {38, "1", ""}, {35, "1", ""}, {34, "", ""}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct term term = {.width = rows[i].width};
		struct view_table table;

		fill(&table, places, 8);
		view_table_fit(&table, &term, &fit);
		ck_assert_str_eq(table.cells.items[0].text, rows[i].first);
		ck_assert_str_eq(table.cells.items[3].text, rows[i].last);
		view_table_release(&table);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *cases = tcase_create("table");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, numbers_are_on_the_right_and_texts_on_the_left);
	tcase_add_test(cases, a_column_without_text_is_left_out);
	tcase_add_test(cases, the_last_text_of_a_row_reaches_over_the_columns_after_it);
	tcase_add_test(cases, widths_are_columns_of_the_screen);
	tcase_add_test(cases, nothing_is_fitted_without_a_width);
	tcase_add_test(cases, names_and_positions_fit_the_room_that_is_left);
	tcase_add_test(cases, a_spare_column_goes_first_but_only_when_it_must);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
