/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_option_words.c - the runtime and the command take the same words of HEAPTALLY
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
#include "include/option_words.h"
#include "run/launch.h"

static bool
runtime_takes(const char *text)
{
	char variable[256];
	char *environment[] = {variable, NULL};
	static struct options options;

	snprintf(variable, sizeof(variable), "HEAPTALLY=%s", text);
	options_read(environment, &options);
	return !options.bad;
}

static bool
command_takes(const char *text)
{
	const struct launch_options options = {.directory = "/d"};
	char *result = NULL, *why = NULL;
	bool taken = launch_make_options(&options, text, &result, &why) == 0;

	free(result);
	free(why);
	return taken;
}

/* What some word takes, or nearly. */
static const char *const values[] = {
	"/tmp", "follow", "ignore", "last",       "origin",     "on",
	"off",  "0",      "1",      "007",        "65535",      "65536",
	"-1",   "+1",     "1x",     "4294967295", "4294967296", "99999999999999999999",
	"",     " 1",     "On",     "onn",
};

static const char *const strange_names[] = {"", "di", "dirr", "Frames", "colour", "bad", " start"};

static int
compare(const char *name, bool is_path)
{
	int taken = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char text[128];

		/* The command has a path of its own, and does not look at this one. */
		if (is_path && values[i][0] == '\0')
			continue;
		snprintf(text, sizeof(text), "%s=%s", name, values[i]);
		ck_assert_msg(runtime_takes(text) == command_takes(text), "%s: the runtime %s it",
			      text, runtime_takes(text) ? "takes" : "refuses");
		taken += runtime_takes(text);
	}
	return taken;
}

START_TEST(same_values)
{
	const struct option_rule *rule = &option_rules[_i];
	int taken = compare(rule->name, rule->kind == OPTION_PATH);

	if (rule->kind == OPTION_CHOICE)
		ck_assert_int_eq(taken, 2);
	ck_assert_int_ge(taken, 2);
}
END_TEST

START_TEST(same_names)
{
	for (size_t i = 0; i < sizeof(strange_names) / sizeof(*strange_names); i++)
		ck_assert_int_eq(compare(strange_names[i], false), 0);
}
END_TEST

START_TEST(no_value)
{
	/* These may stand alone. */
	bool alone = _i == OPTION_LEAKS || _i == OPTION_MMAP;

	ck_assert(runtime_takes(option_rules[_i].name) == alone &&
		  command_takes(option_rules[_i].name) == alone);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("option_words");
	TCase *tcase = tcase_create("both");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, same_values, 0, OPTION_UNKNOWN);
	tcase_add_test(tcase, same_names);
	tcase_add_loop_test(tcase, no_value, 0, OPTION_UNKNOWN);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
