/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_group.c - which frame names a site, keys, cumulative sums and the order of groups
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/tracemalloc.h"
#include "fixture.h"
#include "model/group.h"
#include "model/rank.h"
#include "scratch.h"
#include "util/term.h"
#include "view/top.h"
#include "model/wrapper.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The report in the words of tracemalloc: one line a group, in order. */
static char *
report(const struct fixture_site *sites, size_t count, const struct group_options *options,
       const char *column)
{
	struct profile *profile = fixture_profile(sites, count);
	struct profile_at at = fixture_at(profile, false);
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_set set;
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	group_profile(profile, &at, options, table, NULL, &set);
	rank_groups(&set, options->by, column_find(column), table);
	export_tracemalloc_top(&(struct term){.stream = stream},
			       &(struct view_top){
				       .profile = profile,
				       .at = at,
				       .options = options,
				       .column = column_find(column),
				       .set = &set,
				       .table = table,
			       });
	fclose(stream);
	group_set_release(&set);
	place_table_free(table);
	profile_free(profile);
	return text;
}

static void
check_report(const struct fixture_site *sites, size_t count, struct group_options options,
	     const char *expected)
{
	char *text = report(sites, count, &options, "live_bytes");

	ck_assert_str_eq(text, expected);
	free(text);
}

/* The order that was checked with CPython: size, count, then the key, all descending. */
START_TEST(ties_are_broken_as_tracemalloc_breaks_them)
{
	static const struct fixture_site sites[] = {
		{"a.py:1", 100, 1, NULL}, {"b.py:1", 100, 1, NULL},  {"a.py:2", 60, 1, NULL},
		{"a.py:2", 40, 1, NULL},  {"a.py:10", 100, 1, NULL},
	};

	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_LINE},
		     "a.py:2: size=100 B, count=2, average=50 B\n"
		     "b.py:1: size=100 B, count=1, average=100 B\n"
		     "a.py:10: size=100 B, count=1, average=100 B\n"
		     "a.py:1: size=100 B, count=1, average=100 B\n");
}
END_TEST

START_TEST(a_file_has_line_0)
{
	static const struct fixture_site sites[] = {
		{"z.py:7", 3, 1, NULL},
		{"z.py:9 < a.py:1", 4, 1, NULL},
	};

	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_FILE},
		     "z.py:0: size=7 B, count=2, average=4 B\n");
}
END_TEST

START_TEST(stacks_are_ordered_from_the_oldest_frame)
{
	static const struct fixture_site sites[] = {
		{"z.py:1 < a.py:1", 10, 1, NULL}, {"a.py:1", 10, 1, NULL},
		{"b.py:1 < a.py:2", 10, 1, NULL}, {"y.py:1 < a.py:1", 10, 1, NULL},
		{"a.py:1 < b.py:1", 10, 1, NULL}, {"y.py:1 < y.py:1 < a.py:1", 10, 1, NULL},
	};

	/* Labels are those of the oldest frame, as in tracemalloc. */
	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_STACK},
		     "b.py:1: size=10 B, count=1, average=10 B\n"
		     "a.py:2: size=10 B, count=1, average=10 B\n"
		     "a.py:1: size=10 B, count=1, average=10 B\n"
		     "a.py:1: size=10 B, count=1, average=10 B\n"
		     "a.py:1: size=10 B, count=1, average=10 B\n"
		     "a.py:1: size=10 B, count=1, average=10 B\n");
}
END_TEST

/* tracemalloc multiplies recursion: 488 KiB for the line, 684 KiB for the file, counts 5 and 7. */
START_TEST(cumulative_counts_recursion_once)
{
	static const struct fixture_site sites[] = {
		{"r.py:3 < r.py:3 < r.py:3 < r.py:3 < r.py:3 < r.py:8 < r.py:9", 100000, 1, NULL},
	};

	check_report(sites, 1, (struct group_options){.by = GROUP_BY_LINE, .cumulative = true},
		     "r.py:9: size=97.7 KiB, count=1, average=97.7 KiB\n"
		     "r.py:8: size=97.7 KiB, count=1, average=97.7 KiB\n"
		     "r.py:3: size=97.7 KiB, count=1, average=97.7 KiB\n");
	check_report(sites, 1, (struct group_options){.by = GROUP_BY_FILE, .cumulative = true},
		     "r.py:0: size=97.7 KiB, count=1, average=97.7 KiB\n");
}
END_TEST

