/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util.c - arrays, buffers, interned and misspelt strings
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/intern.h"
#include "util/nearest.h"

START_TEST(array_keeps_items_while_it_grows)
{
	ARRAY(int) numbers = {0};
	long sum = 0;

	for (int i = 0; i < 1000; i++)
		*array_push(&numbers) = i;
	ck_assert_uint_eq(numbers.count, 1000);
	array_each (&numbers, number)
		sum += *number;
	ck_assert_int_eq(sum, 999 * 1000 / 2);
	array_release(&numbers);
	ck_assert_uint_eq(numbers.count, 0);
	array_each (&numbers, number)
		ck_abort_msg("an empty array has %d", *number);
}
END_TEST

START_TEST(buffer_appends)
{
	struct buffer buffer = BUFFER_INIT;

	ck_assert_str_eq(buffer_string(&buffer), "");
	buffer_insert_string(&buffer, "one");
	buffer_insert_byte(&buffer, ' ');
	buffer_insert_format(&buffer, "%d and %0*d", 2, 200, 3);
	ck_assert_uint_eq(buffer.length, 3 + 1 + 6 + 200);
	ck_assert_int_eq(strncmp(buffer_string(&buffer), "one 2 and 000", 13), 0);
	ck_assert_uint_eq(strlen(buffer_string(&buffer)), buffer.length);
	buffer_clear(&buffer);
	ck_assert_str_eq(buffer_string(&buffer), "");
	buffer_insert(&buffer, NULL, 0);
	ck_assert_uint_eq(buffer.length, 0);
	buffer_release(&buffer);
}
END_TEST

START_TEST(intern_gives_one_address_for_equal_bytes)
{
	struct intern *intern = intern_new();
	const char *first = intern_insert(intern, "name", 4);

	ck_assert_ptr_eq(intern_insert(intern, "names", 4), first);
	ck_assert_ptr_eq(intern_insert_string(intern, "name"), first);
	ck_assert_ptr_ne(intern_insert_string(intern, "names"), first);
	ck_assert_str_eq(first, "name");
	ck_assert_uint_eq(intern_count(intern), 2);
	ck_assert_uint_eq(intern_length(first), 4);
	intern_free(intern);
	intern_free(NULL);
}
END_TEST

START_TEST(intern_takes_odd_strings)
{
	struct intern *intern = intern_new();
	const char *empty = intern_insert(intern, "", 0);
	const char *with_nul = intern_insert(intern, "a\0b", 3);
	char *large = xmalloc(1 << 20);
	const char *copy;

	ck_assert_str_eq(empty, "");
	ck_assert_ptr_ne(with_nul, intern_insert(intern, "a", 1));
	ck_assert_int_eq(memcmp(with_nul, "a\0b", 4), 0);
	ck_assert_ptr_null(intern_insert_string(intern, NULL));
	memset(large, 'x', 1 << 20);
	copy = intern_insert(intern, large, 1 << 20);
	ck_assert_uint_eq(strlen(copy), 1 << 20);
	ck_assert_ptr_eq(intern_insert(intern, large, 1 << 20), copy);
	free(large);
	intern_free(intern);
}
END_TEST

START_TEST(intern_holds_many)
{
	struct intern *intern = intern_new();
	ARRAY(const char *) strings = {0};
	char text[32];

	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "function_%d", i);
		*array_push(&strings) = intern_insert_string(intern, text);
	}
	ck_assert_uint_eq(intern_count(intern), 100000);
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "function_%d", i);
		ck_assert_ptr_eq(intern_insert_string(intern, text), strings.items[i]);
	}
	array_release(&strings);
	intern_free(intern);
}
END_TEST

START_TEST(nearest_is_a_slip_away)
{
	static const char *const rows[][2] = {
		{"lvie", "live"},     {"pea", "peak"},
		{"blcoks", "blocks"}, {"alocs", "allocs"},
		{"live", NULL},       {"colour", NULL},
		{"", NULL},           {"x", NULL},
		{"tota", "total"},    {"temporaty", "temporary"},
	};
	char longer[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *nearest =
			nearest_find(rows[i][0], "live, blocks, peak, total, allocs, temporary");

		ck_assert_pstr_eq(nearest, rows[i][1]);
		free(nearest);
	}
	memset(longer, 'l', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(nearest_find(longer, "live"));
	ck_assert_ptr_null(nearest_find("live", longer));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("util");
	TCase *tcase = tcase_create("util");

	tcase_add_test(tcase, array_keeps_items_while_it_grows);
	tcase_add_test(tcase, buffer_appends);
	tcase_add_test(tcase, intern_gives_one_address_for_equal_bytes);
	tcase_add_test(tcase, intern_takes_odd_strings);
	tcase_add_test(tcase, intern_holds_many);
	tcase_add_test(tcase, nearest_is_a_slip_away);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
