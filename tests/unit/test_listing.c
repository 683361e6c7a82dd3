/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_listing.c - which single blocks a list has, in which order, and groups made of them
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "model/attribution.h"
#include "model/group.h"
#include "model/listing.h"
#include "scratch.h"
#include "util/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NOW_UNITS    1000

static const struct fixture_site sites[] = {
	{"parse@a.c:1 < main@m.c:9", 0, 0, NULL},
	{"load@b.c:2 < main@m.c:9", 0, 0, "calloc"},
};

/* One letter each, 'a' first: by address. */
static const struct block blocks[] = {
	{.address = 0x100, .bytes = 64, .birth = 500, .thread = 7, .site = 0},
	{.address = 0x200, .bytes = 8, .birth = 100, .thread = 8, .site = 1, .rounding = 16},
	{.address = 0x300, .bytes = 64, .birth = 900, .thread = 7, .site = 1},
	{.address = 0x400, .bytes = 0, .birth = 100, .thread = 8, .site = 0, .rounding = 24},
	{.address = 0x500, .bytes = 5000, .birth = 900, .thread = 7, .site = 0},
};

static struct profile *
make_profile(void)
{
	struct profile *profile = fixture_profile(sites, COUNT(sites));

	profile->moments[0].time_ns = (uint64_t)NOW_UNITS << BLOCK_TIME_SHIFT;
	profile->blocks.recorded = profile->blocks.is_read = true;
	profile->blocks.blocks = xcalloc(COUNT(blocks), sizeof(*blocks));
	memcpy(profile->blocks.blocks, blocks, sizeof(blocks));
	profile->blocks.count = COUNT(blocks);
	return profile;
}

static void
insert_filter(struct group_options *options, const char *filter)
{
	char *why;

	if (*filter != '\0')
		ck_assert_int_eq(
			filter_list_insert(&options->selection.filters, filter, true, false, &why),
			0);
}

/* The letters of the list, and how many pass. */
static size_t
list(const char *filter, enum listing_order order, size_t rows, char *ret_letters)
{
	struct profile *profile = make_profile();
	const struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_options options = {.by = GROUP_BY_LINE};
	struct attribution attribution;
	struct listing listing;
	size_t all;

	insert_filter(&options, filter);
	attribution_init(&attribution, profile, &options.selection, table, NULL);
	listing_init(&listing, profile, &attribution, order, rows);
	for (size_t i = 0; i < listing.count; i++)
		ret_letters[i] = (char)('a' + listing.blocks[i]);
	ret_letters[listing.count] = '\0';
	all = listing.all;
	listing_release(&listing);
	attribution_release(&attribution);
	filter_list_release(&options.selection.filters);
	place_table_free(table);
	profile_free(profile);
	return all;
}

START_TEST(orders_and_their_ties)
{
	static const char *const expected[] = {
		[LISTING_BY_AGE] = "bdace",
		[LISTING_BY_SIZE] = "eacbd",
		[LISTING_BY_ADDRESS] = "abcde",
	};
	char letters[COUNT(blocks) + 1], first[COUNT(blocks) + 1];

	for (unsigned order = 0; order < COUNT(expected); order++) {
		list("", (enum listing_order)order, 0, letters);
		ck_assert_str_eq(letters, expected[order]);
		/* A few of them are the first few. */
		for (size_t rows = 1; rows <= COUNT(blocks) + 1; rows++) {
			ck_assert_uint_eq(list("", (enum listing_order)order, rows, first),
					  COUNT(blocks));
			ck_assert_uint_eq(strlen(first),
					  rows < COUNT(blocks) ? rows : COUNT(blocks));
			ck_assert(strncmp(first, letters, strlen(first)) == 0);
		}
	}
}
END_TEST

START_TEST(conditions_on_blocks)
{
	static const struct {
		const char *filter, *letters;
	} rows[] = {
		{"size=64", "ac"},
		{"size=..8", "bd"},
		{"size=0", "d"},
		{"size=1..4K", "abc"},
		{"size=4K..", "e"},
		{"size=5001..", ""},
		/* Ages in units of 1024 ns: 500, 900, 100, 900, 100. */
		{"age=921600ns..", "bd"},
		{"age=921601ns..", ""},
		{"age=..102400ns", "ce"},
		{"age=102401ns..921599ns", "a"},
		{"age=0.1ms..0.2ms", "ce"},
		{"thread=7", "ace"},
		{"thread=[89]", "bd"},
		{"allocator=calloc", "bc"},
		{"function=parse,size=1..", "ae"},
		{"a.c:1,thread=8", "d"},
		{"generation=0", "abcde"},
		{"generation=1..", ""},
	};
	char letters[COUNT(blocks) + 1];

	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_uint_eq(list(rows[i].filter, LISTING_BY_ADDRESS, 0, letters),
				  strlen(rows[i].letters));
		ck_assert_msg(strcmp(letters, rows[i].letters) == 0, "%s keeps %s, not %s",
			      rows[i].filter, letters, rows[i].letters);
	}
}
END_TEST

/* "KEY:BYTES/BLOCKS ..." of each group, in the order of first sight. */
static void
check_groups(enum group_by by, const char *filter, const char *expected)
{
	struct profile *profile = make_profile();
	struct profile_at at = fixture_at(profile, false);
	const struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_options options = {.by = by};
	struct group_set set;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	insert_filter(&options, filter);
	group_profile(profile, &at, &options, table, NULL, &set);
	ck_assert(set.by_blocks);
	for (size_t i = 0; i < set.count; i++) {
		const struct group *group = &set.groups[i];
		const struct place *place =
			place_table_get(table, place_table_get_place(table, group->stack));

		fprintf(stream, "%s%lu:%ld/%ld", i ? " " : "",
			place->line ? (unsigned long)place->line : (unsigned long)place->offset,
			(long)group->values.live_bytes, (long)group->values.live_blocks);
	}
	fclose(stream);
	ck_assert_str_eq(text, expected);
	free(text);
	group_set_release(&set);
	filter_list_release(&options.selection.filters);
	place_table_free(table);
	profile_free(profile);
}

START_TEST(groups_of_blocks)
{
	check_groups(GROUP_BY_SIZE, "", "64:128/2 8:8/1 0:0/1 4096:5000/1");
	check_groups(GROUP_BY_SIZE, "thread=8", "8:8/1 0:0/1");
	check_groups(GROUP_BY_THREAD, "", "7:5128/3 8:8/2");
	check_groups(GROUP_BY_GENERATION, "", "0:5136/5");
	check_groups(GROUP_BY_LINE, "size=1..", "1:5064/2 2:72/2");
	check_groups(GROUP_BY_LINE, "thread=8", "1:0/1 2:8/1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listing");
	TCase *tcase = tcase_create("listing");

	tcase_add_test(tcase, orders_and_their_ties);
	tcase_add_test(tcase, conditions_on_blocks);
	tcase_add_test(tcase, groups_of_blocks);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
