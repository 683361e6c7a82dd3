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
#include "scratch.h"
#include "util/intern.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/quality.h"

#define MIB 1048576

/* The hints of a program whose peak is 20 MiB, of which `resident` bytes were seen at most. */
static char *
hints(const char *command, const char *stack, uint64_t resident)
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
	profile->samples = xcalloc(3, sizeof(*profile->samples));
	profile->sample_count = 3;
	profile->samples[0].rss_bytes = MIB;
	profile->samples[1].rss_bytes = resident;
	profile->command = intern_insert_string(profile->strings, command);
	view_quality_hint(&term, "hint ", profile, GROUP_BY_LINE, &set);
	fclose(stream);
	profile_free(profile);
	return text;
}

static void
expect(const char *command, const char *stack, uint64_t resident, const char *wanted)
{
	char *text = hints(command, stack, resident);

	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(nothing_when_all_is_well)
{
	expect("app", "main@main.c:3", 0, "");
	expect("app", "main@main.c:3", 80 * MIB, "");
}
END_TEST

START_TEST(names_and_lines_that_are_not_there)
{
	expect("app", "main@", 0,
	       "hint much has no line: compile with -g, or install debug symbols\n");
	expect("app", "app+0x10", 0,
	       "hint much has no name: --by stack shows who calls it, packages with debug symbols, "
	       "or --debuginfod, have the names\n");
}
END_TEST

START_TEST(memory_that_is_not_of_malloc)
{
	expect("app", "main@main.c:3", 100 * MIB,
	       "hint resident memory reached 100.0 MiB: most of it was mapped without malloc, or "
	       "not "
	       "given back by it\n");
	expect("python3.11", "main@main.c:3", 100 * MIB,
	       "hint resident memory reached 100.0 MiB: most of it was mapped without malloc, or "
	       "not "
	       "given back by it; PYTHONMALLOC=malloc shows each object of Python\n");
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
	tcase_add_test(cases, what_is_not_in_the_numbers);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