START_TEST(wrappers_do_not_name_a_site)
{
	static const struct fixture_site sites[] = {
		{"operator new(unsigned long)@ < std::vector<int>::reserve(unsigned long)@v.h:3 ^ "
		 "load@load.cpp:4 < main@main.cpp:5",
		 10, 1, NULL},
		{"xmalloc@xmalloc.c:9 < load@load.cpp:4 < main@main.cpp:5", 20, 1, NULL},
		{"strdup@strdup.c:9 < /lib/libc.so.6+0x10 < keys@keys.c:4", 5, 1, NULL},
		{"xmalloc@xmalloc.c:9", 1, 1, NULL}, /* nobody else is there */
	};

	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_LINE},
		     "load.cpp:4: size=30 B, count=2, average=15 B\n"
		     "keys.c:4: size=5 B, count=1, average=5 B\n"
		     "xmalloc.c:9: size=1 B, count=1, average=1 B\n");
	check_report(sites, COUNT(sites),
		     (struct group_options){.by = GROUP_BY_FUNCTION, .selection.raw_frames = true},
		     "xmalloc:0: size=21 B, count=2, average=10 B\n"
		     "operator new(unsigned long):0: size=10 B, count=1, average=10 B\n"
		     "strdup:0: size=5 B, count=1, average=5 B\n");
}
END_TEST

/* Without debug information a lambda is inlined into what the library calls it by. */
START_TEST(an_instance_in_the_program_names_a_site_before_the_library)
{
	static const struct fixture_site sites[] = {
		{"operator new(unsigned long)@ < std::_Function_handler<void (), "
		 "main::{lambda()#1}>::_M_invoke(std::_Any_data const&)@ < "
		 "/lib/libstdc++.so.6+0x10 < _start@",
		 10, 1, NULL},
	};

	check_report(
		sites, 1, (struct group_options){.by = GROUP_BY_FUNCTION},
		"std::_Function_handler<void (), main::{lambda()#1}>::_M_invoke(std::_Any_data "
		"const&):0: size=10 B, count=1, average=10 B\n");
}
END_TEST

/* The group of count sites, by line. */
static void
group_by_line(const struct fixture_site *sites, size_t count, enum group_by by,
	      struct profile **ret_profile, struct place_table **ret_table,
	      struct group_set *ret_set)
{
	const struct group_options options = {.by = by};
	struct place_options places = {.exact = false};
	struct profile_at at;

	*ret_profile = fixture_profile(sites, count);
	*ret_table = place_table_new(&places);
	at = fixture_at(*ret_profile, false);
	group_profile(*ret_profile, &at, &options, *ret_table, NULL, ret_set);
	rank_groups(ret_set, by, column_find("live_bytes"), *ret_table);
}

START_TEST(a_line_of_several_functions_carries_the_name_of_none)
{
	static const struct fixture_site sites[] = {
		{"Buf<int>::grow(unsigned long)@t.cpp:3 < main@t.cpp:9", 30, 1, NULL},
		{"Buf<std::pair<int, A> >::grow(unsigned long)@t.cpp:3 < main@t.cpp:9", 40, 1,
		 NULL},
		{"Buf<int>::grow(unsigned long)@t.cpp:3 < other@t.cpp:10", 30, 1, NULL},
		{"g()@t.cpp:5", 10, 1, NULL},
		{"f()@t.cpp:5", 20, 1, NULL},
		{"h<int>()@t.cpp:7", 1, 1, NULL},
	};
	struct place_table *table;
	struct profile *profile;
	struct group_set set;
	const struct place *place;

	group_by_line(sites, COUNT(sites), GROUP_BY_LINE, &profile, &table, &set);
	ck_assert_uint_eq(set.count, 3);
	place = place_table_get(table, place_table_get_place(table, set.groups[0].stack));
	ck_assert_str_eq(place->function, "Buf<...>::grow");
	ck_assert(place->same_template);
	ck_assert_uint_eq(place->instance_count, 2);
	ck_assert_str_eq(place->instances[0], "Buf<int>::grow(unsigned long)");
	ck_assert_str_eq(place->instances[1], "Buf<std::pair<int, A> >::grow(unsigned long)");
	place = place_table_get(table, place_table_get_place(table, set.groups[1].stack));
	ck_assert_str_eq(place->function, "f()");
	ck_assert(!place->same_template);
	ck_assert_uint_eq(place->instance_count, 2);
	place = place_table_get(table, place_table_get_place(table, set.groups[2].stack));
	ck_assert_str_eq(place->function, "h<int>()");
	ck_assert_ptr_null(place->instances);
	group_set_release(&set);
	place_table_free(table);
	profile_free(profile);
}
END_TEST

