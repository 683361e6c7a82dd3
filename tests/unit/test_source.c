/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_source.c - recordings are found where they live, and operands name what they should
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/locate.h"
#include "read/operand.h"
#include "read/source_file.h"
#include "recording_generator.h"
#include "scratch.h"
#include "read/source.h"
#include "read/tally.h"
#include "util/output.h"
#include "util/xalloc.h"

static char *runtime_directory;

/* The test's directory is XDG_RUNTIME_DIR; what other places hold is not ours to look at. */
static void
enter(void)
{
	scratch_enter();
	runtime_directory = getcwd(NULL, 0);
	setenv("XDG_RUNTIME_DIR", runtime_directory, 1);
	ck_assert_int_eq(mkdir("heaptally", 0700), 0);
}

static void
leave(void)
{
	free(runtime_directory);
	scratch_leave();
}

/* A recording of process pid that started `start` seconds after the others. */
static void
write_recording(const char *path, uint32_t pid, unsigned start)
{
	struct generated *generated = generated_new();

	generated->header.pid = pid;
	generated->header.start_realtime_ns += start * 1000000000u;
	generated_write(generated, path);
	free(generated);
}

/* How many of the recordings that are found are below this test's directory. */
static size_t
count_found(void)
{
	struct recording_list list;
	size_t count = 0;

	locate_all(&list);
	for (size_t i = 0; i < list.count; i++)
		count += strncmp(list.files[i].path, runtime_directory,
				 strlen(runtime_directory)) == 0;
	recording_list_release(&list);
	return count;
}

START_TEST(locate_finds_recordings_and_runs)
{
	ck_assert_uint_eq(count_found(), 0);
	write_recording("heaptally/a.1.0.recording", 1, 0);
	write_recording("heaptally/a.1.0.other", 1, 0);
	ck_assert_int_eq(mkdir("heaptally/run.123456", 0700), 0);
	write_recording("heaptally/run.123456/b.2.0.recording", 2, 0);
	ck_assert_int_eq(mkdir("heaptally/else", 0700), 0);
	write_recording("heaptally/else/c.3.0.recording", 3, 0);
	ck_assert_uint_eq(count_found(), 2);
}
END_TEST

START_TEST(locate_trusts_no_links_and_no_open_directories)
{
	write_recording("a.recording", 1, 0);
	ck_assert_int_eq(symlink("../a.recording", "heaptally/a.recording"), 0);
	ck_assert_uint_eq(count_found(), 0);
	write_recording("heaptally/b.recording", 1, 0);
	ck_assert_uint_eq(count_found(), 1);
	ck_assert_int_eq(chmod("heaptally", 0755), 0);
	ck_assert_uint_eq(count_found(), 0);
	ck_assert_int_eq(chmod("heaptally", 0700), 0);
	ck_assert_int_eq(rename("heaptally", "real"), 0);
	ck_assert_int_eq(symlink("real", "heaptally"), 0);
	ck_assert_uint_eq(count_found(), 0);
}
END_TEST

START_TEST(locate_leaves_out_damaged_files)
{
	struct generated *generated = generated_new();

	generated_write_part(generated, "heaptally/cut.recording", 100);
	generated_write_part(generated, "heaptally/empty.recording", 0);
	ck_assert_int_eq(mkfifo("heaptally/fifo.recording", 0600), 0);
	ck_assert_uint_eq(count_found(), 0);
	free(generated);
}
END_TEST

/* A process id that no process has. */
enum {
	GONE = 4194304 - 1
};

static void
lock_recording(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
}

START_TEST(locate_prefers_the_living_then_the_last)
{
	char *path;

	ck_assert_int_eq(locate_process(GONE, &path), -ENOENT);
	write_recording("heaptally/a.recording", GONE, 1);
	write_recording("heaptally/b.recording", GONE, 3);
	write_recording("heaptally/c.recording", GONE, 2);
	ck_assert_int_eq(locate_process(GONE, &path), 0);
	ck_assert_ptr_nonnull(strstr(path, "/b.recording"));
	free(path);
	lock_recording("heaptally/a.recording");
	ck_assert_int_eq(locate_process(GONE, &path), 0);
	ck_assert_ptr_nonnull(strstr(path, "/a.recording"));
	free(path);
}
END_TEST

START_TEST(locate_makes_private_directories)
{
	struct stat status;
	int lock = -1;
	char *path;

	ck_assert_int_eq(rmdir("heaptally"), 0);
	ck_assert_int_eq(locate_make_run_directory(&path, &lock), 0);
	close(lock);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_ptr_nonnull(strstr(path, "/run."));
	ck_assert_int_eq(rmdir(path), 0);
	free(path);
}
END_TEST

/* --- operands --- */

static int
read_source(const char *operand, const char *process, const char *moment, struct source *source,
	    char **why)
{
	struct source_request request = {.operand = operand, .process = process, .moment = moment};

	*why = NULL;
	return source_read(&request, source, why);
}

