/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_output.c - what the command writes replaces nothing but its own
 */
#include "config.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "scratch.h"
#include "util/output.h"

#define MAGIC "mine"

static const struct output_rule kind_rule = {.magic = MAGIC, .kind = "one of mine"};
static const struct output_rule name_rule = {.kind = NULL};
static const struct output_rule force_rule = {.force = true};

static void
store(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
expect_text(const char *path, const char *text)
{
	char found[64] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, found, sizeof(found) - 1), 0);
	close(fd);
	ck_assert_str_eq(found, text);
}

static int
count_files(void)
{
	DIR *directory = opendir(".");
	int count = 0;

	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count - 2;
}

/* Refused with a sentence, by the check and by the beginning, and nothing is left beside. */
static void
expect_refusal(const char *path, const struct output_rule *rule, int error, const char *word)
{
	int files = count_files();
	struct output output;
	char *why;

	ck_assert_int_eq(output_check(path, rule, &why), error);
	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_nonnull(strstr(why, word));
	free(why);
	ck_assert_int_eq(output_begin(path, rule, &output, &why), error);
	ck_assert_ptr_nonnull(why);
	free(why);
	ck_assert_int_eq(count_files(), files);
}

static void
put(const char *path, const struct output_rule *rule, const char *text)
{
	struct output output;
	char *why;

	ck_assert_int_eq(output_begin(path, rule, &output, &why), 0);
	ck_assert_ptr_null(why);
	ck_assert_int_eq(write(output.fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(output_commit(&output), 0);
	expect_text(path, text);
}

START_TEST(takes_its_place_at_the_end)
{
	struct output output;
	struct stat status;
	char *why;

	store("a", "old");
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(output_begin("link", &force_rule, &output, &why), 0);
	ck_assert_int_eq(write(output.fd, "newer", 5), 5);
	expect_text("a", "old");
	ck_assert_int_eq(output_commit(&output), 0);
	expect_text("a", "newer");
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert_int_eq(output_begin("b", &force_rule, &output, &why), 0);
	output_abandon(&output);
	ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(a_link_to_nothing_stays_a_link)
{
	struct stat status;

	ck_assert_int_eq(mkdir("folder", 0700), 0);
	ck_assert_int_eq(symlink("folder/real", "link"), 0);
	put("link", &name_rule, "text");
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	expect_text("folder/real", "text");
}
END_TEST

START_TEST(mode_is_that_of_any_new_file)
{
	mode_t mask = umask(027);
	struct stat status;

	put("a", &name_rule, "text");
	umask(mask);
	ck_assert_int_eq(stat("a", &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0640);
}
END_TEST

START_TEST(replaces_its_own_kind_only)
{
	store("foreign", "int main(void)");
	store("short", "mi");
	store("own", MAGIC " and old");
	store("empty", "");
	expect_refusal("foreign", &kind_rule, -EEXIST, "one of mine");
	expect_refusal("short", &kind_rule, -EEXIST, "--force");
	expect_refusal("own", &name_rule, -EEXIST, "--force");
	put("own", &kind_rule, MAGIC " and new");
	put("empty", &name_rule, MAGIC);
	put("foreign", &force_rule, MAGIC);
	ck_assert_int_eq(count_files(), 4);
}
END_TEST

/* By --force neither. */
START_TEST(refuses_what_is_no_file)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	close(fd);
	ck_assert_int_eq(mkdir("folder", 0700), 0);
	ck_assert_int_eq(symlink("folder", "link"), 0);
	expect_refusal("folder", &force_rule, -EISDIR, "a directory");
	expect_refusal("folder/", &force_rule, -EISDIR, "a directory");
	expect_refusal("link", &force_rule, -EISDIR, "a directory");
	expect_refusal("socket", &force_rule, -EEXIST, "a socket");
	/* A node of our own, and only where we may make one. */
	if (mknod("node", S_IFCHR | 0600, makedev(1, 3)) == 0) {
		struct stat status;

		ck_assert_int_eq(symlink("node", "to-node"), 0);
		expect_refusal("node", &force_rule, -EEXIST, "a device");
		expect_refusal("to-node", &kind_rule, -EEXIST, "a device");
		ck_assert_int_eq(stat("node", &status), 0);
		ck_assert(S_ISCHR(status.st_mode));
	}
}
END_TEST

START_TEST(refuses_an_input)
{
	const char *const inputs[] = {NULL, "missing", "read"};
	const struct output_rule rule = {.force = true, .inputs = inputs, .input_count = 3};

	store("read", "text");
	ck_assert_int_eq(link("read", "same"), 0);
	ck_assert_int_eq(symlink("read", "link"), 0);
	expect_refusal("read", &rule, -EEXIST, "read by this command");
	expect_refusal("./same", &rule, -EEXIST, "read by this command");
	expect_refusal("link", &rule, -EEXIST, "read by this command");
	put("other", &rule, "text");
}
END_TEST

START_TEST(what_the_system_refuses_has_no_sentence)
{
	char *why;

	ck_assert_int_eq(output_check("missing/a", &force_rule, &why), -ENOENT);
	ck_assert_ptr_null(why);
	ck_assert_int_eq(output_check("", &force_rule, &why), -ENOENT);
	ck_assert_int_eq(output_check("good", &force_rule, &why), 0);
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(standard_output)
{
	const struct output_rule rule = {.no_stdout = "it is taken"};
	struct output output;
	char *why;

	expect_refusal("-", &rule, -EINVAL, "it is taken");
	ck_assert_int_eq(output_begin("-", &name_rule, &output, &why), 0);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_ne(fcntl(STDOUT_FILENO, F_GETFD), -1);
	ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(a_fifo_has_its_reader_or_fails)
{
	struct output output;
	char text[8] = {0}, *why;
	int reader;

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(output_check("fifo", &name_rule, &why), 0);
	ck_assert_int_eq(output_begin("fifo", &name_rule, &output, &why), -ENXIO);
	ck_assert_ptr_null(why);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(output_begin("fifo", &name_rule, &output, &why), 0);
	ck_assert_int_eq(write(output.fd, "text", 4), 4);
	ck_assert_int_eq(output_commit(&output), 0);
	ck_assert_int_eq(read(reader, text, sizeof(text)), 4);
	ck_assert_int_eq(output_begin("fifo", &name_rule, &output, &why), 0);
	close(reader);
	/* SIGPIPE would end this test. */
	ck_assert_int_eq(write(output.fd, "text", 4), -1);
	output_abandon(&output);
	ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* Whoever took the place while the file was written keeps it. */
START_TEST(a_place_that_was_taken_meanwhile)
{
	struct output output;
	char *why;

	ck_assert_int_eq(output_begin("a", &name_rule, &output, &why), 0);
	store("a", "quicker");
	ck_assert_int_eq(output_commit(&output), -EEXIST);
	expect_text("a", "quicker");
	ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(a_limit_is_an_error_and_keeps_the_old_file)
{
	const struct rlimit limit = {4, RLIM_INFINITY};
	struct output output;
	char *why;

	store("a", MAGIC);
	ck_assert_int_eq(output_begin("a", &kind_rule, &output, &why), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write(output.fd, MAGIC, 4), 4);
	ck_assert_int_eq(write(output.fd, "more", 4), -1);
	ck_assert_int_eq(errno, EFBIG);
	output_abandon(&output);
	expect_text("a", MAGIC);
	ck_assert_int_eq(count_files(), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("output");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_add_test(tcase, takes_its_place_at_the_end);
	tcase_add_test(tcase, a_link_to_nothing_stays_a_link);
	tcase_add_test(tcase, mode_is_that_of_any_new_file);
	tcase_add_test(tcase, replaces_its_own_kind_only);
	tcase_add_test(tcase, refuses_what_is_no_file);
	tcase_add_test(tcase, refuses_an_input);
	tcase_add_test(tcase, what_the_system_refuses_has_no_sentence);
	tcase_add_test(tcase, standard_output);
	tcase_add_test(tcase, a_fifo_has_its_reader_or_fails);
	tcase_add_test(tcase, a_place_that_was_taken_meanwhile);
	tcase_add_test(tcase, a_limit_is_an_error_and_keeps_the_old_file);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
