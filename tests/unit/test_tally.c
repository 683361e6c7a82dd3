/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_tally.c - what is written is read back, and bad files are refused
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "model/profile.h"
#include "recording_generator.h"
#include "scratch.h"
#include "read/snapshot.h"
#include "read/tally.h"
#include "util/output.h"
#include "util/intern.h"
#include "util/xalloc.h"

static void
insert_residents(struct profile *profile)
{
	for (uint64_t i = 1; i <= 2; i++) {
		struct profile_resident resident = {
			.time_ns = i * 1000,
			.resident_bytes = i << 30,
			.live_bytes = i * 3,
			.live_blocks = i,
			.untouched_bytes = i * 5,
			.swapped_live_bytes = i * 6,
			.swapped_bytes = i * 7,
			.hugetlb_bytes = i * 8,
		};

		for (unsigned part = 0; part < PROFILE_RESIDENT_PARTS; part++)
			resident.parts[part] = i * 100 + part;
		profile_insert_resident(profile, &resident);
		profile_insert_mapped(profile, &(struct profile_mapped){i * 1000, 1, 3, i << 20, 5},
				      1);
		profile_insert_mapped(
			profile,
			&(struct profile_mapped){i * 1000, UINT32_MAX, UINT32_MAX, 0, i << 40}, 1);
	}
}

/* A profile with something in every table. */
static struct profile *
make_profile(void)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot;
	struct profile *profile;

	generated_write(generated, "recording");
	ck_assert_int_eq(snapshot_open("recording", 0, &snapshot), 0);
	ck_assert_int_eq(snapshot_update(snapshot, "first"), 0);
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	profile = snapshot_take_profile(snapshot);
	snapshot_free(snapshot);
	free(generated);
	profile->moments[1].values[3].live_bytes = -12;
	profile->moments[1].values[2].temporary_blocks = UINT64_MAX;
	profile->moments[1].time_ns = UINT64_MAX;
	profile->modules[0].file = PROFILE_FILE_CHANGED;
	ck_assert_uint_eq(profile->modules[1].seen_ns, 1700000000000000002);
	profile->location_count = 2;
	profile->locations = xcalloc(2, sizeof(*profile->locations));
	profile->locations[0] = (struct profile_location){
		.function = intern_insert_string(profile->strings, "reserve"),
		.symbol = intern_insert_string(profile->strings, "_Z7reservev"),
		.file = intern_insert_string(profile->strings, "rows.hpp"),
		.line = UINT32_MAX,
		.column = 7,
		.function_line = 5,
		.inlined = true,
	};
	profile->frames[16].location = 0;
	profile->frames[16].location_count = 2;
	profile->samples = xcalloc(2, sizeof(*profile->samples));
	profile->samples[0] = (struct profile_sample){1000, 500, 1 << 20};
	profile->samples[1] = (struct profile_sample){2000, -500, 0};
	profile->sample_count = 2;
	insert_residents(profile);
	profile->symbolized = true;
	profile->wait_status = 9;
	profile->has_wait_status = true;
	profile->tracer_cpu_ns = 123;
	profile->peak_error_bytes = 4096;
	profile->marks[1].live_bytes = -7;
	profile->marks[1].time_ns = UINT64_MAX;
	profile->pause = PROFILE_STOPPED;
	ck_assert_int_eq(profile_finish(profile), 0);
	return profile;
}

static void
write_profiles(const char *path, const struct profile *profile, int count)
{
	struct tally_writer *writer;
	const struct output_rule rule = {.force = true};
	struct output file;
	char *why;

	ck_assert_int_eq(output_begin(path, &rule, &file, &why), 0);
	writer = tally_writer_new(file.fd);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(tally_writer_insert(writer, profile), 0);
	ck_assert_int_eq(tally_writer_finish(writer), 0);
	tally_writer_free(writer);
	ck_assert_int_eq(output_commit(&file), 0);
}

