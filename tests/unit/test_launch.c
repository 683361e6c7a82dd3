/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_launch.c - what cannot be traced is told, and programs are started as without us
 */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/launch.h"
#include "scratch.h"
#include "run/target.h"
#include "util/xalloc.h"

/* --- target --- */

static void
store(const char *path, const void *bytes, size_t length, mode_t mode)
{
	scratch_write(path, bytes, length);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
store_text(const char *path, const char *text)
{
	store(path, text, strlen(text), 0755);
}

static void
expect(const char *program, enum target_verdict verdict, const char *words)
{
	struct target target;

	target_inspect((char *[]){(char *)program, NULL}, &target);
	ck_assert_int_eq(target.verdict, verdict);
	if (words != NULL)
		ck_assert_msg(target.reason != NULL && strstr(target.reason, words) != NULL,
			      "\"%s\" does not say \"%s\"", target.reason, words);
	else
		ck_assert_ptr_null(target.reason);
	target_release(&target);
}

/* An ELF file with one program header, naming an interpreter if there is one. */
static void
store_elf(const char *path, int class, int machine, const char *interpreter, mode_t mode)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		char interpreter[64];
	} file = {
		.header = {.e_type = ET_EXEC,
			   .e_machine = (Elf64_Half)machine,
			   .e_version = EV_CURRENT,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1},
	};

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = (unsigned char)class;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_ident[EI_VERSION] = EV_CURRENT;
	file.segment.p_type = interpreter != NULL ? PT_INTERP : PT_LOAD;
	file.segment.p_offset = sizeof(file.header) + sizeof(file.segment);
	file.segment.p_filesz = sizeof(file.interpreter);
	if (interpreter != NULL)
		strcpy(file.interpreter, interpreter);
	store(path, &file, sizeof(file), mode);
}

START_TEST(missing_and_not_executable)
{
	store("plain", "text", 4, 0644);
	ck_assert_int_eq(mkdir("directory", 0755), 0);
	expect("./missing", TARGET_NOT_FOUND, "missing");
	expect("no-such-command-here", TARGET_NOT_FOUND, "command not found");
	expect("", TARGET_NOT_FOUND, "");
	expect("./plain/below", TARGET_NOT_FOUND, "plain");
	expect("./plain", TARGET_NOT_EXECUTABLE, "plain");
	expect("./directory", TARGET_NOT_EXECUTABLE, "directory");
}
END_TEST

START_TEST(path_is_searched_as_exec_does)
{
	ck_assert_int_eq(mkdir("first", 0755), 0);
	ck_assert_int_eq(mkdir("second", 0755), 0);
	store("first/tool", "#!/bin/sh\n", 10, 0644);
	setenv("PATH", "first:second", 1);
	expect("tool", TARGET_NOT_EXECUTABLE, "tool");
	store_text("second/tool", "#!/bin/sh\n");
	expect("tool", TARGET_TRACEABLE, NULL);
	store_text("here", "#!/bin/sh\n");
	expect("here", TARGET_NOT_FOUND, "here");
	setenv("PATH", "first::second", 1);
	expect("here", TARGET_TRACEABLE, NULL);
}
END_TEST

START_TEST(kinds_of_programs)
{
	const char *loader = "/lib64/ld-linux-x86-64.so.2";

	expect("/bin/sh", TARGET_TRACEABLE, NULL);
	store_elf("good", ELFCLASS64, EM_X86_64, loader, 0755);
	expect("./good", TARGET_TRACEABLE, NULL);
	store_elf("static", ELFCLASS64, EM_X86_64, NULL, 0755);
	expect("./static", TARGET_UNTRACEABLE, "statically linked");
	store_elf("small", ELFCLASS32, EM_386, loader, 0755);
	expect("./small", TARGET_UNTRACEABLE, "32-bit");
	store_elf("other", ELFCLASS64, EM_AARCH64, loader, 0755);
	expect("./other", TARGET_UNTRACEABLE, "another kind of machine");
	store_elf("musl", ELFCLASS64, EM_X86_64, "/lib/ld-musl-x86_64.so.1", 0755);
	expect("./musl", TARGET_UNTRACEABLE, "musl");
}
END_TEST

