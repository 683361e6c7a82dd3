/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_snapshot.c - recordings are read exactly, and bad ones refused
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/profile.h"
#include "recording_generator.h"
#include "scratch.h"
#include "read/snapshot.h"
#include "model/trouble.h"

static struct snapshot *
open_generated(const struct generated *generated)
{
	struct snapshot *snapshot;

	generated_write(generated, "recording");
	ck_assert_int_eq(snapshot_open("recording", 0, &snapshot), 0);
	return snapshot;
}

/* What reading the whole file gives. */
static int
read_generated(const struct generated *generated)
{
	static const char *path;
	struct snapshot *snapshot;
	int result;

	if (path == NULL)
		path = scratch_memory_file();
	generated_write(generated, path);
	result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);
	if (result != 0)
		return result;
	result = snapshot_update(snapshot, "");
	snapshot_free(snapshot);
	return result;
}

START_TEST(what_the_header_tells)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot = open_generated(generated);
	const struct snapshot_identity *identity = snapshot_get_identity(snapshot);

	ck_assert_uint_eq(identity->pid, GENERATED_COMMAND_PID);
	ck_assert_str_eq(identity->command, "program");
	ck_assert(!identity->alive);
	ck_assert_int_eq(identity->state, PROFILE_EXITED);
	ck_assert_uint_eq(identity->duration_ns, 2500000000u);
	ck_assert_int_eq(identity->live_bytes, 6400);
	ck_assert_int_eq(identity->peak_bytes, 10500);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

START_TEST(tables)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot = open_generated(generated);
	struct profile *profile;

	ck_assert_int_eq(snapshot_update(snapshot, "start"), 0);
	profile = snapshot_take_profile(snapshot);
	snapshot_free(snapshot);
	ck_assert_str_eq(profile->executable, "/usr/bin/program");
	ck_assert_str_eq(profile->allocator, "/lib/libc.so.6");
	ck_assert_uint_eq(profile->module_count, 2);
	ck_assert_str_eq(profile->modules[1].path, "/lib/libfoo.so");
	ck_assert(profile->modules[0].is_main && !profile->modules[0].unloaded);
	ck_assert(profile->modules[1].unloaded);
	ck_assert_uint_eq(profile->modules[0].build_id_bytes, 4);
	ck_assert_uint_eq(profile->frame_count, FRAME_FIRST + 4);
	ck_assert_str_eq(profile->frames[FRAME_CALLOC].name, "calloc");
	ck_assert_int_eq(profile->frames[16].kind, PROFILE_FRAME_CODE);
	ck_assert_uint_eq(profile->frames[17].module, 1);
	ck_assert_uint_eq(profile->frames[17].offset, 0x99);
	ck_assert_int_eq(profile->frames[18].kind, PROFILE_FRAME_ADDRESS);
	ck_assert_int_eq(profile->frames[19].kind, PROFILE_FRAME_CUT);
	ck_assert_uint_eq(profile->node_count, GENERATED_NODES);
	ck_assert_uint_eq(profile->nodes[5].parent, 4);
	ck_assert_uint_eq(profile->site_count, GENERATED_SITES - 1);
	ck_assert_uint_eq(profile->sites[2], 5);
	ck_assert_str_eq(profile->moments[0].label, "start");
	ck_assert_uint_eq(profile->mark_count, GENERATED_MARKS);
	ck_assert_int_eq(profile->marks[0].kind, PROFILE_MARK_LABEL);
	ck_assert_str_eq(profile->marks[0].label, "warm");
	ck_assert_uint_eq(profile->marks[0].time_ns, 1000000000u);
	ck_assert_int_eq(profile->marks[0].live_bytes, 10500);
	ck_assert_int_eq(profile->marks[1].kind, PROFILE_MARK_RESET_PEAK);
	ck_assert_int_eq(profile->marks[1].live_bytes, 6400);
	ck_assert_int_eq(profile->pause, PROFILE_GOES_ON);
	profile_free(profile);
	free(generated);
}
END_TEST

