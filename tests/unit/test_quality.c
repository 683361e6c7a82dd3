/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_quality.c - what of the run is not in the numbers, and the hints below a report
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "model/group.h"
#include "model/resident.h"
#include "model/trouble.h"
#include "scratch.h"
#include "util/intern.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/quality.h"
#include "view/resident.h"

#define MIB 1048576

/* Resident memory without files: the most, and the last. What the recording says went wrong. */
struct seen {
	uint64_t most, last;
	uint32_t trouble;
	int64_t live; /* a few looks before the end */
	const char *allocator;
};

/* The hints of a program whose peak is 20 MiB, of which nothing lives at the end; so much was
 * resident, and 500 MiB of files besides. */
static char *
hints(const char *executable, const char *stack, struct seen resident)
{
	const struct fixture_site sites[] = {{stack, 20 * MIB, 1, NULL}};
	const struct group_set set = {
		.sum.live_bytes = 20 * MIB,
		.live_with_line = strchr(stack, ':') != NULL ? 20 * MIB : 0,
		.live_with_name = strchr(stack, '@') != NULL ? 20 * MIB : 0,
	};
	struct profile *profile = fixture_profile(sites, 1);
	char *text = NULL;
	size_t length;
	struct term term;
	FILE *stream = open_memstream(&text, &length);

	term_init(&term, stream, TERM_COLOR_NEVER);
	profile->samples = xcalloc(5, sizeof(*profile->samples));
	profile->sample_count = 5;
	for (int i = 0; i < 4; i++)
		profile->samples[i].rss_bytes = 500 * MIB + (i == 3 ? resident.most : 0);
	/* Nothing of the process could be seen at the last look. */
	profile->samples[1].live_bytes = resident.live;
	profile->allocator = resident.allocator;
	profile->anonymous_bytes = resident.most;
	profile->anonymous_last_bytes = resident.last;
	profile->trouble = resident.trouble;
	profile->executable = intern_insert_string(profile->strings, executable);
	view_quality_hint(&term, "hint ", profile, &(struct group_options){.by = GROUP_BY_LINE},
			  NULL, &set);
	fclose(stream);
	profile_free(profile);
	return text;
}

static void
expect(const char *executable, const char *stack, uint64_t most, uint64_t last, const char *wanted)
{
	char *text = hints(executable, stack, (struct seen){most, last, 0, 0, "/lib/libc.so.6"});

	ck_assert_str_eq(text, wanted);
	free(text);
}

