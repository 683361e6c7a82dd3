/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_tally_format.c - the numbers in snapshot files are those of the releases that wrote them
 *
 * Nothing here may ever change: a file that a release has written is read for ever. A line may be
 * added for a number that is new.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "model/profile.h"
#include "model/trouble.h"
#include "scratch.h"
#include "read/tally.h"
#include "read/tally_format.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(states)
{
	static const struct {
		enum profile_state state;
		uint32_t number;
	} pins[] = {{PROFILE_RUNNING, 0}, {PROFILE_EXITED, 1}, {PROFILE_ENDED, 2}};
	enum profile_state state = PROFILE_RUNNING;

	for (size_t i = 0; i < COUNT(pins); i++) {
		ck_assert_uint_eq(tally_format_state(pins[i].state), pins[i].number);
		ck_assert(tally_parse_state(pins[i].number, &state));
		ck_assert_int_eq(state, pins[i].state);
	}
	ck_assert(!tally_parse_state(COUNT(pins), &state));
	ck_assert(!tally_parse_state((uint64_t)1 << 32, &state));
}
END_TEST

START_TEST(frame_kinds)
{
	static const struct {
		enum profile_frame_kind kind;
		uint32_t number;
	} pins[] = {
		{PROFILE_FRAME_ALLOCATOR, 0}, {PROFILE_FRAME_CODE, 1},
		{PROFILE_FRAME_ADDRESS, 2},   {PROFILE_FRAME_CUT, 3},
		{PROFILE_FRAME_THREAD, 4},    {PROFILE_FRAME_TRUNCATED, 5},
		{PROFILE_FRAME_UNKNOWN, 6},   {PROFILE_FRAME_NESTED, 7},
		{PROFILE_FRAME_PYTHON, 8},
	};
	enum profile_frame_kind kind = PROFILE_FRAME_CODE;

	for (size_t i = 0; i < COUNT(pins); i++) {
		ck_assert_uint_eq(tally_format_frame_kind(pins[i].kind), pins[i].number);
		ck_assert(tally_parse_frame_kind(pins[i].number, &kind));
		ck_assert_int_eq(kind, pins[i].kind);
	}
	ck_assert(!tally_parse_frame_kind(COUNT(pins), &kind));
	ck_assert(!tally_parse_frame_kind(UINT64_MAX, &kind));
}
END_TEST

START_TEST(marks_and_pauses)
{
	static const struct {
		enum profile_mark_kind kind;
		uint32_t number;
	} marks[] = {
		{PROFILE_MARK_CLEAR, 1}, {PROFILE_MARK_RESET_PEAK, 2}, {PROFILE_MARK_LABEL, 3},
		{PROFILE_MARK_PAUSE, 4}, {PROFILE_MARK_RESUME, 5},     {PROFILE_MARK_STOP, 6},
	};
	static const struct {
		enum profile_pause pause;
		uint32_t number;
	} pauses[] = {{PROFILE_GOES_ON, 0}, {PROFILE_PAUSED, 1}, {PROFILE_STOPPED, 2}};
	enum profile_mark_kind kind = PROFILE_MARK_CLEAR;
	enum profile_pause pause = PROFILE_GOES_ON;

	for (size_t i = 0; i < COUNT(marks); i++) {
		ck_assert_uint_eq(tally_format_mark_kind(marks[i].kind), marks[i].number);
		ck_assert(tally_parse_mark_kind(marks[i].number, &kind));
		ck_assert_int_eq(kind, marks[i].kind);
	}
	ck_assert(!tally_parse_mark_kind(0, &kind));
	ck_assert(!tally_parse_mark_kind(7, &kind));
	for (size_t i = 0; i < COUNT(pauses); i++) {
		ck_assert_uint_eq(tally_format_pause(pauses[i].pause), pauses[i].number);
		ck_assert(tally_parse_pause(pauses[i].number, &pause));
		ck_assert_int_eq(pause, pauses[i].pause);
	}
	ck_assert(!tally_parse_pause(3, &pause));
}
END_TEST

