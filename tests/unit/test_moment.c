/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_moment.c - the moment that is meant when none is named, alone and on two sides
 */
#include "config.h"

#include "fixture.h"
#include "model/moment.h"
#include "scratch.h"

static struct profile *
make_profile(enum profile_state state)
{
	static const struct fixture_site sites[] = {{"a@a.c:1", 100, 1, NULL}};
	struct profile *profile = fixture_profile(sites, 1);

	profile->state = state;
	return profile;
}

START_TEST(who_lives_means_now)
{
	static const char *const wanted[] = {
		[PROFILE_RUNNING] = "now",
		[PROFILE_EXITED] = "peak",
		[PROFILE_ENDED] = "peak",
	};

	for (int state = PROFILE_RUNNING; state <= PROFILE_ENDED; state++) {
		struct profile *profile = make_profile((enum profile_state)state);

		ck_assert_str_eq(moment_get_default(profile), wanted[state]);
		profile_free(profile);
	}
}
END_TEST

/* Names: '-' the user named none, 'p' a peak, 'm' another moment. */
static void
check(enum profile_state old_state, enum profile_state new_state, const char *names,
      bool same_process, const char *wanted)
{
	struct profile *profiles[] = {make_profile(old_state), make_profile(new_state)};
	struct moment_side sides[2];

	for (unsigned i = 0; i < 2; i++)
		sides[i] = (struct moment_side){
			.profile = profiles[i],
			.at = {.moment = &profiles[i]->moments[0], .peak = names[i] == 'p'},
			.is_named = names[i] != '-',
		};
	moment_fit_sides(sides, same_process);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_msg(sides[i].at.peak == (wanted[i] == 'p'), "%s: side %u of %s", names, i,
			      wanted);
		ck_assert_ptr_eq(sides[i].at.moment, &profiles[i]->moments[0]);
		profile_free(profiles[i]);
	}
}

START_TEST(both_sides_have_the_same_kind)
{
	check(PROFILE_EXITED, PROFILE_ENDED, "--", false, "pp");
	check(PROFILE_RUNNING, PROFILE_RUNNING, "--", false, "mm");
	check(PROFILE_RUNNING, PROFILE_EXITED, "--", false, "mm");
	check(PROFILE_EXITED, PROFILE_RUNNING, "--", false, "mm");
	check(PROFILE_EXITED, PROFILE_EXITED, "m-", true, "mm");
	check(PROFILE_EXITED, PROFILE_EXITED, "-m", false, "mm");
	check(PROFILE_EXITED, PROFILE_EXITED, "p-", false, "pp");
	check(PROFILE_RUNNING, PROFILE_EXITED, "-p", false, "pp");
	check(PROFILE_EXITED, PROFILE_EXITED, "p-", true, "pm");
	check(PROFILE_EXITED, PROFILE_EXITED, "pm", true, "pm");
	check(PROFILE_RUNNING, PROFILE_RUNNING, "mp", false, "mp");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("moment");
	TCase *cases = tcase_create("moment");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, who_lives_means_now);
	tcase_add_test(cases, both_sides_have_the_same_kind);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