/* What was freed, and is still there, at the end. */
static void
expect_kept(int64_t live, const char *allocator, const char *wanted)
{
	const struct seen resident = {70 * MIB, 70 * MIB, 0, live, allocator};
	char *text = hints("/bin/app", "main@main.c:3", resident);

	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(nothing_when_all_is_well)
{
	expect("/bin/app", "main@main.c:3", 0, 0, "");
	expect("/bin/app", "main@main.c:3", 70 * MIB, 15 * MIB, "");
	/* A little more than malloc gave is nothing to speak of. */
	expect("/bin/python3.11", "main@main.c:3", 26 * MIB, 2 * MIB, "");
}
END_TEST

START_TEST(names_and_lines_that_are_not_there)
{
	expect("/bin/app", "main@", 0, 0,
	       "hint much has no line: compile with -g, or install debug symbols\n");
	expect("/bin/app", "app+0x10", 0, 0,
	       "hint much has no name: --by stack shows who calls it, packages with debug symbols, "
	       "or --debuginfod, have the names\n");
}
END_TEST

START_TEST(memory_that_is_not_of_malloc)
{
	expect("/bin/app", "main@main.c:3", 100 * MIB, 100 * MIB,
	       "hint resident memory reached 100.0 MiB without files, the heap 20.0 MiB: most of "
	       "it was mapped without malloc\n");
	expect("/bin/app", "main@main.c:3", 70 * MIB, 70 * MIB,
	       "hint 70.0 MiB stayed resident for 0 B that were live: the allocator keeps what was "
	       "freed, in its caches or between small blocks; malloc_trim(3) and MALLOC_ARENA_MAX "
	       "may help\n");
	expect("/usr/bin/python3.11", "main@main.c:3", 40 * MIB, 2 * MIB,
	       "hint CPython keeps small objects in arenas of its own: 40.0 MiB were resident, the "
	       "peak of what malloc gave is 20.0 MiB; PYTHONMALLOC=malloc shows each object\n");
	expect("/usr/bin/php8.2", "main@main.c:3", 40 * MIB, 2 * MIB,
	       "hint PHP has a heap of its own: 40.0 MiB were resident, the peak of what malloc "
	       "gave is 20.0 MiB; USE_ZEND_ALLOC=0 lets it call malloc\n");
}
END_TEST

START_TEST(memory_that_was_freed)
{
	/* All at once, and it ended before anybody looked again. */
	expect_kept(60 * MIB, "/lib/libc.so.6", "");
	expect_kept(
		10 * MIB, "/lib/libjemalloc.so.2",
		"hint 70.0 MiB stayed resident for 10.0 MiB that were live: the allocator keeps "
		"what was freed, in its caches or between small blocks; `heaptally resident`, "
		"while it lives, says what would come back\n");
}
END_TEST

/* Of 120 MiB resident 100 are heaptally's, and of as many none. */
START_TEST(memory_that_a_snapshot_has_taken_apart)
{
	const struct fixture_site site = {"main@main.c:3", MIB, 1, NULL};
	static const uint64_t ours[] = {100 * MIB, 0};

	for (int i = 0; i < 2; i++) {
		struct profile *profile = fixture_profile(&site, 1);
		struct profile_resident resident = {.resident_bytes = 120 * MIB,
						    .live_bytes = 2 * MIB};
		char *text;

		resident.parts[RESIDENT_LIVE] = 2 * MIB;
		resident.parts[RESIDENT_KEPT] = 18 * MIB;
		resident.parts[RESIDENT_TRACER] = ours[i];
		profile_insert_resident(profile, &resident);
		text = view_resident_explain(profile);
		if (ours[i] != 0)
			ck_assert_ptr_null(text);
		else
			ck_assert_str_eq(text,
					 "of 120.0 MiB resident at 0 ns without heaptally's 0 B, "
					 "2.0 MiB were live, 0 B free on pages with live blocks, "
					 "18.0 MiB free pages, 0 B mapped without malloc; "
					 "`heaptally resident` has all parts");
		free(text);
		profile_free(profile);
	}
}
END_TEST

START_TEST(memory_of_an_allocator_that_is_not_seen)
{
	char *text =
		hints("/bin/app", "main@main.c:3",
		      (struct seen){100 * MIB, 100 * MIB, PROFILE_TROUBLE_FOREIGN_MALLOC, 0, NULL});

	ck_assert_str_eq(text, "hint resident memory reached 100.0 MiB without files: what the "
			       "program's own allocator gave is part of it, and is not seen\n");
	free(text);
}
END_TEST

#define SECOND 1000000000u

static void
expect_gaps(const enum profile_mark_kind *kinds, enum profile_pause pause, const char *wanted)
{
	static const struct fixture_site site = {"main@main.c:3", MIB, 1, NULL};
	struct profile *profile = fixture_profile(&site, 1);
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	profile->state = PROFILE_EXITED;
	profile->pause = pause;
	profile->duration_ns = 8ull * SECOND;
	profile->marks = xcalloc(3, sizeof(*profile->marks));
	for (; kinds[profile->mark_count] != 0; profile->mark_count++)
		profile->marks[profile->mark_count] = (struct profile_mark){
			.kind = kinds[profile->mark_count],
			.label = "",
			.time_ns = (profile->mark_count + 1) * (uint64_t)SECOND,
			.peak_bytes = 1,
		};
	view_quality_gaps(stream, profile);
	fclose(stream);
	ck_assert_str_eq(text, wanted);
	free(text);
	profile_free(profile);
}

START_TEST(what_is_not_in_the_numbers)
{
	static const enum profile_mark_kind clear = PROFILE_MARK_CLEAR, stop = PROFILE_MARK_STOP,
					    pause = PROFILE_MARK_PAUSE, none = 0,
					    resume = PROFILE_MARK_RESUME,
					    reset = PROFILE_MARK_RESET_PEAK;
	typedef enum profile_mark_kind kinds[4];

	expect_gaps((kinds){none}, PROFILE_GOES_ON, "");
	expect_gaps((kinds){pause, resume}, PROFILE_GOES_ON, ", recording was paused for 1.0 s");
	expect_gaps((kinds){pause}, PROFILE_PAUSED, ", recording was paused for 7.0 s, to the end");
	expect_gaps((kinds){stop}, PROFILE_STOPPED,
		    ", recording was stopped for 7.0 s, to the end, cleared at 1.0 s: what was "
		    "before is not counted");
	expect_gaps((kinds){pause, resume, stop}, PROFILE_STOPPED,
		    ", recording was paused or stopped for 6.0 s, to the end, cleared at 3.0 s: "
		    "what was before is not counted");
	expect_gaps((kinds){none}, PROFILE_STOPPED,
		    ", recording was switched off for 8.0 s, to the end");
	expect_gaps((kinds){clear, reset}, PROFILE_GOES_ON,
		    ", cleared at 1.0 s: what was before is not counted, peak reset at 2.0 s: the "
		    "peak is that since");
	expect_gaps((kinds){reset, clear}, PROFILE_GOES_ON,
		    ", cleared at 2.0 s: what was before is not counted");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("quality");
	TCase *cases = tcase_create("hints");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, nothing_when_all_is_well);
	tcase_add_test(cases, names_and_lines_that_are_not_there);
	tcase_add_test(cases, memory_that_is_not_of_malloc);
	tcase_add_test(cases, memory_that_was_freed);
	tcase_add_test(cases, memory_that_a_snapshot_has_taken_apart);
	tcase_add_test(cases, memory_of_an_allocator_that_is_not_seen);
	tcase_add_test(cases, what_is_not_in_the_numbers);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