START_TEST(values_of_all_shards)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot = open_generated(generated);
	const struct profile *profile;
	const struct profile_values *third, *fourth, *sum;

	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	profile = snapshot_get_profile(snapshot);
	third = &profile->moments[0].values[2];
	fourth = &profile->moments[0].values[3];
	sum = &profile->moments[0].sum;
	ck_assert_int_eq(third->live_bytes, 6000);
	ck_assert_int_eq(third->live_blocks, 6);
	ck_assert_int_eq(third->peak_bytes, 9000);
	ck_assert_int_eq(third->peak_blocks, 9);
	ck_assert_int_eq(third->rounding_bytes, 48);
	ck_assert_uint_eq(third->temporary_blocks, 2);
	/* Shard 0 still has what it had at the peak, shard 1 saved it: 1000 + 500. */
	ck_assert_int_eq(fourth->peak_bytes, 1500);
	ck_assert_int_eq(fourth->peak_blocks, 3);
	ck_assert_int_eq(fourth->live_bytes, 500);
	ck_assert_int_eq(fourth->live_blocks, 1);
	ck_assert_int_eq(sum->peak_bytes, 10500);
	ck_assert_uint_eq(sum->total_blocks, 13);
	ck_assert_uint_eq(sum->freed_blocks, 6);
	ck_assert_uint_eq(profile->reallocs, 3);
	ck_assert_uint_eq(profile->nested_events, 4);
	ck_assert_uint_eq(profile->dropped_events, 5);
	ck_assert_uint_eq(profile->cut_stacks, 2);
	ck_assert_uint_eq(profile->threads, 3);
	ck_assert_int_eq(profile->peak_error_bytes, 0);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

START_TEST(rising_means_that_now_is_the_peak)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot;

	generated->header.control.rising = 1;
	generated->header.control.batch_bytes = 4096;
	snapshot = open_generated(generated);
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	ck_assert_int_eq(snapshot_get_profile(snapshot)->moments[0].sum.peak_bytes, 6500);
	ck_assert_int_eq(snapshot_get_profile(snapshot)->peak_error_bytes, 4096 * GENERATED_SHARDS);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* Changes the file under an open snapshot. */
static void
overwrite(const void *bytes, size_t length, size_t offset)
{
	int fd = open("recording", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, length, (off_t)offset), (ssize_t)length);
	close(fd);
}

START_TEST(moments_follow_a_growing_recording)
{
	struct generated *generated = generated_new();
	struct profile *profile;
	struct snapshot *snapshot;
	uint64_t count = GENERATED_SITES;

	generated->header.sections[SECTION_SITES].count = GENERATED_SITES - 1;
	snapshot = open_generated(generated);
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	overwrite(&count, sizeof(count),
		  offsetof(struct recording_header, sections[SECTION_SITES].count));
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	profile = snapshot_take_profile(snapshot);
	ck_assert_uint_eq(profile->moment_count, 2);
	ck_assert_uint_eq(profile->moments[0].site_count, GENERATED_SITES - 2);
	ck_assert_uint_eq(profile->moments[1].site_count, GENERATED_SITES - 1);
	ck_assert_int_eq(profile->moments[0].sum.live_bytes, 6000);
	ck_assert_int_eq(profile->moments[1].sum.live_bytes, 6500);
	profile_free(profile);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* Only new marks are read; a recording of before has none. */
START_TEST(marks_follow_too)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot;
	uint64_t count = GENERATED_MARKS;

	generated->header.sections[SECTION_MARKS].count = 0;
	generated->header.control.paused = RECORDING_STOPPED;
	snapshot = open_generated(generated);
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	ck_assert_uint_eq(snapshot_get_profile(snapshot)->mark_count, 0);
	ck_assert_int_eq(snapshot_get_profile(snapshot)->pause, PROFILE_STOPPED);
	overwrite(&count, sizeof(count),
		  offsetof(struct recording_header, sections[SECTION_MARKS].count));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(snapshot_refresh(snapshot), 0);
		ck_assert_uint_eq(snapshot_get_identity(snapshot)->mark_count, GENERATED_MARKS);
		ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
		ck_assert_uint_eq(snapshot_get_profile(snapshot)->mark_count, GENERATED_MARKS);
	}
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* And who was seen alive has lived so long, whatever it has noted as its end. */
START_TEST(a_lock_means_that_it_lives)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct generated *generated = generated_new();
	struct snapshot *snapshot;
	uint64_t seen;
	int fd;

	memset(generated->header.boot_id, 0, sizeof(generated->header.boot_id));
	generated->header.start_monotonic_ns = 1;
	generated->header.end_monotonic_ns = 2;
	snapshot = open_generated(generated);
	fd = open("recording", O_RDWR | O_CLOEXEC);
	ck_assert_uint_eq(snapshot_get_identity(snapshot)->duration_ns, 1);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	ck_assert_int_eq(snapshot_refresh(snapshot), 0);
	ck_assert(snapshot_get_identity(snapshot)->alive);
	ck_assert_int_eq(snapshot_get_identity(snapshot)->state, PROFILE_RUNNING);
	seen = snapshot_get_identity(snapshot)->duration_ns;
	ck_assert_uint_gt(seen, 1);
	close(fd);
	ck_assert_int_eq(snapshot_refresh(snapshot), 0);
	ck_assert(!snapshot_get_identity(snapshot)->alive);
	ck_assert_uint_eq(snapshot_get_identity(snapshot)->duration_ns, seen);
	snapshot_free(snapshot);
	generated->header.state = RECORDING_RUNNING;
	generated->header.end_monotonic_ns = 0;
	snapshot = open_generated(generated);
	ck_assert_int_eq(snapshot_get_identity(snapshot)->state, PROFILE_ENDED);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* Each makes one thing wrong. */