static void
expect_failure(const char *operand, const char *process, const char *moment, int error,
	       const char *words)
{
	struct source source;
	char *why;

	ck_assert_int_eq(read_source(operand, process, moment, &source, &why), error);
	ck_assert_msg(why != NULL && strstr(why, words) != NULL, "\"%s\" does not say \"%s\"", why,
		      words);
	ck_assert_ptr_null(strchr(why, '\n'));
	free(why);
}

/* A tally with the processes "small" (pid 1) and "large" (pid 2), each with two moments. */
static void
write_tally(const char *path)
{
	struct tally_writer *writer;
	const struct output_rule rule = {.force = true};
	struct output file;
	char *why;

	ck_assert_int_eq(output_begin(path, &rule, &file, &why), 0);
	writer = tally_writer_new(file.fd);
	for (uint32_t pid = 1; pid <= 2; pid++) {
		struct generated *generated = generated_new();
		struct snapshot *snapshot;

		generated->header.pid = pid;
		generated->counters[0][3].peak_bytes = 10000 * pid;
		strcpy(generated->header.command, pid == 1 ? "small" : "large");
		generated_write(generated, "recording");
		ck_assert_int_eq(snapshot_open("recording", 0, &snapshot), 0);
		ck_assert_int_eq(snapshot_update(snapshot, "first"), 0);
		ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
		ck_assert_int_eq(tally_writer_insert(writer, snapshot_get_profile(snapshot)), 0);
		snapshot_free(snapshot);
		free(generated);
	}
	ck_assert_int_eq(tally_writer_finish(writer), 0);
	tally_writer_free(writer);
	ck_assert_int_eq(output_commit(&file), 0);
}

static void
expect_process(const char *operand, const char *process, uint32_t pid)
{
	struct source source;
	char *why;

	ck_assert_int_eq(read_source(operand, process, NULL, &source, &why), 0);
	ck_assert_uint_eq(source.profile->pid, pid);
	ck_assert_uint_eq(source.processes.all.count, 2);
	ck_assert(source.chosen == pid - 1);
	source_release(&source);
}

START_TEST(process_of_a_tally)
{
	write_tally("a.tally");
	expect_process("a.tally", NULL, 2);
	expect_process("a.tally", "1", 1);
	expect_process("a.tally", "small", 1);
	expect_process("a.tally", "large", 2);
	expect_failure("a.tally", "other", NULL, -ENOENT, "small (1), large (2)");
}
END_TEST

static void
expect_moment(const char *operand, const char *moment, uint32_t index, bool peak)
{
	struct source source;
	char *why;

	ck_assert_int_eq(read_source(operand, NULL, moment, &source, &why), 0);
	ck_assert_ptr_eq(source.at.moment, &source.profile->moments[index]);
	ck_assert(source.at.peak == peak);
	source_release(&source);
}

START_TEST(moment_of_an_operand)
{
	write_tally("a.tally");
	expect_moment("a.tally", NULL, 1, true);
	expect_moment("a.tally", "snap:1", 0, false);
	expect_moment("a.tally@peak", "snap:1", 1, true);
	expect_moment("a.tally@mark:first", NULL, 0, false);
	expect_failure("a.tally@snap:3", NULL, NULL, -ENOENT, "snap:3");
	expect_failure("a.tally@never", NULL, NULL, -EINVAL, "never");
	expect_failure("a.tally", NULL, "never", -EINVAL, "never");
	ck_assert_int_eq(rename("a.tally", "a@peak"), 0);
	expect_moment("a@peak", NULL, 1, true);
	expect_moment("a@peak@snap:1", NULL, 0, false);
}
END_TEST

/* As many marks as there are labels. */
static void
write_marks(const char *path, const char *const *labels, size_t count)
{
	struct generated *generated = generated_new();
	struct recording_extent *extent = &generated->header.sections[SECTION_MARKS];

	ck_assert_uint_le(count * sizeof(struct recording_mark), sizeof(generated->marks_page));
	extent->count = extent->capacity = count;
	for (size_t i = 0; i < count; i++) {
		struct recording_mark mark = generated->marks[0];

		strcpy(mark.label, labels[i]);
		memcpy(generated->marks_page + i * sizeof(mark), &mark, sizeof(mark));
	}
	generated_write(generated, path);
	free(generated);
}

START_TEST(marks_that_there_are_instead)
{
	static const char *const labels[] = {"a", "b", "a", "c", "d", "b", "e", "f", "a", "g"};

	write_marks("many", labels, 10);
	expect_failure("many@mark:x", NULL, NULL, -ENOENT,
		       "no moment mark:x in it; there is mark:a, mark:b, mark:c, mark:d, mark:e "
		       "and 2 more");
	write_marks("few", labels, 4);
	expect_failure("few@mark:x", NULL, NULL, -ENOENT, "; there is mark:a, mark:b, mark:c");
	write_marks("none", NULL, 0);
	expect_failure("none@mark:x", NULL, NULL, -ENOENT, "; it has no marks");
	expect_failure("none@snap:9", NULL, NULL, -ENOENT, "the last is snap:1");
}
END_TEST