START_TEST(scripts_are_followed)
{
	store_elf("static", ELFCLASS64, EM_X86_64, NULL, 0755);
	store_text("to-shell", "#! /bin/sh -e\nexit 0\n");
	expect("./to-shell", TARGET_TRACEABLE, NULL);
	store_text("to-static", "#!./static\n");
	expect("./to-static", TARGET_UNTRACEABLE, "./static is statically linked");
	store_text("to-script", "#!./to-static\n");
	expect("./to-script", TARGET_UNTRACEABLE, "statically linked");
	store_text("to-nothing", "#!/no/such/interpreter\n");
	expect("./to-nothing", TARGET_NOT_EXECUTABLE, "/no/such/interpreter");
	store_text("plain", "exit 0\n");
	expect("./plain", TARGET_TRACEABLE, NULL);
	store_text("loop", "#!./loop\n");
	expect("./loop", TARGET_TRACEABLE, NULL);
	setenv("PATH", ".:/bin:/usr/bin", 1);
	store_text("by-env", "#!/usr/bin/env static\n");
	expect("./by-env", TARGET_UNTRACEABLE, "statically linked");
	store_text("by-env-missing", "#!/usr/bin/env no-such-command\n");
	expect("./by-env-missing", TARGET_TRACEABLE, NULL);
}
END_TEST

START_TEST(privileges)
{
	store_elf("raised", ELFCLASS64, EM_X86_64, "/lib64/ld-linux-x86-64.so.2", 0755);
	if (geteuid() != 0 || chown("raised", 65534, 65534) != 0)
		return;
	ck_assert_int_eq(chmod("raised", 04755), 0);
	expect("./raised", TARGET_UNTRACEABLE, "set-user-ID");
	ck_assert_int_eq(chmod("raised", 02755), 0);
	expect("./raised", TARGET_UNTRACEABLE, "set-group-ID");
	ck_assert_int_eq(chmod("raised", 02745), 0);
	expect("./raised", TARGET_TRACEABLE, NULL);
}
END_TEST

/* --- options --- */

static const struct {
	const char *inherited;
	struct launch_options options;
	const char *expected; /* NULL: refused */
} option_cases[] = {
	{NULL, {.directory = "/d"}, "dir=/d"},
	{"", {.directory = "/d"}, "dir=/d"},
	{NULL, {.directory = "/a:b\\c"}, "dir=/a\\:b\\\\c"},
	{NULL,
	 {.directory = "/d", .frames = 8, .no_children = true, .realloc = "origin"},
	 "dir=/d:frames=8:children=ignore:realloc=origin"},
	{NULL,
	 {.directory = "/d", .threads = true, .blocks = true, .start = "off"},
	 "dir=/d:threads=on:blocks=on:start=off"},
	{"start=off:threads=off:blocks=on",
	 {.directory = "/d", .start = "on"},
	 "dir=/d:start=on:threads=off:blocks=on"},
	{"start=of", {.directory = "/d"}, NULL},
	{"threads=", {.directory = "/d"}, NULL},
	{"block=on", {.directory = "/d"}, NULL},
	{"frames=3:children=ignore", {.directory = "/d"}, "dir=/d:frames=3:children=ignore"},
	{"frames=3:crosscheck=9", {.directory = "/d", .frames = 8}, "dir=/d:frames=8:crosscheck=9"},
	{"dir=/x\\:frames=1:realloc=last", {.directory = "/d"}, "dir=/d:realloc=last"},
	{"out=/tmp/%p::frames=2:", {.directory = "/d"}, "dir=/d:frames=2"},
	{"colour=red", {.directory = "/d"}, NULL},
	{"frames", {.directory = "/d"}, NULL},
	{"frames=", {.directory = "/d"}, NULL},
	{"frames=65536", {.directory = "/d"}, NULL},
	{"frames=1x", {.directory = "/d"}, NULL},
	{"children=some", {.directory = "/d"}, NULL},
	{"realloc=", {.directory = "/d"}, NULL},
};

START_TEST(options)
{
	char *text = NULL, *why = NULL;
	int result = launch_make_options(&option_cases[_i].options, option_cases[_i].inherited,
					 &text, &why);

	if (option_cases[_i].expected != NULL) {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(text, option_cases[_i].expected);
	} else {
		ck_assert_int_eq(result, -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, option_cases[_i].inherited));
	}
	free(text);
	free(why);
}
END_TEST

START_TEST(library_path_without_blanks)
{
	char *path, *again, target[64] = "";

	ck_assert_int_eq(launch_make_library_path("/lib/x.so", "/d", &path), 0);
	ck_assert_str_eq(path, "/lib/x.so");
	free(path);
	ck_assert_int_eq(launch_make_library_path("/a b/x.so", ".", &path), 0);
	ck_assert_int_eq(readlink(path, target, sizeof(target) - 1), 9);
	ck_assert_str_eq(target, "/a b/x.so");
	ck_assert_int_eq(launch_make_library_path("/a b/x.so", ".", &again), 0);
	ck_assert_str_eq(again, path);
	free(again);
	ck_assert_int_eq(launch_make_library_path("/a$LIB/x.so", ".", &again), 0);
	ck_assert_str_ne(again, path);
	free(again);
	free(path);
	ck_assert_int_eq(launch_make_library_path("/a:b/x.so", "/c:d", &path), -EINVAL);
	ck_assert_int_eq(launch_make_library_path("/a:b/x.so", "/c$d", &path), -EINVAL);
}
END_TEST

