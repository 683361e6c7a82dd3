/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_tally_bounds.c - a small file does not make its reader large
 *
 * zstd makes hundreds of megabytes of a few kilobytes that repeat themselves. Each file here is
 * such, with one table that would grow beyond a gigabyte.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "model/profile.h"
#include "scratch.h"
#include "read/tally.h"
#include "util/xalloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	CHUNK_BYTES = 240 << 10,
	MIB = 1 << 20,
	/* What a reader may take for a file of some kilobytes; a sanitizer's own memory comes on
	 * top. */
	MEMORY_MAX_MIB = 200,
};

struct output {
	ZSTD_CCtx *context;
	int fd;
};

static void
put(struct output *output, const void *bytes, size_t length, ZSTD_EndDirective end)
{
	static uint8_t packed[1 << 17];
	ZSTD_inBuffer in = {bytes, length, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {packed, sizeof(packed), 0};

		left = ZSTD_compressStream2(output->context, &out, &in, end);
		/* An assertion that holds is a message to the parent: too many here. */
		if (ZSTD_isError(left) ||
		    (out.pos != 0 && write(output->fd, packed, out.pos) != (ssize_t)out.pos))
			ck_abort_msg("the file could not be written");
	} while (in.pos < in.size || (end == ZSTD_e_end && left != 0));
}