START_TEST(no_operand_is_the_newest_tally)
{
	const struct timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
	struct source source;
	char *why;

	expect_failure(NULL, NULL, NULL, -ENOENT, "tally");
	write_tally("new.tally");
	write_tally("old.tally");
	ck_assert_int_eq(utimensat(AT_FDCWD, "old.tally", times, 0), 0);
	ck_assert_int_eq(mkdir("later.tally", 0700), 0);
	ck_assert_int_eq(read_source(NULL, NULL, NULL, &source, &why), 0);
	ck_assert_str_eq(source.name, "new.tally");
	source_release(&source);
}
END_TEST

START_TEST(process_ids)
{
	char operand[32];
	struct source source;
	char *why;

	snprintf(operand, sizeof(operand), "%d", GONE);
	expect_failure(operand, NULL, NULL, -ENOENT, operand);
	write_recording("heaptally/a.recording", GONE, 0);
	ck_assert_int_eq(read_source(operand, NULL, NULL, &source, &why), 0);
	ck_assert_uint_eq(source.profile->pid, GONE);
	ck_assert(!source.is_live);
	source_release(&source);
	lock_recording("heaptally/a.recording");
	snprintf(operand, sizeof(operand), "%d@now", GONE);
	ck_assert_int_eq(read_source(operand, NULL, NULL, &source, &why), 0);
	ck_assert(source.is_live);
	source_release(&source);
}
END_TEST

START_TEST(a_file_comes_before_a_process_of_its_name)
{
	char operand[32], *path, *why;
	struct source source;

	write_recording("heaptally/a.recording", GONE, 0);
	snprintf(operand, sizeof(operand), "%d", GONE);
	ck_assert_int_eq(mkdir(operand, 0700), 0);
	ck_assert_int_eq(operand_find_file(operand, &path, &why), 0);
	ck_assert_ptr_nonnull(strstr(path, "/a.recording"));
	free(path);
	ck_assert_int_eq(rmdir(operand), 0);
	write_tally(operand);
	expect_process(operand, "small", 1);
	ck_assert_int_eq(operand_find_file(operand, &path, &why), 0);
	ck_assert_str_eq(path, operand);
	free(path);
	strcat(operand, "@snap:1");
	ck_assert_int_eq(read_source(operand, NULL, NULL, &source, &why), 0);
	ck_assert_ptr_eq(source.at.moment, &source.profile->moments[0]);
	ck_assert_uint_eq(source.processes.all.count, 2);
	source_release(&source);
}
END_TEST

START_TEST(files_of_other_kinds)
{
	ck_assert_int_eq(mkdir("directory", 0700), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	expect_failure("missing.tally", NULL, NULL, -ENOENT, "missing.tally");
	expect_failure("directory", NULL, NULL, -EISDIR, "directory");
	expect_failure("fifo", NULL, NULL, -EBADMSG, "fifo");
	scratch_device("null", 3);
	expect_failure("null", NULL, NULL, -EBADMSG, "null");
	write_recording("foreign", 1, 0);
	ck_assert_int_eq(truncate("foreign", 20), 0);
	expect_failure("foreign", NULL, NULL, -EBADMSG, "foreign");
	ck_assert_int_eq(truncate("foreign", 0), 0);
	expect_failure("foreign", NULL, NULL, -ENOMSG, "foreign: the file is empty");
	ck_assert(!source_file_is_tally("foreign"));
	ck_assert(!source_file_is_tally("missing.tally"));
	write_tally("cut.tally");
	ck_assert_int_eq(truncate("cut.tally", 300), 0);
	expect_failure("cut.tally", NULL, NULL, -ENODATA, "cut");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("source");
	TCase *tcase = tcase_create("source");

	tcase_add_checked_fixture(tcase, enter, leave);
	tcase_add_test(tcase, locate_finds_recordings_and_runs);
	tcase_add_test(tcase, locate_trusts_no_links_and_no_open_directories);
	tcase_add_test(tcase, locate_leaves_out_damaged_files);
	tcase_add_test(tcase, locate_prefers_the_living_then_the_last);
	tcase_add_test(tcase, locate_makes_private_directories);
	tcase_add_test(tcase, process_of_a_tally);
	tcase_add_test(tcase, moment_of_an_operand);
	tcase_add_test(tcase, marks_that_there_are_instead);
	tcase_add_test(tcase, no_operand_is_the_newest_tally);
	tcase_add_test(tcase, process_ids);
	tcase_add_test(tcase, a_file_comes_before_a_process_of_its_name);
	tcase_add_test(tcase, files_of_other_kinds);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
