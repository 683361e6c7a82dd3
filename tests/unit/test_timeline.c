/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_timeline.c - the points of the curve, its parts, its axis, and the files made of it
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/mprof.h"
#include "export/svg.h"
#include "model/curve.h"
#include "fixture.h"
#include "scratch.h"
#include "util/intern.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/time_axis.h"
#include "view/timeline.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SECOND       1000000000u
#define MIB          1048576

/* One moment of 3 MiB at 4 s, a peak of 9 MiB at 2.5 s, and these samples. */
static struct profile *
make_profile(const struct profile_sample *samples, uint32_t count)
{
	static const struct fixture_site sites[] = {{"main@main.c:3", 3 * MIB, 1, NULL}};
	struct profile *profile = fixture_profile(sites, 1);
	struct profile_moment *moment = &profile->moments[0];

	profile->samples = xcalloc(count + 1, sizeof(*samples));
	for (uint32_t i = 0; i < count; i++)
		profile->samples[i] = samples[i];
	profile->sample_count = count;
	profile->start_realtime_ns = 1000u * (uint64_t)SECOND;
	profile->duration_ns = 4u * (uint64_t)SECOND;
	profile->command = intern_insert_string(profile->strings, "a <b> & c");
	profile->executable = intern_insert_string(profile->strings, "/bin/a b\nMEM 1 2");
	moment->time_ns = 4u * (uint64_t)SECOND;
	moment->peak_time_ns = 5u * (uint64_t)SECOND / 2;
	moment->values[0].peak_bytes = moment->sum.peak_bytes = 9 * MIB;
	return profile;
}

static const struct profile_sample samples[] = {
	{SECOND, MIB, 7 * MIB},
	{2u * (uint64_t)SECOND, 4 * MIB, 0},
	{3u * (uint64_t)SECOND, 0, 8 * MIB},
};

START_TEST(points_are_samples_moments_and_the_peak)
{
	static const int64_t sizes[] = {MIB, 4 * MIB, 9 * MIB, 0, 3 * MIB};
	struct profile *profile = make_profile(samples, COUNT(samples));
	struct curve curve;

	curve_init(&curve, profile);
	ck_assert_uint_eq(curve.count, COUNT(sizes));
	for (size_t i = 0; i < curve.count; i++) {
		ck_assert_int_eq(curve.points[i].live_bytes, sizes[i]);
		ck_assert(i == 0 || curve.points[i].time_ns >= curve.points[i - 1].time_ns);
	}
	ck_assert_int_eq(curve_get(&curve, 0), 0);
	ck_assert_int_eq(curve_get(&curve, SECOND), MIB);
	ck_assert_int_eq(curve_get(&curve, 5u * (uint64_t)SECOND / 2 - 1), 4 * MIB);
	ck_assert_int_eq(curve_get(&curve, UINT64_MAX), 3 * MIB);
	curve_release(&curve);
	profile_free(profile);
}
END_TEST

