/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_verdict.c - how synthetic series grow, whatever their times and their noise
 */
#include "config.h"

#include <math.h>
#include <string.h>

#include "model/verdict.h"
#include "scratch.h"

#define SECOND UINT64_C(1000000000)

enum {
	MOST = 2000
};

struct series {
	struct look_point points[MOST];
	size_t count;
};

/* The same sequence on every machine. */
static double
noise(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return (double)(*state >> 16 & 0x7fff) / 0x7fff;
}

typedef double shape_at(double part, unsigned index, unsigned *state);

static double
linear(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e6 * part;
}

static double
linear_with_noise(double part, unsigned index, unsigned *state)
{
	(void)index;
	return 1e6 * part + 1e5 * noise(state);
}

static double
large_start_then_leak(double part, unsigned index, unsigned *state)
{
	(void)state;
	return index == 0 ? 0 : 5e7 + 1e4 * part;
}

static double
early_peak_then_leak(double part, unsigned index, unsigned *state)
{
	(void)state;
	return index == 1 || index == 2 ? 5e7 : 1e6 * part;
}

static double
leak_below_churn(double part, unsigned index, unsigned *state)
{
	(void)state;
	return 1e5 * part + (index % 4 == 3 ? 8e6 : 0);
}

static double
staircase(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e6 * floor(part * 4.999);
}

static double
doubling(double part, unsigned index, unsigned *state)
{
	(void)part, (void)state;
	return index == 0 ? 0 : exp2(ceil(log2(index))) * 1000;
}

static double
linear_then_stop(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e6 * (part < 0.6 ? part : 0.6);
}

static double
filling_cache(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e6 * (1 - exp(-8 * part));
}

static double
start_up(double part, unsigned index, unsigned *state)
{
	(void)part, (void)state;
	return index == 0 ? 0 : 3e6;
}

static double
burst(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return part > 0.4 && part < 0.6 ? 5e6 : 1e5;
}

static double
saw_tooth(double part, unsigned index, unsigned *state)
{
	(void)part, (void)state;
	return 1e6 * (index % 5) + 4e6;
}

static double
random_churn(double part, unsigned index, unsigned *state)
{
	(void)part, (void)index;
	return 1e6 * noise(state);
}

static double
falling(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e6 * (1 - part);
}

static double
start_then_falling(double part, unsigned index, unsigned *state)
{
	(void)state;
	return index == 0 ? 0 : 1e6 * (1 - part);
}

static double
late_leak(double part, unsigned index, unsigned *state)
{
	(void)index, (void)state;
	return 1e5 + (part > 0.7 ? 1e6 * (part - 0.7) : 0);
}

static double
constant(double part, unsigned index, unsigned *state)
{
	(void)part, (void)index, (void)state;
	return 12345;
}

/* count looks at uneven times, that end after 10 s. */
static void
fill(struct series *series, shape_at *shape, size_t count, unsigned seed)
{
	unsigned state = seed, shape_state = seed + 1;

	series->count = count;
	for (size_t i = 0; i < count; i++) {
		double part = (double)i / (double)(count - 1);
		double when =
			part + (i > 0 && i + 1 < count ? 0.9 * noise(&state) / (double)count : 0);

		series->points[i] = (struct look_point){
			.time_ns = (uint64_t)(when * 1e10),
			.bytes = (int64_t)shape(part, (unsigned)i, &shape_state),
		};
	}
}

static void
check(const char *name, const struct series *series, bool from_start, enum verdict_kind kind)
{
	struct verdict verdict;

	verdict_init(&verdict, series->points, series->count, from_start, false);
	ck_assert_msg(verdict.kind == kind, "%s of %zu: %s, not %s", name, series->count,
		      verdict_name(verdict.kind), verdict_name(kind));
	ck_assert(verdict_is_growth(&verdict) == (verdict.bytes_per_second != 0));
}

static const struct {
	const char *name;
	shape_at *shape;
	bool from_start;
	size_t least;
	enum verdict_kind kind;
} table[] = {
	{"linear", linear, true, 4, VERDICT_STEADY},
	{"linear with noise", linear_with_noise, false, 30, VERDICT_STEADY},
	{"large start, then leak", large_start_then_leak, true, 7, VERDICT_STEADY},
	{"early peak, then leak", early_peak_then_leak, true, 8, VERDICT_STEADY},
	{"leak below churn", leak_below_churn, false, 20, VERDICT_STEADY},
	{"staircase", staircase, true, 12, VERDICT_STEPS},
	{"doubling", doubling, true, 18, VERDICT_STEPS},
	{"linear, then stop", linear_then_stop, true, 6, VERDICT_PLATEAU},
	{"cache", filling_cache, true, 12, VERDICT_PLATEAU},
	{"start-up", start_up, true, 4, VERDICT_START},
	{"burst", burst, true, 8, VERDICT_BURST},
	{"saw-tooth", saw_tooth, false, 12, VERDICT_SAW},
	{"churn at random", random_churn, false, 12, VERDICT_SAW},
	{"fall", falling, false, 4, VERDICT_FALL},
	{"start-up, then fall", start_then_falling, true, 8, VERDICT_FALL},
	{"late leak", late_leak, true, 20, VERDICT_STEADY},
	{"constant", constant, false, 1, VERDICT_SAME},
};