START_TEST(troubles)
{
	static const struct {
		uint32_t trouble;
		unsigned bit;
	} pins[] = {
		{PROFILE_TROUBLE_NO_UNWINDER, 0},     {PROFILE_TROUBLE_FULL, 1},
		{PROFILE_TROUBLE_NODES_FULL, 2},      {PROFILE_TROUBLE_FOREIGN_MALLOC, 3},
		{PROFILE_TROUBLE_BAD_OPTION, 4},      {PROFILE_TROUBLE_NO_BLOCK_TABLE, 5},
		{PROFILE_TROUBLE_UNWINDER_FORKED, 6}, {PROFILE_TROUBLE_LIMITED, 7},
		{PROFILE_TROUBLE_NOTHING_SEEN, 8},    {PROFILE_TROUBLE_UNLOCKED, 9},
		{PROFILE_TROUBLE_OWN_NEW, 10},        {PROFILE_TROUBLE_NEWER, 11},
		{PROFILE_TROUBLE_OUT_REFUSED, 12},    {PROFILE_TROUBLE_EARLY, 13},
		{PROFILE_TROUBLE_PYTHON_VERSION, 14}, {PROFILE_TROUBLE_PYTHON_THREADED, 15},
		{PROFILE_TROUBLE_PYTHON_STRANGE, 16}, {PROFILE_TROUBLE_PYTHON_OTHER, 17},
		{PROFILE_TROUBLE_PYTHON_FULL, 18},    {PROFILE_TROUBLE_PYTHON_OLD, 19},
		{PROFILE_TROUBLE_PYTHON_TRACED, 20},
	};

	ck_assert_uint_eq(COUNT(pins), PROFILE_TROUBLE_COUNT);
	for (size_t i = 0; i < COUNT(pins); i++) {
		ck_assert_uint_eq(tally_format_troubles(pins[i].trouble), 1u << pins[i].bit);
		ck_assert_uint_eq(tally_parse_troubles((uint64_t)1 << pins[i].bit),
				  pins[i].trouble);
	}
	for (unsigned bit = COUNT(pins); bit < 64; bit++)
		ck_assert_uint_eq(tally_parse_troubles((uint64_t)1 << bit | 1),
				  PROFILE_TROUBLE_NO_UNWINDER | PROFILE_TROUBLE_NEWER);
	ck_assert_ptr_nonnull(
		strstr(trouble_get_sentence(PROFILE_TROUBLE_NEWER, 0), "newer heaptally"));
}
END_TEST