/* --- programs --- */

/* Run a program; its exit status, as `run` would return it. */
static int
run_program(const char *const *words)
{
	struct launch launch;

	ck_assert_int_eq(launch_prepare(&launch, (char *const *)words, "", "frames=1"), 0);
	ck_assert_int_eq(launch_start(&launch), 0);
	while (launch_wait(&launch, 1000000000) == 0)
		continue;
	launch_release(&launch);
	return launch_get_exit_status(launch.wait_status);
}

static int
run_script(const char *script)
{
	const char *words[] = {"/bin/sh", "-c", script, NULL};

	return run_program(words);
}

/* Whether a line of its own /proc/self/status matches, for a program that we start. */
static int
grep_status(const char *pattern)
{
	const char *words[] = {"grep", "-Eq", pattern, "/proc/self/status", NULL};

	return run_program(words);
}

START_TEST(status_is_passed_on)
{
	ck_assert_int_eq(run_script("exit 0"), 0);
	ck_assert_int_eq(run_script("exit 123"), 123);
	ck_assert_int_eq(run_script("kill -9 $$"), 128 + SIGKILL);
	ck_assert_int_eq(run_script("kill -TERM $$"), 128 + SIGTERM);
}
END_TEST

START_TEST(environment_is_extended)
{
	setenv("HEAPTALLY", "frames=9", 1);
	ck_assert_int_eq(run_script("test \"$HEAPTALLY\" = frames=1"), 0);
	setenv("LD_PRELOAD", "/lib/x86_64-linux-gnu/libc.so.6", 1);
	ck_assert_int_eq(run_script("test \"$LD_PRELOAD\" = :/lib/x86_64-linux-gnu/libc.so.6"), 0);
}
END_TEST

START_TEST(exec_errors_come_back)
{
	char *arguments[] = {(char *)"/no/such/program", NULL};
	struct launch launch;
	sigset_t mask;

	ck_assert_int_eq(launch_prepare(&launch, arguments, "", ""), 0);
	ck_assert_int_eq(launch_start(&launch), -ENOENT);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	ck_assert_int_eq(sigismember(&mask, SIGTERM), 0);
}
END_TEST

START_TEST(signals_are_those_that_we_had)
{
	sigset_t mask;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	/* USR1 and CHLD are ignored; USR2 is blocked, HUP INT QUIT USR1 TERM CHLD are not. */
	ck_assert_int_eq(grep_status("^SigIgn:.*[13579bdf][0-9a-f][2367abef][0-9a-f]{2}$"), 0);
	ck_assert_int_eq(grep_status("^SigBlk:.*[02468ace][012389ab][89cd][0-9a-f][08]$"), 0);
}
END_TEST

START_TEST(signals_are_passed_on)
{
	char *arguments[] = {(char *)"/bin/sh", (char *)"-c",
			     (char *)"trap 'exit 5' USR1; kill -USR1 $PPID; sleep 10 & wait", NULL};
	struct launch launch;

	ck_assert_int_eq(launch_prepare(&launch, arguments, "", ""), 0);
	ck_assert_int_eq(launch_start(&launch), 0);
	while (launch_wait(&launch, 1000000000) == 0)
		continue;
	launch_release(&launch);
	ck_assert_int_eq(launch_get_exit_status(launch.wait_status), 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("launch");
	TCase *tcase = tcase_create("launch");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, missing_and_not_executable);
	tcase_add_test(tcase, path_is_searched_as_exec_does);
	tcase_add_test(tcase, kinds_of_programs);
	tcase_add_test(tcase, scripts_are_followed);
	tcase_add_test(tcase, privileges);
	tcase_add_loop_test(tcase, options, 0, sizeof(option_cases) / sizeof(option_cases[0]));
	tcase_add_test(tcase, library_path_without_blanks);
	tcase_add_test(tcase, status_is_passed_on);
	tcase_add_test(tcase, environment_is_extended);
	tcase_add_test(tcase, exec_errors_come_back);
	tcase_add_test(tcase, signals_are_those_that_we_had);
	tcase_add_test(tcase, signals_are_passed_on);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