static void
check_caller(const struct fixture_site *sites, size_t count, enum group_by by, const char *function,
	     bool beyond)
{
	struct place_table *table;
	struct profile *profile;
	struct group_set set;

	group_by_line(sites, count, by, &profile, &table, &set);
	if (function == NULL) {
		ck_assert_uint_eq(set.groups[0].caller, PLACE_NONE);
	} else {
		const struct place *caller = place_table_get(table, set.groups[0].caller);

		ck_assert_str_eq(caller->function, function);
		ck_assert_int_eq(caller->beyond, beyond);
	}
	group_set_release(&set);
	place_table_free(table);
	profile_free(profile);
}

START_TEST(only_the_function_that_calls_is_the_caller)
{
	static const struct fixture_site sites[] = {
		{"/lib/x.so+0x10 < near@n.c:1 < main@m.c:1", 10, 1, NULL},
		{"/lib/x.so+0x10 < far@f.c:1 < main@m.c:1", 20, 1, NULL},
		{"/lib/x.so+0x20 < /lib/x.so+0x30 < far@f.c:1", 10, 1, NULL},
		{"near@n.c:1 < main@m.c:1", 10, 1, NULL},
		{"/lib/x.so+0x10 < near@n.c:1 < other@m.c:1", 5, 1, NULL},
	};
	const struct fixture_site same[] = {sites[0], sites[4]};

	check_caller(sites, 1, GROUP_BY_LINE, "near", false);
	check_caller(sites, 1, GROUP_BY_FUNCTION, "near", false);
	/* Two callers of one address: that of the largest, but not as if there were no other. */
	check_caller(sites, 2, GROUP_BY_LINE, "far", true);
	check_caller(same, 2, GROUP_BY_LINE, "near", false);
	check_caller(sites + 2, 1, GROUP_BY_LINE, "far", true);
	/* What has a name needs none, and modules are not called. */
	check_caller(sites + 3, 1, GROUP_BY_LINE, NULL, false);
	check_caller(sites, 1, GROUP_BY_MODULE, NULL, false);
	check_caller(sites, 1, GROUP_BY_FILE, NULL, false);
}
END_TEST

START_TEST(a_glob_makes_a_wrapper)
{
	static const struct fixture_site sites[] = {
		{"pool_get@pool.c:9 < load@load.c:4", 10, 1, NULL},
	};
	static const char *const globs[] = {"pool_*"};

	check_report(
		sites, 1,
		(struct group_options){.by = GROUP_BY_FUNCTION, .selection.wrappers = {globs, 1}},
		"load:0: size=10 B, count=1, average=10 B\n");
}
END_TEST

START_TEST(places_without_names_are_told_apart)
{
	static const struct fixture_site sites[] = {
		{"/lib/x.so+0x20", 4, 1, NULL},
		{"/lib/x.so+0x10", 3, 1, NULL},
		{"/lib/y.so+0x20", 2, 1, NULL},
		{"named@", 1, 1, NULL},
	};

	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_LINE},
		     "/lib/x.so+0x20:0: size=4 B, count=1, average=4 B\n"
		     "/lib/x.so+0x10:0: size=3 B, count=1, average=3 B\n"
		     "/lib/y.so+0x20:0: size=2 B, count=1, average=2 B\n"
		     "/bin/app(named):0: size=1 B, count=1, average=1 B\n");
	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_MODULE},
		     "/lib/x.so:0: size=7 B, count=2, average=4 B\n"
		     "/lib/y.so:0: size=2 B, count=1, average=2 B\n"
		     "/bin/app:0: size=1 B, count=1, average=1 B\n");
}
END_TEST