START_TEST(other_numbers)
{
	static const uint32_t tags[] = {
		TALLY_PROCESS, TALLY_STRINGS, TALLY_MODULES,   TALLY_LOCATIONS,   TALLY_FRAMES,
		TALLY_NODES,   TALLY_SITES,   TALLY_MOMENT,    TALLY_VALUES,      TALLY_SAMPLES,
		TALLY_MARKS,   TALLY_PAUSE,   TALLY_BLOCKS,    TALLY_BLOCKS_INFO, TALLY_LIFETIMES,
		TALLY_FILES,   TALLY_UNSEEN,  TALLY_ARGUMENTS, TALLY_RESIDENT,    TALLY_PYTHON,
		TALLY_PARTS,   TALLY_MAPPED,  TALLY_SYMBOLS,   TALLY_DONE,        TALLY_END,
	};
	struct profile_frame pool = {.kind = PROFILE_FRAME_ALLOCATOR, .offset = PROFILE_POOL + 5};
	struct profile_frame code = {.kind = PROFILE_FRAME_CODE, .offset = UINT64_MAX};

	ck_assert_int_eq(memcmp(tags,
				"PROCSTRSMODSLOCSFRMSNODESITEMOMTMOMVSMPL"
				"mARKpAUSbLKSbLKIlIFEfILEuNSNaRGSrESIpYTHrPRTrMAPsYMBDONEENDS",
				sizeof(tags)),
			 0);
	ck_assert_int_eq(TALLY_TOTAL_BYTES, 0);
	ck_assert_int_eq(TALLY_TOTAL_BLOCKS, 1);
	ck_assert_int_eq(TALLY_FREED_BYTES, 2);
	ck_assert_int_eq(TALLY_FREED_BLOCKS, 3);
	ck_assert_int_eq(TALLY_TEMPORARY_BLOCKS, 4);
	ck_assert_int_eq(TALLY_ROUNDING_BYTES, 5);
	ck_assert_int_eq(TALLY_PEAK_BYTES, 6);
	ck_assert_int_eq(TALLY_PEAK_BLOCKS, 7);
	ck_assert_int_eq(TALLY_LIVE_BYTES, 8);
	ck_assert_int_eq(TALLY_LIVE_BLOCKS, 9);
	ck_assert_int_eq(TALLY_MODULE_UNLOADED, 1);
	ck_assert_int_eq(TALLY_MODULE_MAIN, 2);
	ck_assert_int_eq(TALLY_NO, 0);
	ck_assert_int_eq(TALLY_YES, 1);
	ck_assert_int_eq(TALLY_TIME_SHIFT, 10);
	ck_assert_int_eq(TALLY_BUCKETS, 47);
	ck_assert_uint_eq(tally_format_offset(&pool), ((uint64_t)1 << 32) + 5);
	ck_assert_uint_eq(tally_parse_offset(pool.kind, ((uint64_t)1 << 32) + 5), pool.offset);
	ck_assert_uint_eq(tally_format_offset(&code), UINT64_MAX);
	ck_assert_uint_eq(tally_parse_offset(code.kind, UINT64_MAX), UINT64_MAX);
}
END_TEST

/* --- a whole file --- */

static const char title[] = "heaptally tally 1\n";
static uint8_t plain[4096];
static size_t plain_length;

static void
add_chunk(const char *tag, const char *payload, uint32_t length)
{
	memcpy(plain + plain_length, tag, 4);
	memcpy(plain + plain_length + 4, &length, 4);
	memcpy(plain + plain_length + 8, payload, length);
	plain_length += 8 + length;
}

