/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_profile.c - indices are checked, sums made, moments found
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
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
	profile->frames[1] = (struct profile_frame){
		.kind = PROFILE_FRAME_ALLOCATOR, .module = PROFILE_NO_MODULE, .name = "malloc"};
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
	profile->frames[1].name = NULL;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->frames[1].name = "malloc";
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
		ck_assert(at.by_mark == (strncmp(names[_i].name, "mark:", 5) == 0));
	} else {
		ck_assert_ptr_null(at.moment);
	}
	profile_free(profile);
}
END_TEST

/* Was marked "loaded" with a moment, "seen" without one. */
START_TEST(labels_of_marks)
{
	struct profile *profile = make_profile();
	struct profile_at at;

	profile->marks = xcalloc(2, sizeof(*profile->marks));
	profile->mark_count = 2;
	profile->marks[0] = (struct profile_mark){.kind = PROFILE_MARK_LABEL, .label = "seen"};
	profile->marks[1] = (struct profile_mark){.kind = PROFILE_MARK_CLEAR, .label = "no"};
	ck_assert_int_eq(profile_finish(profile), 0);
	ck_assert_int_eq(profile_find_moment(profile, "mark:loaded", &at), 0);
	ck_assert_int_eq(profile_find_moment(profile, "mark:seen", &at), -ENODATA);
	ck_assert_int_eq(profile_find_moment(profile, "mark:no", &at), -ENOENT);
	ck_assert_ptr_eq(profile_find_mark(profile, "seen"), &profile->marks[0]);
	profile->marks[1].kind = PROFILE_MARK_KINDS;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->marks[1].kind = (enum profile_mark_kind)0;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile->mark_count = 1;
	profile->pause = PROFILE_PAUSES;
	ck_assert_int_eq(profile_finish(profile), -EBADMSG);
	profile_free(profile);
}
END_TEST

START_TEST(only_the_last_moments_are_kept)
{
	struct profile *profile = make_profile();

	profile_drop_moments(profile, 3);
	ck_assert_uint_eq(profile->moment_count, 3);
	profile_drop_moments(profile, 2);
	ck_assert_uint_eq(profile->moment_count, 2);
	ck_assert_str_eq(profile->moments[0].label, "loaded");
	ck_assert_int_eq(profile->moments[1].values[0].live_bytes, 3);
	ck_assert_int_eq(profile_finish(profile), 0);
	profile_free(profile);
}
END_TEST

/* What was asked for, second by second: a letter is a mark at that second, of ten. */
static const struct {
	const char *marks; /* p pause, r resume, c clear, s stop, m mark, k reset of the peak */
	enum profile_pause pause;
	unsigned paused_s;
	int cleared_s; /* -1 is never */
	bool off_at_start, paused;
	unsigned peak_reset_s; /* 0 is never */
} histories[] = {
	{"", PROFILE_GOES_ON, 0, -1, false, false, 0},
	{"", PROFILE_STOPPED, 10, -1, true, true, 0},
	{" m", PROFILE_GOES_ON, 0, -1, false, false, 0},
	{" p  r", PROFILE_GOES_ON, 3, -1, false, false, 0},
	{" pp r rp", PROFILE_PAUSED, 6, -1, false, true, 0},
	{"   r  p r", PROFILE_GOES_ON, 5, -1, true, false, 0},
	{" m r", PROFILE_GOES_ON, 3, -1, true, false, 0},
	{"  c c", PROFILE_GOES_ON, 0, 4, false, false, 0},
	{" s   r", PROFILE_GOES_ON, 4, 1, false, false, 0},
	{" pc", PROFILE_PAUSED, 9, 2, false, true, 0},
	{" k k", PROFILE_GOES_ON, 0, -1, false, false, 3},
	{" kc", PROFILE_GOES_ON, 0, 2, false, false, 0},
	{" ck", PROFILE_GOES_ON, 0, 1, false, false, 2},
};