static void
compare_moments(const struct profile *a, const struct profile *b)
{
	ck_assert_uint_eq(a->moment_count, b->moment_count);
	for (uint32_t i = 0; i < a->moment_count; i++) {
		const struct profile_moment *left = &a->moments[i], *right = &b->moments[i];

		ck_assert_str_eq(left->label, right->label);
		ck_assert_uint_eq(left->time_ns, right->time_ns);
		ck_assert_uint_eq(left->peak_time_ns, right->peak_time_ns);
		ck_assert_uint_eq(left->site_count, right->site_count);
		ck_assert_int_eq(memcmp(left->values, right->values,
					left->site_count * sizeof(*left->values)),
				 0);
		ck_assert_int_eq(memcmp(&left->sum, &right->sum, sizeof(left->sum)), 0);
	}
}

static void
compare_tables(const struct profile *a, const struct profile *b)
{
	ck_assert_uint_eq(a->module_count, b->module_count);
	for (uint32_t i = 0; i < a->module_count; i++) {
		ck_assert_str_eq(a->modules[i].path, b->modules[i].path);
		ck_assert_uint_eq(a->modules[i].start, b->modules[i].start);
		ck_assert_uint_eq(a->modules[i].end, b->modules[i].end);
		ck_assert_uint_eq(a->modules[i].bias, b->modules[i].bias);
		ck_assert(a->modules[i].unloaded == b->modules[i].unloaded);
		ck_assert_int_eq(memcmp(a->modules[i].build_id, b->modules[i].build_id, 20), 0);
		ck_assert_int_eq(a->modules[i].file, b->modules[i].file);
		ck_assert_uint_eq(a->modules[i].device, b->modules[i].device);
		ck_assert_uint_eq(a->modules[i].inode, b->modules[i].inode);
		ck_assert_uint_eq(a->modules[i].file_bytes, b->modules[i].file_bytes);
		ck_assert_uint_eq(a->modules[i].modified_ns, b->modules[i].modified_ns);
		ck_assert_uint_eq(a->modules[i].seen_ns, b->modules[i].seen_ns);
	}
	ck_assert_uint_eq(a->frame_count, b->frame_count);
	for (uint32_t i = 0; i < a->frame_count; i++) {
		const struct profile_frame *left = &a->frames[i], *right = &b->frames[i];

		ck_assert_int_eq(left->kind, right->kind);
		ck_assert_uint_eq(left->module, right->module);
		ck_assert_uint_eq(left->offset, right->offset);
		ck_assert_uint_eq(left->location_count, right->location_count);
		ck_assert_pstr_eq(left->name, right->name);
	}
	ck_assert_uint_eq(a->node_count, b->node_count);
	ck_assert_int_eq(memcmp(a->nodes, b->nodes, a->node_count * sizeof(*a->nodes)), 0);
	ck_assert_uint_eq(a->site_count, b->site_count);
	ck_assert_int_eq(memcmp(a->sites, b->sites, a->site_count * sizeof(*a->sites)), 0);
	ck_assert_uint_eq(a->sample_count, b->sample_count);
	ck_assert_int_eq(memcmp(a->samples, b->samples, a->sample_count * sizeof(*a->samples)), 0);
	ck_assert_uint_eq(a->mapped_count, b->mapped_count);
	if (a->mapped_count != 0)
		ck_assert_int_eq(memcmp(a->mapped, b->mapped, a->mapped_count * sizeof(*a->mapped)),
				 0);
	ck_assert_uint_eq(a->resident_count, b->resident_count);
	if (a->resident_count != 0)
		ck_assert_int_eq(memcmp(a->residents, b->residents,
					a->resident_count * sizeof(*a->residents)),
				 0);
}