START_TEST(allocators_are_a_key)
{
	static const struct fixture_site sites[] = {
		{"a.c:1", 4, 1, "malloc"},
		{"a.c:1", 9, 1, "realloc"},
		{"b.c:1", 3, 1, "malloc"},
	};

	check_report(sites, COUNT(sites), (struct group_options){.by = GROUP_BY_ALLOCATOR},
		     "realloc:0: size=9 B, count=1, average=9 B\n"
		     "malloc:0: size=7 B, count=2, average=4 B\n");
}
END_TEST

/* Frames called "thread N" become the roots that a recording with threads has. */
static struct profile *
make_threads(const struct fixture_site *sites, size_t count)
{
	struct profile *profile = fixture_profile(sites, count);

	for (uint32_t i = 0; i < profile->frame_count; i++) {
		struct profile_frame *frame = &profile->frames[i];
		const char *name = frame->location_count > 0
					   ? profile->locations[frame->location].function
					   : NULL;

		if (name && strncmp(name, "thread ", 7) == 0) {
			frame->kind = PROFILE_FRAME_THREAD;
			frame->offset = strtoul(name + 7, NULL, 10);
		}
	}
	return profile;
}

static void
check_threads(const char *filter, const char *expected)
{
	static const struct fixture_site sites[] = {
		{"f@a.c:1 < thread 7@", 1, 1, NULL},
		{"f@a.c:1 < thread 12@", 2, 1, NULL},
		{"g@a.c:9 < f@a.c:1 < thread 7@", 4, 1, NULL},
	};
	struct profile *profile = make_threads(sites, COUNT(sites));
	struct profile_at at = fixture_at(profile, false);
	struct group_options options = {.by = GROUP_BY_THREAD};
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct group_set set;
	char text[64] = "", *why;
	size_t used = 0;

	if (filter)
		ck_assert_int_eq(
			filter_list_insert(&options.selection.filters, filter, true, false, &why),
			0);
	ck_assert(filter_list_has_thread(&options.selection.filters) ==
		  (filter && strstr(filter, "thread") != NULL));
	group_profile(profile, &at, &options, table, NULL, &set);
	rank_groups(&set, options.by, column_find("live_bytes"), table);
	for (size_t i = 0; i < set.count; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%u:%d ",
			(unsigned)place_table_get(table, set.groups[i].key)->offset,
			(int)set.groups[i].values.live_bytes);
	ck_assert_str_eq(text, expected);
	group_set_release(&set);
	filter_list_release(&options.selection.filters);
	place_table_free(table);
	profile_free(profile);
}

START_TEST(threads_are_a_key_and_a_filter)
{
	check_threads(NULL, "7:5 12:2 ");
	check_threads("thread=12", "12:2 ");
	check_threads("thread=1*", "12:2 ");
	check_threads("function=g,thread=7", "7:4 ");
	check_threads("function=g", "7:4 ");
	check_threads("thread=8", "");
}
END_TEST

START_TEST(columns_sort)
{
	static const struct fixture_site sites[] = {
		{"a.c:1", 100, 1, NULL},
		{"b.c:1", 10, 5, NULL},
	};
	struct group_options options = {.by = GROUP_BY_FILE};
	char *text = report(sites, COUNT(sites), &options, "blocks");

	ck_assert_str_eq(text, "b.c:0: size=10 B, count=5, average=2 B\n"
			       "a.c:0: size=100 B, count=1, average=100 B\n");
	free(text);
	ck_assert_ptr_null(column_find("colour"));
}
END_TEST