START_TEST(without_locks_a_mapping_means_that_it_lives)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot;
	void *mapping;
	int fd;

	generated->header.pid = (uint32_t)getpid();
	generated->header.pid_namespace = 0;
	memset(generated->header.boot_id, 0, sizeof(generated->header.boot_id));
	for (int unlocked = 0; unlocked < 2; unlocked++) {
		generated->header.trouble = unlocked ? TROUBLE_UNLOCKED : 0;
		snapshot = open_generated(generated);
		ck_assert(!snapshot_get_identity(snapshot)->alive);
		fd = open("recording", O_RDWR);
		mapping = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
		ck_assert_ptr_ne(mapping, MAP_FAILED);
		close(fd);
		ck_assert_int_eq(snapshot_refresh(snapshot), 0);
		ck_assert_int_eq(snapshot_get_identity(snapshot)->alive, unlocked);
		munmap(mapping, 1);
		ck_assert_int_eq(snapshot_refresh(snapshot), 0);
		ck_assert(!snapshot_get_identity(snapshot)->alive);
		snapshot_free(snapshot);
		unlink("recording");
	}
	free(generated);
}
END_TEST

static void
break_magic(struct generated *g)
{
	g->header.magic[3] ^= 1;
}
static void
break_node_order(struct generated *g)
{
	g->nodes[4].parent = 4;
}
static void
break_node_cycle(struct generated *g)
{
	g->nodes[3].parent = 5;
}
static void
break_root(struct generated *g)
{
	g->nodes[0].parent = 1;
}
static void
break_node_frame(struct generated *g)
{
	g->nodes[4].frame = FRAME_FIRST + 4;
}
static void
break_node_hole(struct generated *g)
{
	memset(&g->nodes[6], 0, sizeof(g->nodes[6]));
}
static void
break_site(struct generated *g)
{
	g->sites[3] = GENERATED_NODES;
}
static void
break_site_hole(struct generated *g)
{
	g->sites[4] = 0;
}
static void
break_frame_module(struct generated *g)
{
	g->frames[16].module = GENERATED_MODULES;
}
static void
break_frame_kind(struct generated *g)
{
	g->frames[16].kind = 99;
}
static void
break_build_id(struct generated *g)
{
	g->modules[0].build_id_bytes = 21;
}
static void
break_path(struct generated *g)
{
	g->modules[0].path = GENERATED_PAGE;
}
static void
break_unterminated(struct generated *g)
{
	memset(g->strings_page, 'x', sizeof(g->strings_page));
}
static void
break_chunk(struct generated *g)
{
	g->chunks[0][5] = GENERATED_SHARDS + 1;
}
static void
break_shard_count(struct generated *g)
{
	g->header.shard_count = SHARDS_MAX + 1;
}
static void
break_counters_offset(struct generated *g)
{
	g->header.sections[SECTION_COUNTERS].offset = UINT64_MAX - 100;
}
static void
break_counters_bytes(struct generated *g)
{
	g->header.sections[SECTION_COUNTERS].record_bytes = 64;
}
static void
break_record_bytes(struct generated *g)
{
	g->header.sections[SECTION_NODES].record_bytes = 8;
}
static void
break_count(struct generated *g)
{
	g->header.sections[SECTION_NODES].count = GENERATED_NODES + 1;
}
static void
break_offset(struct generated *g)
{
	g->header.sections[SECTION_SITES].offset = UINT64_MAX - 7;
}
static void
break_rows(struct generated *g)
{
	g->header.sections[SECTION_CHUNKS].capacity = 0;
}

static void
break_chunk_twice(struct generated *g)
{
	g->chunks[0][2] = g->chunks[0][1];
}
static void
break_string_inside(struct generated *g)
{
	g->modules[0].path += 1;
}

static void
break_mark_hole(struct generated *g)
{
	memset(&g->marks[1], 0, sizeof(g->marks[1]));
}
static void
break_mark_kind(struct generated *g)
{
	g->marks[0].kind = REQUEST_STOP + 1;
}
static void
break_mark_label(struct generated *g)
{
	memset(g->marks[0].label, 'x', sizeof(g->marks[0].label));
}

static void (*const breaks[])(struct generated *) = {
	break_magic,        break_node_order,     break_node_cycle,    break_root,
	break_node_frame,   break_node_hole,      break_site,          break_site_hole,
	break_frame_module, break_frame_kind,     break_build_id,      break_path,
	break_unterminated, break_chunk,          break_shard_count,   break_counters_offset,
	break_record_bytes, break_counters_bytes, break_count,         break_offset,
	break_rows,         break_chunk_twice,    break_string_inside, break_mark_hole,
	break_mark_kind,    break_mark_label,
};