START_TEST(a_part_is_its_largest_point_or_what_was_before)
{
	static const int64_t wanted[] = {0, 0, MIB, MIB, 4 * MIB, 9 * MIB, 0, 3 * MIB};
	struct profile *profile = make_profile(samples, COUNT(samples));
	int64_t values[COUNT(wanted)];
	struct curve curve;

	curve_init(&curve, profile);
	curve_fill(&curve, 0, 4u * (uint64_t)SECOND, values, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		ck_assert_int_eq(values[i], wanted[i]);
	/* A window that begins between two points begins with the first of them. */
	curve_fill(&curve, 3u * (uint64_t)SECOND / 2, 2u * (uint64_t)SECOND, values, 2);
	ck_assert_int_eq(values[0], MIB);
	ck_assert_int_eq(values[1], 4 * MIB);
	curve_release(&curve);
	profile_free(profile);
}
END_TEST

START_TEST(ticks_are_round_and_few)
{
	static const struct {
		uint64_t from_ns, to_ns;
		const char *unit;
		double step;
	} rows[] = {
		{0, 10u * (uint64_t)SECOND, "s", 2},
		{0, 12400000000u, "s", 5},
		{0, 1050000000u, "s", 0.2},
		{0, 850000, "us", 200},
		{0, 3600u * (uint64_t)SECOND, "min", 10},
		{4u * (uint64_t)SECOND, 5u * (uint64_t)SECOND, "s", 0.2},
		{999999999u * (uint64_t)SECOND, 999999999u * (uint64_t)SECOND + 1, "h", 0},
		{0, UINT64_MAX, "h", 1000000},
		{0, 1, "ns", 0.2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct view_time_axis axis;

		view_time_axis_init(&axis, rows[i].from_ns, rows[i].to_ns, 6);
		ck_assert_str_eq(axis.unit, rows[i].unit);
		ck_assert_uint_le(axis.count, 7);
		ck_assert(axis.count == 0 || axis.first_ns >= (double)rows[i].from_ns);
		if (rows[i].step > 0)
			ck_assert(fabs(axis.step_ns / axis.unit_ns / rows[i].step - 1) < 1e-9);
	}
}
END_TEST

static char *
write(void (*writer)(const struct term *term, const struct view_timeline *view),
      struct profile *profile, uint64_t from_ns, uint64_t to_ns)
{
	struct curve curve;
	struct view_timeline view = {profile, &curve, from_ns, to_ns};
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	curve_init(&curve, profile);
	writer(&(struct term){.stream = stream}, &view);
	fclose(stream);
	curve_release(&curve);
	return text;
}

START_TEST(mprof_gets_one_line_for_each_point_and_mark)
{
	struct profile *profile = make_profile(samples, COUNT(samples));
	char *text;

	profile->marks = xcalloc(2, sizeof(*profile->marks));
	profile->marks[0] = (struct profile_mark){PROFILE_MARK_LABEL, "load all", SECOND, 0, 0};
	profile->marks[1] =
		(struct profile_mark){PROFILE_MARK_RESET_PEAK, "", 2 * SECOND, 4 << 20, 0};
	profile->mark_count = 2;
	text = write(export_mprof, profile, SECOND, 3u * (uint64_t)SECOND);
	ck_assert_str_eq(text, "CMDLINE /bin/a b\\nMEM 1 2\n"
			       "FUNC load_all 0.000000 1001.000000 3.000000 1004.000000 0\n"
			       "MEM 1.000000 1001.000000\n"
			       "MEM 0.000000 1001.000000\n"
			       "MEM 4.000000 1002.000000\n"
			       "MEM 9.000000 1002.500000\n"
			       "MEM 0.000000 1003.000000\n");
	free(text);
	profile_free(profile);
}
END_TEST

START_TEST(a_picture_has_both_curves_and_safe_names)
{
	struct profile *profile = make_profile(samples, COUNT(samples));
	char *text = write(export_svg, profile, 0, 4u * (uint64_t)SECOND);

	ck_assert_ptr_nonnull(strstr(text, "a &lt;b&gt; &amp; c "));
	ck_assert_ptr_nonnull(strstr(text, "peak 9.0 MiB at 2.5 s"));
	/* 850 wide, 320 high: 1 MiB at 1 s, before which nothing is known. */
	ck_assert_ptr_nonnull(strstr(text, "class=\"live\" d=\"M302.50 334.44H"));
	ck_assert_ptr_nonnull(strstr(text, "class=\"rss\" d=\"M302.50 "));
	ck_assert_ptr_null(strstr(text, "<b>"));
	free(text);
	profile_free(profile);
}
END_TEST

/* "a" from 1 s to 2 s, a clear at 3 s, "b" beyond the end of what is known. */
static const struct profile_mark marks[] = {
	{PROFILE_MARK_LABEL, "a<", SECOND, 2 * MIB, 2 * MIB},
	{PROFILE_MARK_LABEL, "b", 2u * (uint64_t)SECOND, 4 * MIB, 4 * MIB},
	{PROFILE_MARK_CLEAR, "", 3u * (uint64_t)SECOND, 6 * MIB, 9 * MIB},
	{PROFILE_MARK_LABEL, "c", UINT64_MAX, 0, 0},
};

static struct profile *
make_marked_profile(void)
{
	struct profile *profile = make_profile(samples, 0);

	profile->marks = xcalloc(COUNT(marks), sizeof(*marks));
	memcpy(profile->marks, marks, sizeof(marks));
	profile->mark_count = COUNT(marks);
	return profile;
}

START_TEST(marks_are_points_and_a_clear_begins_at_zero)
{
	struct profile *profile = make_marked_profile();
	struct curve curve;

	curve_init(&curve, profile);
	ck_assert_int_eq(curve_get(&curve, SECOND), 2 * MIB);
	ck_assert_int_eq(curve_get(&curve, 3u * (uint64_t)SECOND), 6 * MIB);
	ck_assert_int_eq(curve_get(&curve, 3u * (uint64_t)SECOND + 1), 0);
	ck_assert_int_eq(curve_get(&curve, 4u * (uint64_t)SECOND), 3 * MIB);
	curve_release(&curve);
	profile_free(profile);
}
END_TEST

/* 9 MiB were live at some time before the clear, of which no sample and no moment knows. */
START_TEST(a_peak_without_a_time_is_told_of)
{
	struct profile *profile = make_marked_profile();
	struct curve curve;
	struct view_timeline view = {profile, &curve, 0, 4u * (uint64_t)SECOND};
	char *text;

	profile->moments[0].peak_time_ns = 7u * (uint64_t)SECOND / 2;
	profile->moments[0].sum.peak_bytes = 3 * MIB;
	curve_init(&curve, profile);
	ck_assert_int_eq(view_timeline_get_peak(&view).live_bytes, 6 * MIB);
	ck_assert_ptr_eq(view_timeline_get_unseen_peak(&view), &profile->marks[2]);
	/* It may have been before the window. */
	view.from_ns = SECOND / 2;
	ck_assert_ptr_null(view_timeline_get_unseen_peak(&view));
	view.from_ns = 0;
	view.to_ns = 5u * (uint64_t)SECOND / 2;
	ck_assert_ptr_null(view_timeline_get_unseen_peak(&view));
	curve_release(&curve);
	text = write(export_svg, profile, 0, 4u * (uint64_t)SECOND);
	ck_assert_ptr_nonnull(strstr(text, "; peak 9.0 MiB before 3.0 s, not drawn</text>"));
	free(text);
	profile_free(profile);
}
END_TEST

/* A moment before the clear knows when its peak was. */
START_TEST(a_peak_before_a_clear_is_a_point)
{
	struct profile *profile = make_marked_profile();
	struct curve curve;
	struct view_timeline view = {profile, &curve, 0, 4u * (uint64_t)SECOND};

	profile->moments = xreallocarray(profile->moments, 2, sizeof(*profile->moments));
	profile->moments[1] = profile->moments[0];
	profile->moments[1].values = xcalloc(1, sizeof(*profile->moments[1].values));
	profile->moments[1].sum.peak_bytes = 3 * MIB;
	profile->moments[1].peak_time_ns = 4u * (uint64_t)SECOND;
	profile->moments[0].time_ns = 11u * (uint64_t)SECOND / 4;
	profile->moment_count = 2;
	curve_init(&curve, profile);
	ck_assert_int_eq(view_timeline_get_peak(&view).live_bytes, 9 * MIB);
	ck_assert_uint_eq(view_timeline_get_peak(&view).time_ns, 5u * (uint64_t)SECOND / 2);
	ck_assert_ptr_null(view_timeline_get_unseen_peak(&view));
	curve_release(&curve);
	profile_free(profile);
}
END_TEST

START_TEST(the_curve_begins_at_the_first_point)
{
	struct profile *profile = make_profile(samples, 0);
	struct curve curve;
	char *text;

	curve_init(&curve, profile);
	ck_assert_uint_eq(curve.known_ns, 5u * (uint64_t)SECOND / 2);
	curve_release(&curve);
	text = write(export_svg, profile, 0, 4u * (uint64_t)SECOND);
	ck_assert_ptr_nonnull(
		strstr(text, "class=\"live\" d=\"M621.25 50.00H940.00V263.33H940V370H621.25Z\""));
	free(text);
	profile_free(profile);
	profile = make_profile(samples, COUNT(samples));
	curve_init(&curve, profile);
	ck_assert_uint_eq(curve.known_ns, SECOND);
	curve_release(&curve);
	profile_free(profile);
}
END_TEST

START_TEST(a_picture_has_a_bar_for_each_span)
{
	struct profile *profile = make_marked_profile();
	char *text = write(export_svg, profile, 0, 4u * (uint64_t)SECOND);

	/* 850 wide: 212.5 a second. */
	ck_assert_ptr_nonnull(
		strstr(text, "class=\"span\" x1=\"302.50\" y1=\"42.00\" x2=\"515.00\""));
	ck_assert_ptr_nonnull(
		strstr(text, "class=\"span\" x1=\"515.00\" y1=\"42.00\" x2=\"940.00\""));
	ck_assert_ptr_nonnull(strstr(text, ">a&lt;</text>"));
	ck_assert_ptr_nonnull(strstr(text, ">(cleared)</text>"));
	ck_assert_ptr_null(strstr(text, ">c</text>"));
	free(text);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *cases = tcase_create("timeline");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, points_are_samples_moments_and_the_peak);
	tcase_add_test(cases, a_part_is_its_largest_point_or_what_was_before);
	tcase_add_test(cases, ticks_are_round_and_few);
	tcase_add_test(cases, mprof_gets_one_line_for_each_point_and_mark);
	tcase_add_test(cases, a_picture_has_both_curves_and_safe_names);
	tcase_add_test(cases, marks_are_points_and_a_clear_begins_at_zero);
	tcase_add_test(cases, a_picture_has_a_bar_for_each_span);
	tcase_add_test(cases, a_peak_without_a_time_is_told_of);
	tcase_add_test(cases, a_peak_before_a_clear_is_a_point);
	tcase_add_test(cases, the_curve_begins_at_the_first_point);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