START_TEST(shapes_of_any_number_of_looks)
{
	struct series series;

	for (size_t count = table[_i].least; count <= 60; count++) {
		fill(&series, table[_i].shape, count, (unsigned)count);
		check(table[_i].name, &series, table[_i].from_start, table[_i].kind);
	}
	for (size_t count = 100; count <= MOST; count += 95) {
		/* A stair of 500 looks is one all the same; doubling has ever fewer steps. */
		fill(&series, table[_i].shape, count, (unsigned)count);
		if (table[_i].shape != doubling && table[_i].shape != early_peak_then_leak)
			check(table[_i].name, &series, table[_i].from_start, table[_i].kind);
	}
}
END_TEST

static void
fill_with(struct series *series, const char *digits)
{
	series->count = strlen(digits);
	for (size_t i = 0; i < series->count; i++)
		series->points[i] = (struct look_point){
			.time_ns = i * SECOND,
			.bytes = (digits[i] - '0') * 1000,
		};
}

START_TEST(few_looks)
{
	static const struct {
		const char *digits;
		enum verdict_kind kind;
	} few[] = {
		{"0", VERDICT_SAME},
		{"012", VERDICT_UNKNOWN},
		{"0123", VERDICT_STEADY},
		{"0333", VERDICT_START},
		{"0003", VERDICT_STEPS},
		{"000333", VERDICT_PLATEAU},
		{"01222", VERDICT_PLATEAU},
		{"0900", VERDICT_BURST},
		{"09001", VERDICT_BURST},
		{"095050", VERDICT_SAW},
		{"0909090909", VERDICT_SAW},
		{"0123401234", VERDICT_SAW},
		{"09911234567", VERDICT_STEADY},
		{"0990000000", VERDICT_BURST},
		{"0987654321", VERDICT_FALL},
		{"0999999910", VERDICT_FALL},
		{"0000001234", VERDICT_STEADY},
		{"0000001122", VERDICT_STEPS},
		{"0112233445", VERDICT_STEPS},
		{"0369666666", VERDICT_PLATEAU},
		{"00112222444488888888", VERDICT_STEPS},
		{"0901912923934945956", VERDICT_STEADY},
	};
	struct series series;

	for (size_t i = 0; i < sizeof(few) / sizeof(*few); i++) {
		fill_with(&series, few[i].digits);
		check(few[i].digits, &series, true, few[i].kind);
	}
}
END_TEST

START_TEST(numbers_of_a_verdict)
{
	struct verdict verdict;
	struct series series;

	fill_with(&series, "0123456");
	verdict_init(&verdict, series.points, series.count, true, false);
	ck_assert_double_eq_tol(verdict.bytes_per_second, 1000, 1e-6);
	ck_assert_int_eq(verdict.grown_bytes, 6000);
	/* The first look after the start is not its pace. */
	fill_with(&series, "0567899");
	series.points[6].bytes = 10000;
	verdict_init(&verdict, series.points, series.count, true, false);
	ck_assert_int_eq(verdict.kind, VERDICT_STEADY);
	ck_assert_double_eq_tol(verdict.bytes_per_second, 1000, 1e-6);
	fill_with(&series, "0123333333");
	verdict_init(&verdict, series.points, series.count, true, false);
	ck_assert_uint_eq(verdict.since_ns, 3 * SECOND);
	fill_with(&series, "0909191929293939");
	verdict_init(&verdict, series.points, series.count, false, false);
	ck_assert(verdict.kind == VERDICT_STEADY && verdict.below_churn);
}
END_TEST

START_TEST(what_is_freed_at_the_end)
{
	struct verdict verdict;
	struct series series;

	fill_with(&series, "01234560");
	verdict_init(&verdict, series.points, series.count, true, true);
	ck_assert_int_eq(verdict.kind, VERDICT_STEADY);
	verdict_init(&verdict, series.points, series.count, true, false);
	ck_assert_int_eq(verdict.kind, VERDICT_BURST);
	fill_with(&series, "00000500");
	verdict_init(&verdict, series.points, series.count, true, true);
	ck_assert_int_eq(verdict.kind, VERDICT_BURST);
	fill_with(&series, "00000050");
	verdict_init(&verdict, series.points, series.count, true, true);
	ck_assert_int_eq(verdict.kind, VERDICT_BURST);
}
END_TEST

START_TEST(hostile_numbers)
{
	static const int64_t values[] = {INT64_MIN, INT64_MAX, 0, INT64_MAX, INT64_MIN, -1};
	struct look_point points[6];
	struct verdict verdict;

	for (size_t i = 0; i < 6; i++)
		points[i] = (struct look_point){UINT64_MAX, values[i]};
	for (size_t count = 0; count <= 6; count++)
		verdict_init(&verdict, points, count, true, true);
	for (int kind = 0; kind < VERDICT_KINDS; kind++)
		ck_assert_ptr_nonnull(verdict_name((enum verdict_kind)kind));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *cases = tcase_create("verdict");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_loop_test(cases, shapes_of_any_number_of_looks, 0,
			    (int)(sizeof(table) / sizeof(*table)));
	tcase_add_test(cases, few_looks);
	tcase_add_test(cases, numbers_of_a_verdict);
	tcase_add_test(cases, what_is_freed_at_the_end);
	tcase_add_test(cases, hostile_numbers);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
