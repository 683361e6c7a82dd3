/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_collect.c - the recordings of a run become profiles, each once, and leave the directory
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/profile.h"
#include "recording_generator.h"
#include "run/collect.h"
#include "run/spool.h"
#include "scratch.h"

/* A process id that no process has. */
enum {
	GONE = 4194304 - 1,
	MAIN = GONE - 1
};

static struct collector *collector;

static void
enter(void)
{
	scratch_enter();
	ck_assert_int_eq(mkdir("run", 0700), 0);
	ck_assert_int_eq(collector_new("run", ".", MAIN, &collector), 0);
}

static void
leave(void)
{
	collector_free(collector);
	scratch_leave();
}

static void
write_recording(const char *path, uint32_t pid)
{
	struct generated *generated = generated_new();

	generated->header.pid = pid;
	generated_write(generated, path);
	free(generated);
}

static int
lock_recording(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

static size_t
count_files(void)
{
	DIR *entries = opendir("run");
	size_t count = 0;

	for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(entries);
	return count;
}

/* The ids of the profiles that come out, added up, and how many they are. */
static uint64_t
add_up_profiles(size_t *ret_count)
{
	struct profile *profile;
	uint64_t sum = 0;
	int result;

	*ret_count = 0;
	while ((result = spool_next(collector_get_spool(collector), &profile)) == 1) {
		sum += profile->pid;
		++*ret_count;
		profile_free(profile);
	}
	ck_assert_int_eq(result, 0);
	return sum;
}

START_TEST(an_empty_run_has_no_profile)
{
	size_t count;

	ck_assert_int_eq(collector_finish(collector, 0), 0);
	ck_assert_uint_eq(add_up_profiles(&count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(collector_get_left(collector), 0);
}
END_TEST

START_TEST(what_ended_is_taken_in_at_the_next_look)
{
	size_t count;

	write_recording("run/a.1.0.recording", GONE);
	write_recording("run/b.2.0.recording", GONE - 2);
	collector_tick(collector, false);
	ck_assert_uint_eq(count_files(), 0);
	ck_assert_int_eq(collector_finish(collector, 0), 0);
	ck_assert_uint_eq(add_up_profiles(&count), 2u * GONE - 2);
	ck_assert_uint_eq(count, 2);
	/* And once more from the first. */
	ck_assert_int_eq(spool_rewind(collector_get_spool(collector)), 0);
	ck_assert_uint_eq(add_up_profiles(&count), 2u * GONE - 2);
}
END_TEST

START_TEST(the_status_is_that_of_the_main_process)
{
	struct profile *profile;
	int seen = 0;

	write_recording("run/a.1.0.recording", GONE);
	write_recording("run/b.2.0.recording", MAIN);
	ck_assert_int_eq(collector_finish(collector, 3 << 8), 0);
	while (spool_next(collector_get_spool(collector), &profile) == 1) {
		ck_assert_int_eq(profile->has_wait_status, profile->pid == MAIN);
		if (profile->pid == MAIN)
			ck_assert_int_eq(profile->wait_status, 3 << 8);
		seen++;
		profile_free(profile);
	}
	ck_assert_int_eq(seen, 2);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(what_lives_keeps_its_file)
{
	size_t count;
	int fd;

	write_recording("run/a.1.0.recording", GONE);
	fd = lock_recording("run/a.1.0.recording");
	collector_tick(collector, true);
	collector_tick(collector, true);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(collector_finish(collector, 0), 0);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_uint_eq(collector_get_left(collector), 1);
	add_up_profiles(&count);
	ck_assert_uint_eq(count, 1);
	close(fd);
}
END_TEST

/* Ours, with so much memory of the runtime in it. */
static uint64_t
sample_anonymous(const char *path, uint64_t tracer_bytes)
{
	struct generated *generated = generated_new();
	struct profile *profile;
	uint64_t bytes;
	int fd;

	generated->header.pid = (uint32_t)getpid();
	generated->header.tracer_bytes = tracer_bytes;
	generated_write(generated, path);
	free(generated);
	fd = lock_recording(path);
	collector_tick(collector, true);
	collector_finish(collector, 0);
	ck_assert_int_eq(spool_next(collector_get_spool(collector), &profile), 1);
	ck_assert_uint_ne(profile->samples[0].rss_bytes, 0);
	bytes = profile->anonymous_bytes;
	ck_assert_uint_eq(profile->anonymous_last_bytes, bytes);
	profile_free(profile);
	close(fd);
	return bytes;
}

START_TEST(memory_of_the_runtime_is_not_the_program_s)
{
	ck_assert_uint_ne(sample_anonymous("run/a.1.0.recording", 0), 0);
	leave();
	enter();
	ck_assert_uint_eq(sample_anonymous("run/a.1.0.recording", (uint64_t)1 << 40), 0);
}
END_TEST

START_TEST(a_damaged_file_is_left_and_the_others_are_good)
{
	struct generated *generated = generated_new();
	size_t count;

	generated_write_part(generated, "run/cut.1.0.recording", 100);
	free(generated);
	write_recording("run/b.2.0.recording", GONE);
	collector_tick(collector, false);
	collector_finish(collector, 0);
	ck_assert_uint_eq(add_up_profiles(&count), GONE);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(access("run/cut.1.0.recording", F_OK), 0);
}
END_TEST

START_TEST(other_files_are_not_touched)
{
	int fd = open("run/notes.txt", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t count;

	close(fd);
	collector_tick(collector, false);
	ck_assert_int_eq(collector_finish(collector, 0), 0);
	add_up_profiles(&count);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(access("run/notes.txt", F_OK), 0);
	ck_assert_uint_eq(collector_get_left(collector), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("collect");
	TCase *cases = tcase_create("collect");

	tcase_add_checked_fixture(cases, enter, leave);
	tcase_add_test(cases, an_empty_run_has_no_profile);
	tcase_add_test(cases, what_ended_is_taken_in_at_the_next_look);
	tcase_add_test(cases, the_status_is_that_of_the_main_process);
	tcase_add_test(cases, what_lives_keeps_its_file);
	tcase_add_test(cases, memory_of_the_runtime_is_not_the_program_s);
	tcase_add_test(cases, a_damaged_file_is_left_and_the_others_are_good);
	tcase_add_test(cases, other_files_are_not_touched);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