static void
put_chunk(struct output *output, const char *tag, const void *payload, size_t length)
{
	uint8_t head[8] = {0};

	memcpy(head, tag, 4);
	for (int i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(length >> 8 * i);
	put(output, head, sizeof(head), ZSTD_e_continue);
	put(output, payload, length, ZSTD_e_continue);
}

/* A process, a string, a node and a site are there; more is to come. */
static struct output
begin(void)
{
	struct output output = {
		.context = ZSTD_createCCtx(),
		.fd = open("bomb.tally", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
	};

	put(&output, "heaptally tally 1\n", 18, ZSTD_e_continue);
	put_chunk(&output, "PROC", "\1\1\0\0\0\0\0\0\0", 9);
	put_chunk(&output, "STRS", "\1x", 2);
	put_chunk(&output, "FRMS", "\2\0\0\0", 4);
	put_chunk(&output, "NODE", "\0\0", 2);
	put_chunk(&output, "SITE", "\0", 1);
	return output;
}

/* As many chunks with the same item as hold `bytes`. */
static void
repeat(struct output *output, const char *tag, const char *item, size_t length, size_t bytes)
{
	uint8_t *chunk = xmalloc(CHUNK_BYTES);
	size_t used = 0;

	for (; used + length <= CHUNK_BYTES; used += length)
		memcpy(chunk + used, item, length);
	for (size_t done = 0; done < bytes; done += used)
		put_chunk(output, tag, chunk, used);
	free(chunk);
}

static long
get_memory_mib(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss / 1024;
}

/* End the file and read it: it is refused, and that takes little memory. */
static void
check_refused(struct output *output)
{
	struct tally_reader *reader;
	struct profile *profile;
	struct stat status;
	long before;

	put(output, NULL, 0, ZSTD_e_end);
	ZSTD_freeCCtx(output->context);
	ck_assert_int_eq(fstat(output->fd, &status), 0);
	ck_assert_int_lt(status.st_size, 64 << 10);
	ck_assert_int_eq(lseek(output->fd, 0, SEEK_SET), 0);
	before = get_memory_mib();
	ck_assert_int_eq(tally_reader_new(output->fd, &reader), 0);
	tally_reader_keep_blocks(reader);
	ck_assert_int_eq(tally_reader_next(reader, &profile), -EFBIG);
	tally_reader_free(reader);
	close(output->fd);
#ifdef __SANITIZE_ADDRESS__
	ck_assert_int_lt(get_memory_mib() - before, 4 * MEMORY_MAX_MIB);
#else
	ck_assert_int_lt(get_memory_mib() - before, MEMORY_MAX_MIB);
#endif
}

static const struct {
	const char *tag, *item;
	size_t length;
} tables[] = {
	{"STRS", "\0", 1},         {"STRS", "\3abc", 4},       {"MODS", "\1\0\0\0\0\0", 6},
	{"LOCS", "\0\0\0\0\0", 5}, {"FRMS", "\2\0\0\0", 4},    {"FRMS", "\0\0\0\0\1", 5},
	{"NODE", "\1\0", 2},       {"SITE", "\0", 1},          {"SMPL", "\0\0\0", 3},
	{"mARK", "\3\0\0\0\0", 5}, {"mARK", "\3\1x\0\0\0", 6}, {"bLKS", "\0\0\0\0\0\0", 6},
};

START_TEST(tables_of_equal_items)
{
	struct output output = begin();

	repeat(&output, tables[_i].tag, tables[_i].item, tables[_i].length, 24 * MIB);
	check_refused(&output);
}
END_TEST

/* Ten million sites are ten kilobytes of file; a moment has eighty bytes for each. */
START_TEST(the_first_moment)
{
	struct output output = begin();

	repeat(&output, "SITE", "\0", 1, 10 * MIB);
	put_chunk(&output, "MOMT", "\0\0\0\x80\x80\x80\5", 7);
	check_refused(&output);
}
END_TEST

START_TEST(many_moments_of_many_sites)
{
	struct output output = begin();

	repeat(&output, "SITE", "\0", 1, 100000);
	for (int i = 0; i < 1000; i++)
		put_chunk(&output, "MOMT", "\0\0\0\xa0\x8d\6", 6);
	check_refused(&output);
}
END_TEST

START_TEST(many_moments_without_sites)
{
	struct output output = begin();

	for (int i = 0; i < 400000; i++)
		put_chunk(&output, "MOMT", "\0\0\0\0", 4);
	check_refused(&output);
}
END_TEST

/* Every site has its place in a table, though only the last has lifetimes. */
START_TEST(lifetimes_of_many_sites)
{
	struct output output = begin();

	repeat(&output, "SITE", "\0", 1, 12 * MIB);
	put_chunk(&output, "lIFE", "\x80\x80\x80\5\0\0", 6);
	repeat(&output, "SITE", "\0", 1, 12 * MIB);
	check_refused(&output);
}
END_TEST

/* One chunk, as large as one can be. */
START_TEST(a_chunk_of_64_megabytes)
{
	struct output output = begin();
	uint8_t head[8] = {'s', 'k', 'i', 'p', 0, 0, 0, 4};
	uint8_t *zeros = xcalloc(1, MIB);

	put(&output, head, sizeof(head), ZSTD_e_continue);
	for (int i = 0; i < 64; i++)
		put(&output, zeros, MIB, ZSTD_e_continue);
	free(zeros);
	check_refused(&output);
}
END_TEST

enum {
	LONG_SITES = 4000,
	LONG_MOMENTS = 400
};

/* Two tables of values take turns in the moments, and differ by one byte of one site. */
static struct profile *
make_long_run(struct profile_values *values[2])
{
	struct profile *profile = profile_new();

	profile->frames = xcalloc(LONG_SITES, sizeof(*profile->frames));
	profile->nodes = xcalloc(LONG_SITES, sizeof(*profile->nodes));
	profile->sites = xcalloc(LONG_SITES, sizeof(*profile->sites));
	for (int i = 0; i < 2; i++)
		values[i] = xcalloc(LONG_SITES, sizeof(*values[i]));
	for (uint32_t i = 0; i < LONG_SITES; i++) {
		profile->frames[i] = (struct profile_frame){
			.kind = PROFILE_FRAME_ADDRESS,
			.module = PROFILE_NO_MODULE,
			.offset = 0x400000 + i * 0x9e3779b9ull % 0x100000,
		};
		profile->nodes[i] = (struct profile_node){.parent = 0, .frame = i};
		profile->sites[i] = i;
		values[0][i].total_bytes = values[1][i].total_bytes = i * 2654435761u % 10000;
		values[0][i].live_bytes = values[1][i].live_bytes =
			(int64_t)values[0][i].total_bytes;
	}
	values[1][5].live_bytes++;
	profile->frame_count = profile->node_count = profile->site_count = LONG_SITES;
	profile->moments = xcalloc(LONG_MOMENTS, sizeof(*profile->moments));
	for (uint32_t i = 0; i < LONG_MOMENTS; i++)
		profile->moments[i] = (struct profile_moment){
			.time_ns = i * 1000000007ull,
			.site_count = LONG_SITES,
			.values = values[i % 2],
		};
	profile->moment_count = LONG_MOMENTS;
	return profile;
}

/* The other way: a long run with few changes is small in the file and large in memory, and read. */
START_TEST(a_long_run_is_read)
{
	struct profile_values *values[2];
	struct profile *profile = make_long_run(values), *copy;
	int fd = open("long.tally", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct tally_writer *writer = tally_writer_new(fd);
	struct tally_reader *reader;

	ck_assert_int_eq(tally_writer_insert(writer, profile), 0);
	ck_assert_int_eq(tally_writer_finish(writer), 0);
	tally_writer_free(writer);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(tally_reader_new(fd, &reader), 0);
	ck_assert_int_eq(tally_reader_next(reader, &copy), 1);
	ck_assert_uint_eq(copy->moment_count, LONG_MOMENTS);
	ck_assert_int_eq(copy->moments[LONG_MOMENTS - 1].values[5].live_bytes,
			 values[1][5].live_bytes);
	profile_free(copy);
	tally_reader_free(reader);
	close(fd);
	profile->moment_count = 0;
	free(values[0]);
	free(values[1]);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tally_bounds");
	TCase *tcase = tcase_create("tally_bounds");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, tables_of_equal_items, 0, COUNT(tables));
	tcase_add_test(tcase, the_first_moment);
	tcase_add_test(tcase, many_moments_of_many_sites);
	tcase_add_test(tcase, many_moments_without_sites);
	tcase_add_test(tcase, lifetimes_of_many_sites);
	tcase_add_test(tcase, a_chunk_of_64_megabytes);
	tcase_add_test(tcase, a_long_run_is_read);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
