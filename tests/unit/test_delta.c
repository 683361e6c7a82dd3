/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_delta.c - what was allocated between two looks at one process, and at no other
 */
#include "config.h"

#include <errno.h>

#include "fixture.h"
#include "model/delta.h"
#include "scratch.h"

static const struct fixture_site before[] = {
	{"grows@a.c:1", 100, 1, NULL},
	{"falls@a.c:2", 500, 5, NULL},
};
static const struct fixture_site after[] = {
	{"grows@a.c:1", 700, 7, NULL},
	{"falls@a.c:2", 500, 5, NULL},
	{"is new@a.c:3", 30, 3, NULL},
};

static struct profile *
make_look(const struct fixture_site *sites, size_t count)
{
	struct profile *profile = fixture_profile(sites, count);

	profile->pid = 4711;
	profile->start_realtime_ns = 1;
	return profile;
}

START_TEST(each_site_and_the_sum_are_what_came)
{
	struct profile *earlier = make_look(before, 2), *later = make_look(after, 3);
	const struct profile_moment *moment = &later->moments[0];

	/* All five are freed by now. */
	later->moments[0].values[1].live_bytes = later->moments[0].values[1].live_blocks = 0;
	ck_assert_int_eq(delta_subtract(later, earlier), 0);
	ck_assert_int_eq(moment->values[0].live_bytes, 600);
	ck_assert_uint_eq(moment->values[0].total_blocks, 6);
	ck_assert_int_eq(moment->values[1].live_bytes, -500);
	ck_assert_uint_eq(moment->values[1].total_blocks, 0);
	ck_assert_int_eq(moment->values[2].live_bytes, 30);
	ck_assert_int_eq(moment->sum.live_bytes, 130);
	ck_assert_uint_eq(moment->sum.total_blocks, 9);
	profile_free(earlier);
	profile_free(later);
}
END_TEST

/* As after a clearing: fewer than there were before. */
START_TEST(a_site_that_began_anew_keeps_what_it_has)
{
	struct profile *earlier = make_look(before, 2), *later = make_look(after, 3);

	later->moments[0].values[1].total_blocks = 4;
	ck_assert_int_eq(delta_subtract(later, earlier), 0);
	ck_assert_int_eq(later->moments[0].values[1].live_bytes, 500);
	ck_assert_uint_eq(later->moments[0].values[1].total_blocks, 4);
	ck_assert_int_eq(later->moments[0].sum.live_bytes, 600 + 500 + 30);
	profile_free(earlier);
	profile_free(later);
}
END_TEST

static void
check_refused(struct profile *later, const struct profile *earlier)
{
	int64_t live = later->moments[0].values[0].live_bytes;

	ck_assert_int_eq(delta_subtract(later, earlier), -EINVAL);
	ck_assert_int_eq(later->moments[0].values[0].live_bytes, live);
}

START_TEST(another_process_and_a_later_look)
{
	struct profile *earlier = make_look(before, 2), *later = make_look(after, 3);

	check_refused(earlier, later);
	/* The number was given to another one. */
	earlier->start_realtime_ns = 2;
	check_refused(later, earlier);
	earlier->start_realtime_ns = 1;
	earlier->pid = 4712;
	check_refused(later, earlier);
	profile_free(earlier);
	profile_free(later);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("delta");
	TCase *cases = tcase_create("delta");

	tcase_add_test(cases, each_site_and_the_sum_are_what_came);
	tcase_add_test(cases, a_site_that_began_anew_keeps_what_it_has);
	tcase_add_test(cases, another_process_and_a_later_look);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