/* Reads what was added; the result for the first profile. */
static int
read_plain(struct profile **ret_profile)
{
	uint8_t packed[8192];
	struct tally_reader *reader;
	size_t length = ZSTD_compress(packed, sizeof(packed), plain, plain_length, 1);
	int fd = open("a.tally", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result;

	ck_assert(!ZSTD_isError(length));
	ck_assert_int_eq(write(fd, packed, length), (ssize_t)length);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(tally_reader_new(fd, &reader), 0);
	result = tally_reader_next(reader, ret_profile);
	tally_reader_free(reader);
	close(fd);
	return result;
}

/* The bytes of a process with one of everything that has a number, and where these are. */
static struct {
	size_t module_flags, file, frame_kind, mark_kind, pause, mask, realloc, state, has_wait,
		symbolized;
} place;

static void
build(void)
{
	memcpy(plain, title, sizeof(title) - 1);
	plain_length = sizeof(title) - 1;
	add_chunk("PROC", "\x07\x01\0\0\0\0\0\0\1", 9);
	place.realloc = plain_length - 1;
	add_chunk("STRS", "\x06malloc", 7);
	add_chunk("MODS", "\1\2\0\0\0\0", 6);
	place.module_flags = plain_length - 5;
	add_chunk("fILE", "\0\1\0\0\0\0\2", 7);
	place.file = plain_length - 6;
	add_chunk("LOCS", "", 0);
	add_chunk("FRMS", "\0\0\1\0\1", 5);
	place.frame_kind = plain_length - 5;
	add_chunk("NODE", "\0\0", 2);
	add_chunk("SITE", "\0", 1);
	add_chunk("MOMT", "\0\0\0\1", 4);
	add_chunk("MOMV", "\0\1\x14", 3);
	place.mask = plain_length - 2;
	add_chunk("SMPL", "", 0);
	add_chunk("mARK", "\6\1x\0\0\0", 6);
	place.mark_kind = plain_length - 6;
	add_chunk("pAUS", "\2", 1);
	place.pause = plain_length - 1;
	add_chunk("DONE",
		  "\1\0\1\1\1\1\0"
		  "\2\1\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		  27);
	place.state = plain_length - 20;
	place.has_wait = plain_length - 19;
	place.symbolized = plain_length - 16;
	add_chunk("ENDS", "\1", 1);
}

START_TEST(bytes_of_a_file)
{
	struct profile *profile;

	build();
	ck_assert_int_eq(read_plain(&profile), 1);
	ck_assert(profile->realloc_origin && profile->has_wait_status && profile->symbolized);
	ck_assert_int_eq(profile->state, PROFILE_ENDED);
	ck_assert_int_eq(profile->pause, PROFILE_STOPPED);
	ck_assert_int_eq(profile->marks[0].kind, PROFILE_MARK_STOP);
	ck_assert(profile->modules[0].is_main && !profile->modules[0].unloaded);
	ck_assert_int_eq(profile->modules[0].file, PROFILE_FILE_CHANGED);
	ck_assert_uint_eq(profile->modules[0].seen_ns, 2);
	ck_assert_int_eq(profile->frames[0].kind, PROFILE_FRAME_ALLOCATOR);
	ck_assert_uint_eq(profile->moments[0].values[0].total_bytes, 10);
	profile_free(profile);
}
END_TEST

/* Each number by itself becomes one that no version has written so far. */
START_TEST(unknown_numbers_are_newer)
{
	const struct {
		size_t place;
		uint8_t number;
	} unknown[] = {
		{place.module_flags, 4}, {place.frame_kind, 9}, {place.mark_kind, 7},
		{place.mark_kind, 0},    {place.pause, 3},      {place.realloc, 2},
		{place.state, 3},        {place.has_wait, 2},   {place.symbolized, 2},
		{place.file, 3},
	};
	struct profile *profile;

	for (size_t i = 0; i < COUNT(unknown); i++) {
		build();
		plain[unknown[i].place] = unknown[i].number;
		ck_assert_msg(read_plain(&profile) == -EPROTO, "number %zu", i);
	}
}
END_TEST

/* Of the mask that says which values follow: beyond one byte. */
START_TEST(unknown_values_are_newer)
{
	struct profile *profile;

	build();
	plain_length = place.mask - 1 - 8;
	add_chunk("MOMV", "\0\x80\x08\x14", 4);
	add_chunk("ENDS", "\1", 1);
	ck_assert_int_eq(read_plain(&profile), -EPROTO);
}
END_TEST

/* What is new at the end of PROC, DONE and the like is passed over. */
START_TEST(longer_records_are_read)
{
	struct profile *profile;
	uint8_t tail[64];
	size_t done;

	build();
	done = plain_length - 9 - 27 - 8;
	memcpy(tail, plain + done + 8, 27);
	memcpy(tail + 27, "\x33\x44", 2);
	plain_length = done;
	add_chunk("DONE", (const char *)tail, 29);
	add_chunk("ENDS", "\1", 1);
	ck_assert_int_eq(read_plain(&profile), 1);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tally_format");
	TCase *tcase = tcase_create("tally_format");

	build();
	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_add_test(tcase, states);
	tcase_add_test(tcase, frame_kinds);
	tcase_add_test(tcase, marks_and_pauses);
	tcase_add_test(tcase, troubles);
	tcase_add_test(tcase, other_numbers);
	tcase_add_test(tcase, bytes_of_a_file);
	tcase_add_test(tcase, unknown_numbers_are_newer);
	tcase_add_test(tcase, unknown_values_are_newer);
	tcase_add_test(tcase, longer_records_are_read);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
