/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_human.c - numbers as people, and as tracemalloc, write them
 */
#include "config.h"

#include <errno.h>
#include <math.h>

#include "scratch.h"
#include "util/human.h"

static char text[HUMAN_BYTES];

START_TEST(sizes_never_show_1024_of_a_unit)
{
	static const struct {
		int64_t bytes;
		const char *text, *change;
	} rows[] = {
		{0, "0 B", "+0 B"},
		{1, "1 B", "+1 B"},
		{1000, "1000 B", "+1000 B"},
		{1023, "1023 B", "+1023 B"},
		{1024, "1.0 KiB", "+1.0 KiB"},
		{1048575, "1.0 MiB", "+1.0 MiB"},
		{1048524, "1023.9 KiB", "+1023.9 KiB"},
		{1048576, "1.0 MiB", "+1.0 MiB"},
		{432642458, "412.6 MiB", "+412.6 MiB"},
		{-1, "-1 B", "-1 B"},
		{-1048575, "-1.0 MiB", "-1.0 MiB"},
		{INT64_MAX, "8.0 EiB", "+8.0 EiB"},
		{INT64_MIN, "-8.0 EiB", "-8.0 EiB"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_str_eq(human_size(rows[i].bytes, text), rows[i].text);
		ck_assert_str_eq(human_size_change(rows[i].bytes, text), rows[i].change);
	}
}
END_TEST

/* The table of tracemalloc's size texts, which was checked against CPython. */
START_TEST(tracemalloc_sizes_are_its_own)
{
	static const struct {
		double bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1024 B"},
		{10239, "10239 B"},
		{10240, "10.0 KiB"},
		{10241, "10.0 KiB"},
		{102348, "99.9 KiB"},
		{102349, "100.0 KiB"},
		{102399, "100.0 KiB"},
		{102400, "100 KiB"},
		{1048575, "1024 KiB"},
		{1048576, "1024 KiB"},
		{10485759, "10240 KiB"},
		{10485760, "10.0 MiB"},
		{104857599, "100.0 MiB"},
		{104857600, "100 MiB"},
		{0x1p30 * 10 - 1, "10240 MiB"},
		{0x1p30 * 10, "10.0 GiB"},
		{0x1p40 * 10, "10.0 TiB"},
		{0x1p40 * 20000, "20000 TiB"},
		{3.5, "4 B"},
		{2.5, "2 B"},
		{1.5, "2 B"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_str_eq(human_tracemalloc_size(rows[i].bytes, false, text), rows[i].text);
	ck_assert_str_eq(human_tracemalloc_size(0, true, text), "+0 B");
	ck_assert_str_eq(human_tracemalloc_size(1048576, true, text), "+1024 KiB");
	ck_assert_str_eq(human_tracemalloc_size(-10, true, text), "-10 B");
}
END_TEST

START_TEST(counts_have_commas)
{
	ck_assert_str_eq(human_count(0, text), "0");
	ck_assert_str_eq(human_count(999, text), "999");
	ck_assert_str_eq(human_count(1000, text), "1,000");
	ck_assert_str_eq(human_count(48210, text), "48,210");
	ck_assert_str_eq(human_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
	ck_assert_str_eq(human_count_change(2084, text), "+2,084");
	ck_assert_str_eq(human_count_change(-35, text), "-35");
	ck_assert_str_eq(human_count_change(0, text), "+0");
	ck_assert_str_eq(human_count_change(INT64_MIN, text), "-9,223,372,036,854,775,808");
	ck_assert_str_eq(human_rough(256600, text), "256.6 k");
	ck_assert_str_eq(human_rough(999.96, text), "1.0 k");
	ck_assert_str_eq(human_rough(87, text), "87");
}
END_TEST

START_TEST(shares_and_times)
{
	ck_assert_str_eq(human_percent(1, 8, text), "12.5");
	ck_assert_str_eq(human_percent(1, 0, text), "-");
	ck_assert_str_eq(human_percent_change(6, 100, text), "+6.0");
	ck_assert_str_eq(human_percent_change(6, 0, text), "new");
	ck_assert_str_eq(human_percent_change(0, 0, text), "+0.0");
	ck_assert_str_eq(human_duration(12400000000, text), "12.4 s");
	ck_assert_str_eq(human_duration(850000, text), "850 us");
	ck_assert_str_eq(human_duration(12000000, text), "12 ms");
	ck_assert_str_eq(human_duration(200000000000, text), "3 min 20 s");
	ck_assert_str_eq(human_duration(18420000000000, text), "5 h 7 min");
}
END_TEST

START_TEST(sizes_are_read)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{"0", 0},
		{"4096", 4096},
		{"64K", 65536},
		{"1.5MiB", 1572864},
		{"24 MB", 24000000},
		{"1kB", 1000},
		{"2GiB", 0x80000000},
		{"10B", 10},
	};
	static const char *const bad[] = {"",    "K",   "-1",    "1e3", "0x10", "1 X",
					  "inf", "nan", "1.2.3", " 1",  "1KiBs"};
	int64_t bytes = 77;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_int_eq(human_parse_size(rows[i].text, &bytes), 0);
		ck_assert_int_eq(bytes, rows[i].bytes);
	}
	bytes = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_int_eq(human_parse_size(bad[i], &bytes), -EINVAL);
	ck_assert_int_eq(human_parse_size("99999999TiB", &bytes), -ERANGE);
	ck_assert_int_eq(bytes, 77);
}
END_TEST

START_TEST(durations_are_read)
{
	static const struct {
		const char *text;
		uint64_t time_ns;
	} rows[] = {
		{"0", 0},
		{"10s", 10000000000},
		{"1.5", 1500000000},
		{"200ms", 200000000},
		{"3 us", 3000},
		{"7ns", 7},
		{"5min", 300000000000},
		{"2h", 7200000000000},
		{"1d", 86400000000000},
	};
	static const char *const bad[] = {"", "s", "-1s", "1e3", "1 month", "1.2.3s", "nan"};
	uint64_t time_ns = 77;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_int_eq(human_parse_duration(rows[i].text, &time_ns), 0);
		ck_assert_uint_eq(time_ns, rows[i].time_ns);
	}
	time_ns = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_int_eq(human_parse_duration(bad[i], &time_ns), -EINVAL);
	ck_assert_int_eq(human_parse_duration("999999d", &time_ns), -ERANGE);
	ck_assert_uint_eq(time_ns, 77);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("human");
	TCase *tcase = tcase_create("human");

	tcase_add_test(tcase, sizes_never_show_1024_of_a_unit);
	tcase_add_test(tcase, tracemalloc_sizes_are_its_own);
	tcase_add_test(tcase, counts_have_commas);
	tcase_add_test(tcase, shares_and_times);
	tcase_add_test(tcase, sizes_are_read);
	tcase_add_test(tcase, durations_are_read);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