START_TEST(broken)
{
	struct generated *generated = generated_new();

	ck_assert_int_eq(read_generated(generated), 0);
	breaks[_i](generated);
	ck_assert_int_eq(read_generated(generated), -EBADMSG);
	free(generated);
}
END_TEST

START_TEST(foreign_versions)
{
	struct generated *generated = generated_new();

	generated->header.version++;
	ck_assert_int_eq(read_generated(generated), -EPROTO);
	generated->header.version--;
	generated->header.features_incompatible = 1;
	ck_assert_int_eq(read_generated(generated), -EPROTO);
	generated->header.features_incompatible = 0;
	generated->header.features_compatible = 1;
	ck_assert_int_eq(read_generated(generated), 0);
	generated->header.byte_order = 0x04030201;
	ck_assert_int_eq(read_generated(generated), -EPROTO);
	free(generated);
}
END_TEST

/* Opens and reads a file that is there already. */
static int
read_file(const char *path)
{
	struct snapshot *snapshot;
	int result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);

	if (result != 0)
		return result;
	result = snapshot_update(snapshot, "");
	snapshot_free(snapshot);
	return result;
}

START_TEST(cut_at_every_length)
{
	struct generated *generated = generated_new();
	const char *path = scratch_memory_file();

	generated_write(generated, path);
	ck_assert_int_eq(read_file(path), 0);
	for (size_t length = generated->length; length-- > 0;) {
		int result;

		ck_assert_int_eq(truncate(path, (off_t)length), 0);
		result = read_file(path);
		ck_assert_msg(result == (length != 0 ? -EBADMSG : -ENOMSG), "cut at %zu: %d",
			      length, result);
	}
	free(generated);
}
END_TEST

/* The bytes that mean something; the rest of the file is the space between the sections. */
static const struct {
	size_t start, length;
} meaningful[] = {
	{0, sizeof(struct recording_header)},
	{offsetof(struct generated, strings), 64},
	{offsetof(struct generated, modules), GENERATED_MODULES * sizeof(struct recording_module)},
	{offsetof(struct generated, frames), (FRAME_FIRST + 5) * sizeof(struct recording_frame)},
	{offsetof(struct generated, nodes), (GENERATED_NODES + 1) * sizeof(struct recording_node)},
	{offsetof(struct generated, sites), (GENERATED_SITES + 1) * sizeof(uint32_t)},
	{offsetof(struct generated, shards),
	 (GENERATED_SHARDS + 1) * sizeof(struct recording_shard)},
	{offsetof(struct generated, chunks), SHARDS_MAX * sizeof(uint32_t)},
	{offsetof(struct generated, marks), GENERATED_MARKS * sizeof(struct recording_mark)},
	{offsetof(struct generated, counters[0]),
	 GENERATED_SITES * sizeof(struct recording_counters)},
	{offsetof(struct generated, counters[1]),
	 GENERATED_SITES * sizeof(struct recording_counters)},
};

/* Every bit may be wrong: an error or numbers, but no crash and no endless loop. */
START_TEST(flipped_bits)
{
	struct generated *generated = generated_new();
	const uint8_t *bytes = (const uint8_t *)generated + meaningful[_i].start;
	const char *path = scratch_memory_file();
	int fd, refused = 0;

	generated_write(generated, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < 8 * meaningful[_i].length; i++) {
		off_t place = (off_t)(meaningful[_i].start + i / 8);
		uint8_t wrong = bytes[i / 8] ^ (uint8_t)(1u << i % 8);
		int result;

		ck_assert_int_eq(pwrite(fd, &wrong, 1, place), 1);
		result = read_file(path);
		ck_assert_msg(result == 0 || result == -EBADMSG || result == -EPROTO ||
				      result == -EAGAIN,
			      "bit %zu: %d", i, result);
		refused += result != 0;
		ck_assert_int_eq(pwrite(fd, bytes + i / 8, 1, place), 1);
	}
	ck_assert_int_eq(read_file(path), 0);
	if (_i == 0)
		ck_assert_int_gt(refused, 300);
	close(fd);
	free(generated);
}
END_TEST

