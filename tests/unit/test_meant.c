/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_meant.c - a misspelt operand is answered with the nearest file or program
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/meant.h"
#include "recording_generator.h"
#include "scratch.h"

/* The test's directory is XDG_RUNTIME_DIR. */
static void
enter(void)
{
	char *directory;

	scratch_enter();
	directory = getcwd(NULL, 0);
	setenv("XDG_RUNTIME_DIR", directory, 1);
	free(directory);
}

static void
check(const char *operand, const char *wanted)
{
	char *found = meant_suggest(operand), sentence[128] = "";

	if (wanted != NULL)
		snprintf(sentence, sizeof(sentence), "; did you mean %s?", wanted);
	ck_assert_msg(strcmp(found, sentence) == 0, "%s: %s", operand, found);
	free(found);
}

START_TEST(a_file_is_found_with_and_without_its_end)
{
	scratch_write_text("webserver.tally", "");
	scratch_write_text("client.tally", "");
	scratch_write_text("webserver.txt", "");
	check("webservr.tally", "webserver.tally");
	check("webserver.taly", "webserver.tally");
	check("wbeserver", "webserver.tally");
	check("cleint.tally", "client.tally");
	check("something.tally", NULL);
	check("webserver.tx", NULL);
}
END_TEST

START_TEST(the_folder_of_the_operand_is_looked_at)
{
	ck_assert_int_eq(mkdir("runs", 0700), 0);
	scratch_write_text("runs/webserver.tally", "");
	check("runs/webservr.tally", "runs/webserver.tally");
	check("./runs/webservr", "./runs/webserver.tally");
	check("webservr.tally", NULL);
	check("missing/webservr.tally", NULL);
}
END_TEST

START_TEST(a_recording_by_the_name_of_its_file)
{
	scratch_write_text("webserver.4711.0.recording", "");
	check("./webserver.4711.0.recordin", "./webserver.4711.0.recording");
	check("./webserver.4712.0.recording", "./webserver.4711.0.recording");
}
END_TEST

/* A program of the same name is no file that was misspelt, and a path names no program. */
START_TEST(a_program_that_is_recorded)
{
	struct generated *generated = generated_new();

	ck_assert_int_eq(mkdir("heaptally", 0700), 0);
	strcpy(generated->header.command, "qzx-daemon");
	generated_write(generated, "heaptally/qzx-daemon.4711.0.recording");
	free(generated);
	check("qzx-daemno", "qzx-daemon");
	check("./qzx-daemno", NULL);
	check("qzx-daemno.tally", NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("meant");
	TCase *cases = tcase_create("meant");

	tcase_add_checked_fixture(cases, enter, scratch_leave);
	tcase_add_test(cases, a_file_is_found_with_and_without_its_end);
	tcase_add_test(cases, the_folder_of_the_operand_is_looked_at);
	tcase_add_test(cases, a_recording_by_the_name_of_its_file);
	tcase_add_test(cases, a_program_that_is_recorded);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