static void
compare_marks(const struct profile *a, const struct profile *b)
{
	ck_assert_uint_eq(a->mark_count, 2);
	ck_assert_uint_eq(b->mark_count, 2);
	for (uint32_t i = 0; i < a->mark_count; i++) {
		const struct profile_mark *left = &a->marks[i], *right = &b->marks[i];

		ck_assert_int_eq(left->kind, right->kind);
		ck_assert_str_eq(left->label, right->label);
		ck_assert_uint_eq(left->time_ns, right->time_ns);
		ck_assert_int_eq(left->live_bytes, right->live_bytes);
		ck_assert_int_eq(left->peak_bytes, right->peak_bytes);
	}
	ck_assert_int_eq(a->pause, b->pause);
}

static void
compare_profiles(const struct profile *a, const struct profile *b)
{
	compare_tables(a, b);
	compare_moments(a, b);
	compare_marks(a, b);
	ck_assert_uint_eq(b->location_count, 2);
	ck_assert_str_eq(b->locations[0].function, "reserve");
	ck_assert_str_eq(b->locations[0].file, "rows.hpp");
	ck_assert_uint_eq(b->locations[0].line, UINT32_MAX);
	ck_assert(b->locations[0].inlined && !b->locations[1].inlined);
	ck_assert_str_eq(b->locations[0].symbol, "_Z7reservev");
	ck_assert_ptr_null(b->locations[1].function);
	ck_assert_ptr_null(b->locations[1].symbol);
	ck_assert_str_eq(a->command, b->command);
	ck_assert_str_eq(a->executable, b->executable);
	ck_assert_str_eq(a->allocator, b->allocator);
	ck_assert_uint_eq(a->pid, b->pid);
	ck_assert_int_eq(a->state, b->state);
	ck_assert_int_eq(a->wait_status, b->wait_status);
	ck_assert(b->has_wait_status && b->symbolized);
	ck_assert_uint_eq(a->duration_ns, b->duration_ns);
	ck_assert_uint_eq(a->cut_stacks, b->cut_stacks);
	ck_assert_uint_eq(a->tracer_cpu_ns, b->tracer_cpu_ns);
	ck_assert_int_eq(a->peak_error_bytes, b->peak_error_bytes);
	ck_assert_uint_eq(a->threads, b->threads);
}

START_TEST(round_trip)
{
	struct profile *profile = make_profile(), *copy;
	struct tally_reader *reader;
	int fd;

	write_profiles("a.tally", profile, 3);
	fd = open("a.tally", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(tally_reader_new(fd, &reader), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(tally_reader_next(reader, &copy), 1);
		compare_profiles(profile, copy);
		profile_free(copy);
	}
	ck_assert_int_eq(tally_reader_next(reader, &copy), 0);
	ck_assert_int_eq(tally_reader_next(reader, &copy), 0);
	tally_reader_free(reader);
	close(fd);
	profile_free(profile);
}
END_TEST

/* Reads all of it; the number of profiles, or -errno. */
static int
read_all(const char *path, uint64_t *ret_total_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result, count = 0;
	struct tally_reader *reader;
	struct profile *profile;

	*ret_total_bytes = 0;
	result = tally_reader_new(fd, &reader);
	if (result == 0) {
		while ((result = tally_reader_next(reader, &profile)) == 1) {
			*ret_total_bytes += profile->moments[0].sum.total_bytes;
			count++;
			profile_free(profile);
		}
		tally_reader_free(reader);
	}
	close(fd);
	return result < 0 ? result : count;
}

static size_t
load(const char *path, uint8_t *bytes, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, bytes, capacity);

	close(fd);
	ck_assert_int_gt(length, 0);
	ck_assert_int_lt(length, (ssize_t)capacity);
	return (size_t)length;
}

START_TEST(cut_at_every_length)
{
	struct profile *profile = make_profile();
	static uint8_t bytes[1 << 16];
	uint64_t total;
	size_t length;

	write_profiles("a.tally", profile, 2);
	length = load("a.tally", bytes, sizeof(bytes));
	ck_assert_int_eq(read_all("a.tally", &total), 2);
	for (size_t i = 0; i < length; i++) {
		scratch_write("cut.tally", bytes, i);
		ck_assert_int_eq(read_all("cut.tally", &total), -ENODATA);
	}
	profile_free(profile);
}
END_TEST