/* Numbers at the ends of what 64 bits hold are no reason to refuse; sums of them wrap. */
START_TEST(largest_counters)
{
	static const uint64_t extremes[] = {(uint64_t)1 << 63, INT64_MAX, UINT64_MAX};
	struct generated *generated = generated_new();
	uint64_t *words = (uint64_t *)generated->counters[0];
	struct snapshot *snapshot;

	for (size_t i = 0; i < GENERATED_SITES * sizeof(struct recording_counters) / 8; i++)
		words[i] = extremes[_i];
	memcpy(generated->counters[1], generated->counters[0], sizeof(generated->counters[0]));
	words = (uint64_t *)generated->shards;
	for (size_t i = 0; i < GENERATED_SHARDS * sizeof(struct recording_shard) / 8; i++)
		words[i] = extremes[_i];
	generated->header.control.live_bytes = INT64_MIN;
	generated->header.control.peak_bytes = INT64_MAX;
	snapshot = open_generated(generated);
	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	ck_assert_uint_eq(snapshot_get_profile(snapshot)->moments[0].values[2].total_bytes,
			  2 * extremes[_i]);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* A count or a place of a section that no file has, nor any sum with it. Counts of sections that
 * are read by place only are not looked at. */
START_TEST(impossible_sections)
{
	static const uint64_t values[] = {(uint64_t)1 << 63, UINT64_MAX, UINT64_MAX / 8,
					  (uint64_t)1 << 32};
	struct generated *generated = generated_new();

	for (int i = 0; i < SECTION_MARKS * 4; i++) {
		enum recording_section section = (enum recording_section)(i / 4);
		struct recording_extent *extent = &generated->header.sections[section];
		const struct recording_extent good = *extent;
		int result;

		extent->capacity = extent->count = values[i % 4];
		result = read_generated(generated);
		/* The texts of code are read by place, too. */
		if (section >= SECTION_MODULES && section <= SECTION_SITES &&
		    section != SECTION_CODE_TEXT)
			ck_assert_int_eq(result, -EBADMSG);
		else
			ck_assert(result == 0 || result == -EBADMSG);
		*extent = good;
		/* The place of a section without records does not matter. */
		extent->offset = values[i % 4];
		ck_assert_int_eq(read_generated(generated), good.count != 0 ? -EBADMSG : 0);
		*extent = good;
	}
	free(generated);
}
END_TEST

/* Counts of a huge sparse file are believed only as far as there is something. */
START_TEST(sparse_file_with_huge_counts)
{
	static const enum recording_section sections[] = {SECTION_NODES, SECTION_FRAMES,
							  SECTION_SITES};
	const struct rlimit memory __attribute__((unused)) = {(rlim_t)1 << 30, (rlim_t)1 << 30};
	struct generated *generated = generated_new();
	enum recording_section section = sections[_i];
	struct snapshot *snapshot;

	generated->header.sections[section].offset = sizeof(*generated);
	generated->header.sections[section].capacity = (uint64_t)1 << 40;
	generated->header.sections[section].count = (uint64_t)1 << 26;
	generated_write(generated, "recording");
	ck_assert_int_eq(truncate("recording", (off_t)1 << 43), 0);
#ifndef __SANITIZE_ADDRESS__ /* its own tables need terabytes */
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &memory), 0);
#endif
	ck_assert_int_eq(snapshot_open("recording", 0, &snapshot), 0);
	ck_assert_int_eq(snapshot_update(snapshot, ""), -EBADMSG);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_read)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot = open_generated(generated);

	ck_assert_int_eq(truncate("recording", 2 * GENERATED_PAGE), 0);
	ck_assert_int_eq(snapshot_update(snapshot, ""), -EBADMSG);
	ck_assert_int_eq(truncate("recording", 10), 0);
	ck_assert_int_eq(snapshot_refresh(snapshot), -EBADMSG);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

