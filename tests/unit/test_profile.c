/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_profile.c - indices are checked, sums made, moments found
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "scratch.h"
#include "util/xalloc.h"

/* Three moments: at 1 s, at 2 s with a label, at 3.5 s. */
static struct profile *
make_profile(void)
{
	static const uint64_t times[] = {1000000000u, 2000000000u, 3500000000u};
	struct profile *profile = profile_new();

	profile->frames = xcalloc(2, sizeof(*profile->frames));
	profile->frame_count = 2;
	profile->frames[0] =
		(struct profile_frame){.kind = PROFILE_FRAME_UNKNOWN, .module = PROFILE_NO_MODULE};
	profile->frames[1] = (struct profile_frame){.kind = PROFILE_FRAME_ALLOCATOR,
						    .module = PROFILE_NO_MODULE,
						    .allocator_name = "malloc"};
	profile->nodes = xcalloc(2, sizeof(*profile->nodes));
	profile->node_count = 2;
	profile->nodes[1].frame = 1;
	profile->sites = xcalloc(1, sizeof(*profile->sites));
	profile->site_count = 1;
	profile->sites[0] = 1;
	profile->moments = xcalloc(3, sizeof(*profile->moments));
	profile->moment_count = 3;
	for (uint32_t i = 0; i < 3; i++) {
		profile->moments[i].time_ns = times[i];
		profile->moments[i].site_count = 1;
		profile->moments[i].values = xcalloc(1, sizeof(*profile->moments[i].values));
		profile->moments[i].values[0].live_bytes = (int64_t)i + 1;
	}
	strcpy(profile->moments[1].label, "loaded");
	return profile;
}

START_TEST(sums)
{
	struct profile *profile = make_profile();

	ck_assert_int_eq(profile_finish(profile), 0);
	ck_assert_int_eq(profile->moments[2].sum.live_bytes, 3);
	ck_assert_int_eq(profile_finish(profile), 0);
	ck_assert_int_eq(profile->moments[2].sum.live_bytes, 3);
	profile_free(profile);
	profile_free(NULL);
}
END_TEST

START_TEST(bad_indices)
{
	struct profile *profile = make_profile();

	profile->nodes[1].parent = 1;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->nodes[1].parent = 0;
	profile->nodes[1].frame = 2;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->nodes[1].frame = 1;
	profile->sites[0] = 2;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->sites[0] = 1;
	profile->frames[1].allocator_name = NULL;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->frames[1].allocator_name = "malloc";
	profile->frames[1].location_count = 1;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->frames[1].location_count = 0;
	profile->frames[0].kind = PROFILE_FRAME_CODE;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->frames[0].module = 0;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->frames[0].kind = (enum profile_frame_kind)99;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile_free(profile);
}
END_TEST

static const struct {
	const char *name;
	int result;
	uint32_t index;
	bool peak;
} names[] = {
	{"exit", 0, 2, false},          {"now", 0, 2, false},
	{"peak", 0, 2, true},           {"snap:1", 0, 0, false},
	{"snap:3", 0, 2, false},        {"snap:-1", 0, 2, false},
	{"snap:-3", 0, 0, false},       {"1s", 0, 0, false},
	{"1.999s", 0, 0, false},        {"2.0s", 0, 1, false},
	{"1000s", 0, 2, false},         {"mark:loaded", 0, 1, false},
	{"snap:4", -ENOENT, 0, false},  {"snap:-4", -ENOENT, 0, false},
	{"0.5s", -ENOENT, 0, false},    {"mark:other", -ENOENT, 0, false},
	{"snap:0", -EINVAL, 0, false},  {"snap:", -EINVAL, 0, false},
	{"snap:1x", -EINVAL, 0, false}, {"mark:", -EINVAL, 0, false},
	{"12", -EINVAL, 0, false},      {"12.5", -EINVAL, 0, false},
	{"1.5m", -EINVAL, 0, false},    {"infs", -EINVAL, 0, false},
	{"-1s", -EINVAL, 0, false},     {"", -EINVAL, 0, false},
	{"later", -EINVAL, 0, false},
};

START_TEST(moment)
{
	struct profile *profile = make_profile();
	struct profile_at at = {0};

	ck_assert_int_eq(profile_find_moment(profile, names[_i].name, &at), names[_i].result);
	if (names[_i].result == 0) {
		ck_assert_ptr_eq(at.moment, &profile->moments[names[_i].index]);
		ck_assert(at.peak == names[_i].peak);
	} else {
		ck_assert_ptr_null(at.moment);
	}
	profile_free(profile);
}
END_TEST

START_TEST(no_moments)
{
	struct profile *profile = profile_new();
	struct profile_at at;

	ck_assert_int_eq(profile_finish(profile), 0);
	ck_assert_int_eq(profile_find_moment(profile, "exit", &at), -ENOENT);
	ck_assert_int_eq(profile_find_moment(profile, "snap:1", &at), -ENOENT);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("profile");
	TCase *tcase = tcase_create("profile");

	tcase_add_test(tcase, sums);
	tcase_add_test(tcase, bad_indices);
	tcase_add_loop_test(tcase, moment, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, no_moments);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