START_TEST(gaps)
{
	static const enum profile_mark_kind kinds[] = {
		['p'] = PROFILE_MARK_PAUSE, ['r'] = PROFILE_MARK_RESUME,
		['c'] = PROFILE_MARK_CLEAR, ['s'] = PROFILE_MARK_STOP,
		['m'] = PROFILE_MARK_LABEL, ['k'] = PROFILE_MARK_RESET_PEAK,
	};
	const char *marks = histories[_i].marks;
	struct profile *profile = make_profile();
	struct profile_gaps found;

	profile->duration_ns = 10000000000u;
	profile->pause = histories[_i].pause;
	profile->marks = xcalloc(10, sizeof(*profile->marks));
	for (size_t i = 0; marks[i] != '\0'; i++)
		if (marks[i] != ' ')
			profile->marks[profile->mark_count++] = (struct profile_mark){
				.kind = kinds[(int)marks[i]],
				.label = "",
				.time_ns = i * 1000000000u,
				.peak_bytes = !histories[_i].off_at_start,
			};
	ck_assert_int_eq(profile_finish(profile), 0);
	profile_get_gaps(profile, &found);
	ck_assert_uint_eq(found.paused_ns, histories[_i].paused_s * 1000000000ull);
	ck_assert(found.off_at_start == histories[_i].off_at_start);
	ck_assert(found.paused == histories[_i].paused);
	ck_assert(found.by_pause == (strchr(marks, 'p') != NULL));
	ck_assert(found.by_stop == (strchr(marks, 's') != NULL));
	ck_assert(found.peak_reset == (histories[_i].peak_reset_s > 0));
	if (found.peak_reset)
		ck_assert_uint_eq(found.peak_reset_ns, histories[_i].peak_reset_s * 1000000000ull);
	ck_assert(found.cleared == (histories[_i].cleared_s >= 0));
	if (found.cleared)
		ck_assert_uint_eq(found.cleared_ns,
				  (uint64_t)histories[_i].cleared_s * 1000000000u);
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

/* A look: so many resident bytes, all of them mapped by a site of that number. */
static void
look(struct profile *profile, uint64_t time_ns, uint32_t number)
{
	const struct profile_resident resident = {.time_ns = time_ns, .resident_bytes = number};
	const struct profile_mapped mapped = {
		.time_ns = time_ns, .site = number, .resident_bytes = number};

	profile_insert_resident(profile, &resident);
	profile_insert_mapped(profile, &mapped, 1);
}

START_TEST(what_was_resident_is_known_of_all_looks)
{
	struct profile *earlier = profile_new(), *later = profile_new();

	look(earlier, 1, 10);
	look(earlier, 2, 20);
	look(earlier, 3, 30);
	look(later, 3, 33);
	look(later, 4, 40);
	ck_assert_int_eq(profile_insert_history(later, earlier), 0);
	ck_assert_uint_eq(later->resident_count, 4);
	for (uint64_t time_ns = 1; time_ns <= 4; time_ns++) {
		const struct profile_resident *found = profile_find_resident(later, time_ns);
		const struct profile_mapped *sites;

		ck_assert_uint_eq(found->time_ns, time_ns);
		ck_assert_uint_eq(found->resident_bytes, time_ns == 3 ? 33 : time_ns * 10);
		ck_assert_uint_eq(profile_find_mapped(later, found, &sites), 1);
		ck_assert_uint_eq(sites[0].site, found->resident_bytes);
	}
	profile_free(earlier);
	profile_free(later);
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
	tcase_add_test(tcase, labels_of_marks);
	tcase_add_test(tcase, only_the_last_moments_are_kept);
	tcase_add_test(tcase, what_was_resident_is_known_of_all_looks);
	tcase_add_loop_test(tcase, gaps, 0, sizeof(histories) / sizeof(histories[0]));
	tcase_add_test(tcase, no_moments);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