START_TEST(files_of_other_kinds)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot;

	generated_write(generated, "recording");
	ck_assert_int_eq(symlink("recording", "link"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(mkdir("directory", 0700), 0);
	ck_assert_int_eq(snapshot_open("link", 0, &snapshot), -ELOOP);
	ck_assert_int_eq(snapshot_open("link", SNAPSHOT_ANY_OWNER, &snapshot), 0);
	snapshot_free(snapshot);
	ck_assert_int_eq(snapshot_open("fifo", 0, &snapshot), -EBADMSG);
	ck_assert_int_eq(snapshot_open("directory", 0, &snapshot), -EISDIR);
	ck_assert_int_eq(snapshot_open("missing", 0, &snapshot), -ENOENT);
	free(generated);
}
END_TEST

/* Bits of the recording become those of the model, each with a sentence. */
START_TEST(every_trouble_has_a_sentence)
{
	static const struct {
		uint32_t recorded, trouble;
	} troubles[] = {
		{TROUBLE_NO_UNWINDER, PROFILE_TROUBLE_NO_UNWINDER},
		{TROUBLE_FULL, PROFILE_TROUBLE_FULL},
		{TROUBLE_NODES_FULL, PROFILE_TROUBLE_NODES_FULL},
		{TROUBLE_FOREIGN_MALLOC, PROFILE_TROUBLE_FOREIGN_MALLOC},
		{TROUBLE_BAD_OPTION, PROFILE_TROUBLE_BAD_OPTION},
		{TROUBLE_NO_BLOCK_TABLE, PROFILE_TROUBLE_NO_BLOCK_TABLE},
		{TROUBLE_UNWINDER_FORKED, PROFILE_TROUBLE_UNWINDER_FORKED},
		{TROUBLE_LIMITED, PROFILE_TROUBLE_LIMITED},
		{TROUBLE_NOTHING_SEEN, PROFILE_TROUBLE_NOTHING_SEEN},
		{TROUBLE_UNLOCKED, PROFILE_TROUBLE_UNLOCKED},
		{TROUBLE_OWN_NEW, PROFILE_TROUBLE_OWN_NEW},
		{TROUBLE_OUT_REFUSED, PROFILE_TROUBLE_OUT_REFUSED},
		{TROUBLE_EARLY, PROFILE_TROUBLE_EARLY},
		{TROUBLE_PYTHON_VERSION, PROFILE_TROUBLE_PYTHON_VERSION},
		{TROUBLE_PYTHON_THREADED, PROFILE_TROUBLE_PYTHON_THREADED},
		{TROUBLE_PYTHON_STRANGE, PROFILE_TROUBLE_PYTHON_STRANGE},
		{TROUBLE_PYTHON_OTHER, PROFILE_TROUBLE_PYTHON_OTHER},
		{TROUBLE_PYTHON_FULL, PROFILE_TROUBLE_PYTHON_FULL},
		{TROUBLE_PYTHON_OLD, PROFILE_TROUBLE_PYTHON_OLD},
		{TROUBLE_PYTHON_TRACED, PROFILE_TROUBLE_PYTHON_TRACED},
		{1u << 31, PROFILE_TROUBLE_NEWER},
	};
	struct generated *generated = generated_new();

	ck_assert_uint_eq(sizeof(troubles) / sizeof(troubles[0]), PROFILE_TROUBLE_COUNT);
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		struct snapshot *snapshot;
		uint32_t trouble;

		generated->header.trouble = troubles[i].recorded;
		snapshot = open_generated(generated);
		ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
		trouble = snapshot_get_profile(snapshot)->trouble;
		ck_assert_uint_eq(trouble, troubles[i].trouble);
		ck_assert_ptr_nonnull(trouble_get_sentence(trouble, 0));
		ck_assert_ptr_null(trouble_get_sentence(trouble, 1));
		snapshot_free(snapshot);
	}
	ck_assert_ptr_null(trouble_get_sentence(0, 0));
	ck_assert_ptr_nonnull(strstr(trouble_get_sentence(PROFILE_TROUBLE_BAD_OPTION, 0), "HEAPT"));
	free(generated);
}
END_TEST

/* Everything has grown, and the last that is read is wrong. */
START_TEST(a_failed_update_changes_nothing)
{
	struct generated *generated = generated_new();
	struct generated *grown = generated_new();
	struct snapshot *snapshot;
	struct profile *profile, before;
	struct profile_module modules[GENERATED_MODULES];

	generated->header.sections[SECTION_SITES].count--;
	generated->header.sections[SECTION_NODES].count -= 1;
	generated->header.sections[SECTION_MARKS].count--;
	snapshot = open_generated(generated);
	profile = snapshot_get_profile(snapshot);
	ck_assert_int_eq(snapshot_update(snapshot, "good"), 0);
	before = *profile;
	memcpy(modules, before.modules, before.module_count * sizeof(*modules));

	grown->modules[0].flags |= RECORDING_MODULE_UNLOADED;
	grown->header.trouble = TROUBLE_FULL;
	grown->chunks[0][5] = GENERATED_SHARDS + 1;
	overwrite(grown, grown->length, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(snapshot_update(snapshot, "bad"), -EBADMSG);
		ck_assert_int_eq(
			memcmp(profile->modules, modules, before.module_count * sizeof(*modules)),
			0);
		before.modules = profile->modules;
		before.frames = profile->frames;
		before.nodes = profile->nodes;
		before.sites = profile->sites;
		before.moments = profile->moments;
		before.marks = profile->marks;
		ck_assert_int_eq(memcmp(profile, &before, sizeof(before)), 0);
		ck_assert_int_eq(profile_finish(profile), 0);
	}
	grown->chunks[0][5] = 0;
	overwrite(grown, grown->length, 0);
	ck_assert_int_eq(snapshot_update(snapshot, "better"), 0);
	ck_assert_uint_eq(profile->moment_count, 2);
	ck_assert_uint_eq(profile->site_count, GENERATED_SITES - 1);
	ck_assert(profile->modules[0].unloaded);
	snapshot_free(snapshot);
	free(generated);
	free(grown);
}
END_TEST

/* Every frame from `first` on is line 40 of run() in app.py. What it needs is put behind the marks.
 */