/* The stream has a checksum: what is read in spite of a wrong bit must be all right. */
START_TEST(flipped_bits)
{
	const char *path = scratch_memory_file();
	struct profile *profile = make_profile();
	static uint8_t bytes[1 << 16];
	uint64_t total, expected;
	size_t length;

	write_profiles("a.tally", profile, 1);
	length = load("a.tally", bytes, sizeof(bytes));
	ck_assert_int_eq(read_all("a.tally", &expected), 1);
	for (size_t i = 0; i < 8 * length; i++) {
		int result;

		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		scratch_write(path, bytes, length);
		result = read_all(path, &total);
		ck_assert_msg(result < 0 || (result == 1 && total == expected), "bit %zu: %d", i,
			      result);
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	profile_free(profile);
}
END_TEST

/* A file whose plain contents are these, with a right checksum. */
static void
store_plain(const char *path, const uint8_t *plain, size_t length)
{
	static uint8_t packed[1 << 20];
	size_t packed_length = ZSTD_compress(packed, sizeof(packed), plain, length, 1);

	ck_assert(!ZSTD_isError(packed_length));
	scratch_write(path, packed, packed_length);
}

/* Wrong bits behind the compression, where no checksum helps: no crash, no endless loop. */
START_TEST(flipped_plain_bits)
{
	const char *path = scratch_memory_file();
	struct profile *profile = make_profile();
	static uint8_t bytes[1 << 16], plain[1 << 18];
	size_t length;
	uint64_t total;
	int refused = 0;

	write_profiles("a.tally", profile, 1);
	length = load("a.tally", bytes, sizeof(bytes));
	length = ZSTD_decompress(plain, sizeof(plain), bytes, length);
	ck_assert(!ZSTD_isError(length));
	ck_assert_int_eq(memcmp(plain, "heaptally tally 1\n", 18), 0);
	for (size_t i = 0; i < 8 * length; i++) {
		plain[i / 8] ^= (uint8_t)(1u << i % 8);
		store_plain(path, plain, length);
		refused += read_all(path, &total) < 0;
		plain[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_int_gt(refused, 1000);
	profile_free(profile);
}
END_TEST

START_TEST(other_versions)
{
	static const char *const newer[] = {"heaptally tally 2\nXXXX", "heaptally tally 10\n",
					    "heaptally tally 12345678901\n"};
	static const char *const wrong[] = {"heaptally tally 0\n", "heaptally tally 1x\n",
					    "heaptally tally \n", "heaptally tally -1\n"};
	static const uint8_t foreign[] = "some other text\n";
	uint64_t total;

	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		store_plain("a.tally", (const uint8_t *)newer[i], strlen(newer[i]));
		ck_assert_int_eq(read_all("a.tally", &total), -EPROTO);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		store_plain("a.tally", (const uint8_t *)wrong[i], strlen(wrong[i]));
		ck_assert_int_eq(read_all("a.tally", &total), -EBADMSG);
	}
	store_plain("a.tally", foreign, sizeof(foreign) - 1);
	ck_assert_int_eq(read_all("a.tally", &total), -EBADMSG);
	scratch_write("a.tally", foreign, sizeof(foreign) - 1);
	ck_assert_int_eq(read_all("a.tally", &total), -EBADMSG);
	ck_assert(!tally_has_magic(foreign, sizeof(foreign)));
}
END_TEST

static size_t
put_chunk(uint8_t *plain, size_t at, const char *tag, const uint8_t *payload, uint32_t length)
{
	memcpy(plain + at, tag, 4);
	memcpy(plain + at + 4, &length, 4);
	if (length != 0)
		memcpy(plain + at + 8, payload, length);
	return at + 8 + length;
}

START_TEST(unknown_chunks)
{
	const uint8_t none = 0;
	uint8_t plain[256];
	uint64_t total;
	size_t length = 18;

	memcpy(plain, "heaptally tally 1\n", 18);
	length = put_chunk(plain, length, "abcd", (const uint8_t *)"ignored", 7);
	store_plain("a.tally", plain, put_chunk(plain, length, "ENDS", &none, 1));
	ck_assert_int_eq(read_all("a.tally", &total), 0);
	/* Mandatory: a newer version wrote it, if the file is whole. */
	length = put_chunk(plain, length, "ABCD", (const uint8_t *)"refused", 7);
	length = put_chunk(plain, length, "ENDS", &none, 1);
	store_plain("a.tally", plain, length);
	ck_assert_int_eq(read_all("a.tally", &total), -EPROTO);
	length = load("a.tally", plain, sizeof(plain));
	scratch_write("a.tally", plain, length - 1);
	ck_assert_int_eq(read_all("a.tally", &total), -ENODATA);
	length = 18;
	memcpy(plain, "heaptally tally 1\n", 18);
	length = put_chunk(plain, length, "AB\001D", (const uint8_t *)"no tag", 6);
	store_plain("a.tally", plain, length);
	ck_assert_int_eq(read_all("a.tally", &total), -EBADMSG);
}
END_TEST

/* Of heaptally 0.1 before marks: chunks of them are skipped there, and missing here. */
START_TEST(a_file_without_marks)
{
	struct profile *profile = make_profile(), *copy;
	struct tally_reader *reader;
	int fd;

	profile->mark_count = 0;
	profile->pause = PROFILE_GOES_ON;
	write_profiles("a.tally", profile, 1);
	fd = open("a.tally", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(tally_reader_new(fd, &reader), 0);
	ck_assert_int_eq(tally_reader_next(reader, &copy), 1);
	ck_assert_uint_eq(copy->mark_count, 0);
	ck_assert_int_eq(copy->pause, PROFILE_GOES_ON);
	profile_free(copy);
	tally_reader_free(reader);
	close(fd);
	profile_free(profile);
}
END_TEST

/* Half a gigabyte of nothing in a small file. */
START_TEST(expansion_is_limited)
{
	const size_t piece = 1 << 20;
	uint8_t *zeros = xcalloc(1, piece), *packed = xmalloc(piece);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ZSTD_outBuffer out = {packed, piece, 0};
	ZSTD_inBuffer in = {"heaptally tally 1\n", 18, 0};
	uint8_t head[8] = {'s', 'k', 'i', 'p', 0, 0, 0xff, 0};
	uint64_t total;

	ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
	for (int i = 0; i < 40; i++) {
		in = (ZSTD_inBuffer){head, sizeof(head), 0};
		ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
		for (size_t left = 0xff0000; left != 0; left -= 0x10000) {
			in = (ZSTD_inBuffer){zeros, 0x10000, 0};
			ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue);
		}
	}
	in.pos = in.size;
	ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
	scratch_write("bomb.tally", packed, out.pos);
	ck_assert_int_eq(read_all("bomb.tally", &total), -EFBIG);
	ZSTD_freeCCtx(context);
	free(zeros);
	free(packed);
}
END_TEST

START_TEST(an_error_of_the_file_is_kept)
{
	struct profile *profile = make_profile();
	struct tally_writer *writer;
	int fd;

	scratch_device("full", 7);
	fd = open("full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	writer = tally_writer_new(fd);
	tally_writer_insert(writer, profile);
	ck_assert_int_eq(tally_writer_insert(writer, profile), -ENOSPC);
	ck_assert_int_eq(tally_writer_finish(writer), -ENOSPC);
	tally_writer_free(writer);
	close(fd);
	profile_free(profile);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, cut_at_every_length);
	tcase_add_test(tcase, flipped_bits);
	tcase_add_test(tcase, flipped_plain_bits);
	tcase_add_test(tcase, other_versions);
	tcase_add_test(tcase, unknown_chunks);
	tcase_add_test(tcase, a_file_without_marks);
	tcase_add_test(tcase, expansion_is_limited);
	tcase_add_test(tcase, an_error_of_the_file_is_kept);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
