/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_exec_reader.c - the ring of notes, as programs write it and as none does
 */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exec_log.h"
#include "run/exec_reader.h"
#include "scratch.h"

static struct exec_log *
map_log(void)
{
	int fd = open(EXEC_LOG_NAME, O_RDWR | O_CLOEXEC);
	struct exec_log *log;

	ck_assert_int_ge(fd, 0);
	log = mmap(NULL, sizeof(*log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert(log != MAP_FAILED);
	close(fd);
	return log;
}

static struct exec_log *
make(struct exec_reader **ret_reader)
{
	ck_assert_int_eq(exec_reader_make_file("."), 0);
	ck_assert_int_eq(exec_reader_new(".", ret_reader), 0);
	return map_log();
}

static void
write_note(struct exec_log *log, uint64_t serial)
{
	struct exec_log_slot *slot = &log->slots[(serial - 1) % EXEC_LOG_SLOTS];

	*slot = (struct exec_log_slot){.serial = serial, .pid = (uint32_t)serial};
	snprintf(slot->path, sizeof(slot->path), "/bin/%u", slot->pid);
	log->count = serial;
}

static void
expect(struct exec_reader *reader, uint32_t first, uint32_t last)
{
	struct exec_note note;
	char path[32];

	for (uint32_t pid = first; pid <= last; pid++) {
		ck_assert(exec_reader_next(reader, &note));
		ck_assert_uint_eq(note.pid, pid);
		snprintf(path, sizeof(path), "/bin/%u", pid);
		ck_assert_str_eq(note.path, path);
	}
	ck_assert(!exec_reader_next(reader, &note));
}

START_TEST(notes_come_in_order_and_once)
{
	struct exec_reader *reader;
	struct exec_log *log = make(&reader);

	expect(reader, 1, 0);
	for (uint64_t i = 1; i <= 5; i++)
		write_note(log, i);
	expect(reader, 1, 5);
	for (uint64_t i = 6; i <= 3 * EXEC_LOG_SLOTS; i++)
		write_note(log, i);
	/* The oldest are overwritten. */
	expect(reader, 2 * EXEC_LOG_SLOTS + 1, 3 * EXEC_LOG_SLOTS);
	exec_reader_free(reader);
	munmap(log, sizeof(*log));
}
END_TEST

START_TEST(a_note_that_is_never_complete_is_passed_over)
{
	struct exec_reader *reader;
	struct exec_log *log = make(&reader);
	struct exec_note note;

	write_note(log, 1);
	write_note(log, 2);
	log->slots[0].serial = 0;
	write_note(log, 3);
	expect(reader, 2, 3);
	log->count = 4;
	ck_assert(!exec_reader_next(reader, &note));
	write_note(log, 4);
	expect(reader, 4, 4);
	exec_reader_free(reader);
	munmap(log, sizeof(*log));
}
END_TEST

/* Every byte is a program's. Each call ends, and reads nothing that is not there. */
START_TEST(any_bytes_and_a_file_that_shrinks)
{
	struct exec_reader *reader;
	struct exec_log *log = make(&reader);
	struct exec_note note;

	memset(log, 0xff, sizeof(*log));
	for (int i = 0; i < 5; i++)
		ck_assert(!exec_reader_next(reader, &note));
	memset(log, 0, sizeof(*log));
	log->count = UINT64_MAX - 1;
	for (int i = 0; i < 5; i++)
		ck_assert(!exec_reader_next(reader, &note));
	munmap(log, sizeof(*log));
	for (off_t length = sizeof(*log) - 1; length > 0; length /= 3) {
		ck_assert_int_eq(truncate(EXEC_LOG_NAME, length), 0);
		ck_assert(!exec_reader_next(reader, &note));
	}
	exec_reader_free(reader);
	ck_assert_int_ne(exec_reader_new(".", &reader), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exec_reader");
	TCase *cases = tcase_create("exec_reader");

	tcase_add_checked_fixture(cases, scratch_enter, scratch_leave);
	tcase_add_test(cases, notes_come_in_order_and_once);
	tcase_add_test(cases, a_note_that_is_never_complete_is_passed_over);
	tcase_add_test(cases, any_bytes_and_a_file_that_shrinks);
	suite_add_tcase(suite, cases);
	return scratch_run(suite);
}