static void
add_python(struct generated *generated, uint32_t first, uint32_t end)
{
	enum {
		CODES = 2048,
		TEXTS = 3072,
		TEXT_BYTES = 16
	};
	struct recording_frame *frames = (struct recording_frame *)generated->frames_page;
	struct recording_code code = {
		.file = 0,
		.file_bytes = 6,
		.name = 6,
		.name_bytes = 3,
		.table = 9,
		.table_bytes = 2,
		.first_line = 40,
		.minor = 9,
	};
	struct recording_extent *sections = generated->header.sections;

	memcpy(generated->marks_page + CODES, &code, sizeof(code));
	memcpy(generated->marks_page + TEXTS, "app.pyrun\x02\0", 11);
	sections[SECTION_CODES] = (struct recording_extent){
		.offset = offsetof(struct generated, marks_page) + CODES,
		.capacity = 1,
		.count = 1,
		.record_bytes = sizeof(code),
	};
	sections[SECTION_CODE_TEXT] = (struct recording_extent){
		.offset = offsetof(struct generated, marks_page) + TEXTS,
		.capacity = TEXT_BYTES,
		.count = TEXT_BYTES,
		.record_bytes = 1,
	};
	sections[SECTION_FRAMES].capacity = sections[SECTION_FRAMES].count = end;
	for (uint32_t i = first; i < end; i++)
		frames[i] = (struct recording_frame){.kind = FRAME_KIND_PYTHON};
}

static void
check_python(const struct profile *profile, uint32_t first, uint32_t end)
{
	ck_assert_uint_eq(profile->frame_count, end);
	for (uint32_t i = first; i < end; i++) {
		const struct profile_location *location =
			&profile->locations[profile->frames[i].location];

		ck_assert_str_eq(location->function, "run");
		ck_assert_str_eq(location->file, "app.py");
		ck_assert_uint_eq(location->line, 40);
	}
}

/* The lines of Python are read with their frames, and are many enough to be moved. */
START_TEST(a_failed_update_keeps_the_lines_of_python)
{
	enum {
		FIRST = FRAME_FIRST + 3,
		SOME = FIRST + 1,
		ALL = 256
	};
	struct generated *generated = generated_new();
	struct generated *grown = generated_new();
	struct snapshot *snapshot;
	struct profile *profile;

	add_python(generated, FIRST, SOME);
	add_python(grown, FIRST, ALL);
	snapshot = open_generated(generated);
	profile = snapshot_get_profile(snapshot);
	ck_assert_int_eq(snapshot_update(snapshot, "good"), 0);
	check_python(profile, FIRST, SOME);
	grown->chunks[0][5] = GENERATED_SHARDS + 1;
	overwrite(grown, grown->length, 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(snapshot_update(snapshot, "bad"), -EBADMSG);
		check_python(profile, FIRST, SOME);
	}
	grown->chunks[0][5] = 0;
	overwrite(grown, grown->length, 0);
	ck_assert_int_eq(snapshot_update(snapshot, "better"), 0);
	check_python(profile, FIRST, ALL);
	snapshot_free(snapshot);
	free(generated);
	free(grown);
}
END_TEST

/* A code object that cannot be read is asked for again, and not taken half. */
START_TEST(a_code_object_is_whole_or_not_there)
{
	enum {
		FIRST = FRAME_FIRST + 3,
		SOME = FIRST + 1
	};
	struct generated *generated = generated_new();
	struct snapshot *snapshot;

	add_python(generated, FIRST, SOME);
	generated->header.sections[SECTION_CODE_TEXT].capacity = 10;
	snapshot = open_generated(generated);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(snapshot_update(snapshot, "bad"), -EBADMSG);
	generated->header.sections[SECTION_CODE_TEXT].capacity = 11;
	overwrite(generated, generated->length, 0);
	ck_assert_int_eq(snapshot_update(snapshot, "good"), 0);
	check_python(snapshot_get_profile(snapshot), FIRST, SOME);
	snapshot_free(snapshot);
	free(generated);
}
END_TEST

/* A header that became another one is refused, and what was known stays. */
START_TEST(a_header_is_never_taken_unchecked)
{
	struct generated *generated = generated_new();
	struct snapshot *snapshot = open_generated(generated);
	struct generated *other = generated_new();

	ck_assert_int_eq(snapshot_update(snapshot, ""), 0);
	other->header.version = RECORDING_VERSION + 1;
	other->header.trouble = TROUBLE_UNLOCKED;
	other->header.sections[SECTION_LIFETIMES] = (struct recording_extent){
		.offset = 0, .capacity = UINT64_MAX, .count = UINT64_MAX, .record_bytes = 1};
	overwrite(other, sizeof(other->header), 0);
	ck_assert_int_eq(snapshot_refresh(snapshot), -EPROTO);
	ck_assert_int_eq(snapshot_update_lifetimes(snapshot), 0);
	ck_assert_int_eq(snapshot_update_blocks(snapshot, NULL), 0);
	snapshot_free(snapshot);
	free(generated);
	free(other);
}
END_TEST