/* Files may claim any numbers: what is left beside the rows that are shown is no overflow. */
START_TEST(the_rest_of_hostile_numbers_wraps_around)
{
	static const struct fixture_site sites[] = {
		{"a.c:1", INT64_MAX, INT64_MAX, NULL},
		{"b.c:1", INT64_MIN, INT64_MIN, NULL},
		{"c.c:1", INT64_MAX, 1, NULL},
	};
	struct profile *profile = fixture_profile(sites, COUNT(sites));
	struct group_options options = {.by = GROUP_BY_LINE};
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	char *text = NULL;
	size_t length;
	struct term term;
	FILE *stream = open_memstream(&text, &length);
	struct group_set set;
	struct view_top view = {
		.profile = profile,
		.at = fixture_at(profile, false),
		.options = &options,
		.column = column_find("live"),
		.set = &set,
		.table = table,
		.rows = 2,
	};

	term_init(&term, stream, TERM_COLOR_NEVER);
	group_profile(profile, &view.at, &options, table, NULL, &set);
	rank_groups(&set, options.by, view.column, table);
	view_top_text(&term, &view);
	fclose(stream);
	ck_assert_ptr_nonnull(strstr(text, "(1 more line"));
	free(text);
	group_set_release(&set);
	place_table_free(table);
	profile_free(profile);
}
END_TEST

START_TEST(the_tables_of_wrappers)
{
	static const char *const wrappers[] = {
		"operator new[](unsigned long)",
		"llvm::User::operator new(unsigned long, unsigned int)",
		"std::string::_M_create(unsigned long&, unsigned long)",
		"__gnu_cxx::new_allocator<int>::allocate(unsigned long)",
		"xmalloc",
		"xmalloc.part.0",
		"g_malloc0",
		"<alloc::vec::Vec<T> as core::clone::Clone>::clone",
		"<T as alloc::string::ToString>::to_string",
		"alloc::raw_vec::RawVec<T,A>::grow_amortized",
		"<<std::thread::Builder>::spawn_unchecked_<f, ()>::{closure#1} as "
		"core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}",
		"<<std::thread::Builder>::spawn_unchecked_<f>::{closure#1}>::call_once::{shim:"
		"vtable#0}",
		"<[u8]>::to_vec",
		"<str>::to_owned",
		"<&mut std::fs::File as std::io::Read>::read",
		"__gnat_malloc",
		"system.memory.alloc",
		"_start",
	};
	static const char *const own[] = {
		"main",
		"xmalloc_stats",
		"standard::run()",
		"app::operator new_thing()",
		"<app::Item as core::clone::Clone>::clone",
		"<alloc::vec::Vec<u8> as app::Shape>::area",
		"<[u8] as app::Shape>::area",
		"<app::Item>::new",
		"<<app::Item as app::Make>::make::{closure#0} as "
		"core::ops::function::FnOnce<()>>::call_once",
		"<dyn app::Shape>::area",
		"coreutils_main",
	};

	for (size_t i = 0; i < COUNT(wrappers); i++)
		ck_assert_msg(wrapper_match(wrappers[i], NULL, NULL, NULL), "%s", wrappers[i]);
	for (size_t i = 0; i < COUNT(own); i++)
		ck_assert_msg(!wrapper_match(own[i], "src/app.cpp", "/bin/app", NULL), "%s",
			      own[i]);
	ck_assert(wrapper_match(NULL, NULL, "/lib/x86_64-linux-gnu/libc.so.6", NULL));
	ck_assert(wrapper_match("f", "/usr/include/c++/12/bits/stl_vector.h", "/bin/app", NULL));
	ck_assert(!wrapper_match(NULL, NULL, "/usr/lib/libcrypt.so", NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("group");
	TCase *tcase = tcase_create("group");

	tcase_add_test(tcase, ties_are_broken_as_tracemalloc_breaks_them);
	tcase_add_test(tcase, a_file_has_line_0);
	tcase_add_test(tcase, stacks_are_ordered_from_the_oldest_frame);
	tcase_add_test(tcase, cumulative_counts_recursion_once);
	tcase_add_test(tcase, wrappers_do_not_name_a_site);
	tcase_add_test(tcase, an_instance_in_the_program_names_a_site_before_the_library);
	tcase_add_test(tcase, a_line_of_several_functions_carries_the_name_of_none);
	tcase_add_test(tcase, only_the_function_that_calls_is_the_caller);
	tcase_add_test(tcase, a_glob_makes_a_wrapper);
	tcase_add_test(tcase, places_without_names_are_told_apart);
	tcase_add_test(tcase, allocators_are_a_key);
	tcase_add_test(tcase, threads_are_a_key_and_a_filter);
	tcase_add_test(tcase, columns_sort);
	tcase_add_test(tcase, the_rest_of_hostile_numbers_wraps_around);
	tcase_add_test(tcase, the_tables_of_wrappers);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
