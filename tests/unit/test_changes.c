/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_changes.c - who grew and who fell, between the moments that a span of time has
 */
#include "config.h"

#include <stdlib.h>

#include "fixture.h"
#include "model/changes.h"
#include "scratch.h"
#include "util/xalloc.h"

#define KIB 1024

/* At 10 ns a holds 1 KiB; at 20 ns the peak: a 6, b 3, c 1; at 40 ns a 2, b 3. */
static struct profile *
make_profile(void)
{
	static const struct fixture_site sites[] = {{"a@a.c:1", 2 * KIB, 2, NULL},
						    {"b@b.c:2", 3 * KIB, 1, NULL},
						    {"c@c.c:3", 0, 0, NULL}};
	static const int64_t peaks[] = {6 * KIB, 3 * KIB, KIB};
	struct profile *profile = fixture_profile(sites, 3);
	struct profile_moment *moments = xcalloc(2, sizeof(*moments));

	moments[1] = profile->moments[0];
	moments[1].time_ns = 40;
	moments[1].peak_time_ns = 20;
	for (size_t i = 0; i < 3; i++) {
		moments[1].values[i].peak_bytes = peaks[i];
		moments[1].values[i].peak_blocks = 1;
	}
	moments[0].time_ns = moments[0].peak_time_ns = 10;
	moments[0].site_count = 1;
	moments[0].values = xcalloc(1, sizeof(*moments[0].values));
	moments[0].values[0].live_bytes = moments[0].values[0].peak_bytes = KIB;
	free(profile->moments);
	profile->moments = moments;
	profile->moment_count = 2;
	ck_assert_int_eq(profile_finish(profile), 0);
	return profile;
}

static void
check_row(const struct changes_part *part, size_t index, const char *function, int64_t change)
{
	const struct diff_row *row = &part->rows[index];
	const struct place *place =
		place_table_get(part->table, place_table_get_place(part->table, row->stack));

	ck_assert_uint_lt(index, part->count);
	ck_assert_str_eq(place->function, function);
	ck_assert_int_eq(row->new.live_bytes - row->old.live_bytes, change);
}

START_TEST(the_peak_parts_growth_from_fall)
{
	struct profile *profile = make_profile();
	struct changes changes;

	changes_init(&changes, profile, NULL, 0, 40, 10);
	ck_assert_uint_eq(changes.grew.from_ns, 0);
	ck_assert_uint_eq(changes.grew.to_ns, 20);
	ck_assert_uint_eq(changes.grew.count, 3);
	check_row(&changes.grew, 0, "a", 6 * KIB);
	check_row(&changes.grew, 1, "b", 3 * KIB);
	check_row(&changes.grew, 2, "c", KIB);
	ck_assert_uint_eq(changes.fell.from_ns, 20);
	ck_assert_uint_eq(changes.fell.to_ns, 40);
	/* b did not change. */
	ck_assert_uint_eq(changes.fell.count, 2);
	check_row(&changes.fell, 0, "a", -4 * KIB);
	check_row(&changes.fell, 1, "c", -KIB);
	changes_release(&changes);
	profile_free(profile);
}
END_TEST

START_TEST(a_span_begins_with_the_last_moment_before_it)
{
	struct profile *profile = make_profile();
	struct changes changes;

	changes_init(&changes, profile, NULL, 15, 30, 10);
	ck_assert_uint_eq(changes.grew.from_ns, 10);
	ck_assert_uint_eq(changes.grew.to_ns, 20);
	check_row(&changes.grew, 0, "a", 5 * KIB);
	/* Nothing is known between the peak and the end of the span. */
	ck_assert_uint_eq(changes.fell.count, 0);
	changes_release(&changes);
	profile_free(profile);
}
END_TEST

START_TEST(only_the_largest_are_kept)
{
	struct profile *profile = make_profile();
	struct changes changes;

	changes_init(&changes, profile, NULL, 0, 40, 1);
	ck_assert_uint_eq(changes.grew.count, 1);
	check_row(&changes.grew, 0, "a", 6 * KIB);
	ck_assert_uint_eq(changes.fell.count, 1);
	check_row(&changes.fell, 0, "a", -4 * KIB);
	changes_release(&changes);
	profile_free(profile);
}
END_TEST

START_TEST(before_the_first_moment_nothing_changed)
{
	struct profile *profile = make_profile();
	struct changes changes;

	changes_init(&changes, profile, NULL, 0, 5, 10);
	ck_assert_uint_eq(changes.grew.count, 0);
	ck_assert_uint_eq(changes.fell.count, 0);
	changes_release(&changes);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("changes");
	TCase *cases = tcase_create("changes");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, the_peak_parts_growth_from_fall);
	tcase_add_test(cases, a_span_begins_with_the_last_moment_before_it);
	tcase_add_test(cases, only_the_largest_are_kept);
	tcase_add_test(cases, before_the_first_moment_nothing_changed);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