START_TEST(whose_a_recording_of_another_version_is)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct generated *generated = generated_new();
	struct snapshot_identity identity;
	int fd;

	/* Another version has another layout after the fixed part, and may be short. */
	generated->header.version = RECORDING_VERSION + 7;
	memset((char *)generated + RECORDING_FIXED_BYTES, 0xaa,
	       sizeof(*generated) - RECORDING_FIXED_BYTES);
	generated->header.trouble = ~0u;
	generated_write_part(generated, "recording", RECORDING_FIXED_BYTES);
	ck_assert_int_eq(snapshot_identify("recording", 0, &identity), 0);
	ck_assert(!identity.readable && !identity.alive);
	ck_assert_uint_eq(identity.layout, RECORDING_VERSION + 7);
	ck_assert_uint_eq(identity.pid, GENERATED_COMMAND_PID);
	ck_assert_str_eq(identity.command, "program");
	ck_assert_int_eq(identity.state, PROFILE_ENDED);
	ck_assert(!snapshot_may_live("recording"));
	fd = open("recording", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	ck_assert_int_eq(snapshot_identify("recording", 0, &identity), 0);
	ck_assert(identity.alive && identity.state == PROFILE_RUNNING);
	ck_assert(snapshot_may_live("recording"));
	/* Of a machine with the other byte order only the lock can be read. */
	generated->header.byte_order = 0x04030201;
	overwrite(&generated->header.byte_order, 4, offsetof(struct recording_header, byte_order));
	ck_assert_int_eq(snapshot_identify("recording", 0, &identity), 0);
	ck_assert(identity.alive && identity.layout == 0);
	/* Not yet a recording, but already somebody's. */
	overwrite("????????", 8, 0);
	ck_assert_int_eq(snapshot_identify("recording", 0, &identity), -EBADMSG);
	ck_assert(snapshot_may_live("recording"));
	close(fd);
	ck_assert(!snapshot_may_live("recording"));
	ck_assert(!snapshot_may_live("missing"));
	free(generated);
}
END_TEST

/* Where there are no locks: the process of another version has its file mapped. */
START_TEST(another_version_lives_while_it_is_mapped)
{
	struct generated *generated = generated_new();
	void *mapping;
	int fd;

	generated->header.version = RECORDING_VERSION + 1;
	generated->header.pid = (uint32_t)getpid();
	generated_write(generated, "recording");
	ck_assert(!snapshot_may_live("recording"));
	fd = open("recording", O_RDWR | O_CLOEXEC);
	mapping = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(mapping, MAP_FAILED);
	close(fd);
	ck_assert(snapshot_may_live("recording"));
	munmap(mapping, 1);
	ck_assert(!snapshot_may_live("recording"));
	free(generated);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_the_header_tells);
	tcase_add_test(tcase, tables);
	tcase_add_test(tcase, values_of_all_shards);
	tcase_add_test(tcase, rising_means_that_now_is_the_peak);
	tcase_add_test(tcase, moments_follow_a_growing_recording);
	tcase_add_test(tcase, marks_follow_too);
	tcase_add_test(tcase, a_lock_means_that_it_lives);
	tcase_add_test(tcase, without_locks_a_mapping_means_that_it_lives);
	tcase_add_loop_test(tcase, broken, 0, sizeof(breaks) / sizeof(breaks[0]));
	tcase_add_test(tcase, foreign_versions);
	tcase_add_test(tcase, cut_at_every_length);
	tcase_add_loop_test(tcase, flipped_bits, 0, sizeof(meaningful) / sizeof(meaningful[0]));
	tcase_add_loop_test(tcase, largest_counters, 0, 3);
	tcase_add_test(tcase, impossible_sections);
	tcase_add_loop_test(tcase, sparse_file_with_huge_counts, 0, 3);
	tcase_add_test(tcase, a_file_that_shrinks_while_it_is_read);
	tcase_add_test(tcase, files_of_other_kinds);
	tcase_add_test(tcase, every_trouble_has_a_sentence);
	tcase_add_test(tcase, a_failed_update_changes_nothing);
	tcase_add_test(tcase, a_failed_update_keeps_the_lines_of_python);
	tcase_add_test(tcase, a_code_object_is_whole_or_not_there);
	tcase_add_test(tcase, a_header_is_never_taken_unchecked);
	tcase_add_test(tcase, whose_a_recording_of_another_version_is);
	tcase_add_test(tcase, another_version_lives_while_it_is_mapped);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
