/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_living_access.c - who may not read the memory of a process, and why
 */
#include "config.h"

#include <unistd.h>

#include "image/living_access.h"
#include "scratch.h"

/* Of ours, with all rights of its user. */
static const struct living_access plain = {
	.is_listed = true, .own_user = 1000, .user = 1000, .scope = LIVING_NO_SCOPE};

#define JUDGE(...)                                   \
	({                                           \
		struct living_access access = plain; \
		struct living_access *a = &access;   \
                                                     \
		__VA_ARGS__;                         \
		(int)living_access_judge(a);         \
	})

START_TEST(whose_it_is)
{
	ck_assert_int_eq(JUDGE(a->is_listed = false, a->user = 0), LIVING_OTHER_USER);
	ck_assert_int_eq(JUDGE(a->is_listed = false, a->user = 0, a->scope = 1), LIVING_OTHER_USER);
	ck_assert_int_eq(JUDGE(a->is_listed = false), LIVING_OTHER_RIGHTS);
	ck_assert_int_eq(JUDGE(a->is_listed = false, a->scope = 3), LIVING_OTHER_RIGHTS);
}
END_TEST

START_TEST(what_the_kernel_allows)
{
	ck_assert_int_eq(JUDGE(a->scope = 0), LIVING_FORBIDDEN);
	ck_assert_int_eq(JUDGE(a->scope = 1), LIVING_FOR_ANCESTORS);
	ck_assert_int_eq(JUDGE(a->scope = 2), LIVING_FOR_DEBUGGERS);
	ck_assert_int_eq(JUDGE(a->scope = 3), LIVING_FOR_NOBODY);
	ck_assert_int_eq(JUDGE((void)a), LIVING_FORBIDDEN);
}
END_TEST

/* Who has the right of a debugger is refused by what goes beyond it. */
START_TEST(who_may_debug)
{
	ck_assert_int_eq(JUDGE(a->may_debug = true, a->scope = 1), LIVING_FORBIDDEN);
	ck_assert_int_eq(JUDGE(a->may_debug = true, a->scope = 2), LIVING_FORBIDDEN);
	ck_assert_int_eq(JUDGE(a->may_debug = true, a->scope = 3), LIVING_FOR_NOBODY);
	ck_assert_int_eq(JUDGE(a->may_debug = true, a->scope = 1, a->is_filtered = true),
			 LIVING_FILTERED);
	ck_assert_int_eq(JUDGE(a->may_debug = true, a->is_listed = false), LIVING_FORBIDDEN);
	ck_assert_int_eq(JUDGE(a->is_filtered = true), LIVING_FILTERED);
	ck_assert_int_eq(JUDGE(a->is_filtered = true, a->scope = 1), LIVING_FOR_ANCESTORS);
}
END_TEST

static int
read_scope(const char *text)
{
	scratch_write_text("scope", text);
	return living_access_read_scope("scope");
}

START_TEST(the_scope)
{
	ck_assert_int_eq(read_scope("0\n"), 0);
	ck_assert_int_eq(read_scope("3\n"), 3);
	ck_assert_int_eq(read_scope(""), LIVING_NO_SCOPE);
	ck_assert_int_eq(read_scope("x"), LIVING_NO_SCOPE);
	ck_assert_int_eq(living_access_read_scope("missing"), LIVING_NO_SCOPE);
}
END_TEST

START_TEST(of_ourselves)
{
	struct living_access access;

	living_access_get(&access, getpid());
	ck_assert(access.is_listed);
	ck_assert_uint_eq(access.own_user, geteuid());
	ck_assert_uint_eq(access.user, geteuid());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("living_access");
	TCase *tests = tcase_create("living_access");

	tcase_add_checked_fixture(tests, scratch_enter, scratch_leave);
	tcase_add_test(tests, whose_it_is);
	tcase_add_test(tests, what_the_kernel_allows);
	tcase_add_test(tests, who_may_debug);
	tcase_add_test(tests, the_scope);
	tcase_add_test(tests, of_ourselves);
	suite_add_tcase(suite, tests);
	return scratch_run(suite);
}
