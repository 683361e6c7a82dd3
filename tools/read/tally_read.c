/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_read.c - read snapshot files
 *
 * The file is hostile until shown otherwise. A payload is held in memory only as far as it really
 * arrived; an item is appended to its table only when its bytes were there; the expansion by zstd
 * has a limit, and memory one that grows with the bytes that were read from the file; every index
 * is checked at the end of a profile by `profile_finish`.
 *
 * A number that is not known is no damage: a newer version wrote it. As wrong bytes may look like
 * that too, the rest of the stream is read then, for its checksum.
 */
#include "config.h"
#include "read/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "model/profile.h"
#include "read/tally_blocks.h"
#include "read/tally_leaks.h"
#include "read/tally_resident.h"
#include "read/tally_format.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/intern.h"
#include "util/varint.h"
#include "util/xalloc.h"

/* zstd can make gigabytes of kilobytes. Real tallies shrink 5 to 50 times. */
#define EXPANSION_FREE_BYTES ((uint64_t)256 << 20)
#define EXPANSION_MAX        200

/*
 * A profile may take so much memory, and so much more for each byte of the file so far. Moments
 * take the most: each is a table of all sites in memory, and a few dozen bytes in the file when
 * little has changed. `heaptally run` keeps 256 MiB of them at most; then these are 4000 times what
 * was read in the worst case that a program can bring about.
 */
#define MEMORY_FREE_BYTES ((uint64_t)64 << 20)
#define MEMORY_MAX        4096

/* Of a string in the table of them, besides its letters. */
#define STRING_BYTES 80

/* No item takes more memory than this for each of its bytes in a chunk: a string of two letters. */
#define ITEM_GROWTH 40

struct tally_reader {
	int fd;
	ZSTD_DCtx *context;
	struct buffer compressed;
	size_t compressed_used;
	struct buffer plain;
	size_t plain_used;
	uint64_t read_bytes, made_bytes;
	bool end_of_file, frame_is_complete;

	struct buffer chunk;
	bool ended;
	uint32_t process_count;

	/* The profile that is being read. */
	struct profile *profile;
	ARRAY(const char *) names;
	ARRAY(struct profile_module) modules;
	ARRAY(struct profile_location) locations;
	ARRAY(struct profile_frame) frames;
	ARRAY(struct profile_node) nodes;
	ARRAY(uint32_t) sites;
	ARRAY(struct profile_sample) samples;
	ARRAY(struct profile_mark) marks;
	uint32_t next_value;   /* site of the last moment that the next value is for */
	uint64_t values_bytes; /* memory of the moments */
	uint64_t text_bytes;   /* memory of the strings, or more */
	bool too_big;
	bool newer; /* a number or tag was met that this version does not know */
	struct tally_blocks blocks;
	struct tally_leaks leaks;
	struct tally_resident resident;
	bool keeps_blocks;
};

/* --- stream --- */

/* 1 if there are compressed bytes now, 0 at the end of the file, or -errno. */
static int
fill_compressed(struct tally_reader *reader)
{
	ssize_t got;

	if (reader->compressed_used < reader->compressed.length)
		return 1;
	if (reader->end_of_file)
		return 0;
	do
		got = read(reader->fd, reader->compressed.bytes, reader->compressed.capacity);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	reader->compressed.length = (size_t)got;
	reader->compressed_used = 0;
	reader->read_bytes += (uint64_t)got;
	reader->end_of_file = got == 0;
	return got != 0;
}

/* 1 if there are plain bytes now, 0 at the end of the stream, or -errno. */
static int
fill_plain(struct tally_reader *reader)
{
	while (reader->plain_used == reader->plain.length) {
		int result = fill_compressed(reader);
		ZSTD_inBuffer in = {reader->compressed.bytes, reader->compressed.length,
				    reader->compressed_used};
		ZSTD_outBuffer out = {reader->plain.bytes, reader->plain.capacity, 0};
		size_t hint;

		if (result < 0)
			return result;
		hint = ZSTD_decompressStream(reader->context, &out, &in);
		if (ZSTD_isError(hint))
			return -EBADMSG;
		if (in.pos != reader->compressed_used || out.pos != 0)
			reader->frame_is_complete = hint == 0;
		reader->compressed_used = in.pos;
		reader->plain.length = out.pos;
		reader->plain_used = 0;
		reader->made_bytes += out.pos;
		if (reader->made_bytes > EXPANSION_FREE_BYTES &&
		    reader->made_bytes / EXPANSION_MAX > reader->read_bytes)
			return -EFBIG;
		if (result == 0 && out.pos == 0)
			return 0;
	}
	return 1;
}

/* Append length bytes of the stream to buffer. 1; 0 if it ends before; or -errno. */
static int
read_plain(struct tally_reader *reader, struct buffer *buffer, size_t length)
{
	while (length != 0) {
		int result = fill_plain(reader);
		size_t there = reader->plain.length - reader->plain_used;

		if (result <= 0)
			return result;
		if (there > length)
			there = length;
		buffer_insert(buffer, reader->plain.bytes + reader->plain_used, there);
		reader->plain_used += there;
		length -= there;
	}
	return 1;
}

static uint32_t
get_little_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Memory of the profile that is being read. A site may get a place in the table of lifetimes. */
static uint64_t
get_memory(const struct tally_reader *reader)
{
#define TABLE_BYTES(table) ((uint64_t)(table).count * sizeof(*(table).items))
	return TABLE_BYTES(reader->names) + TABLE_BYTES(reader->modules) +
	       TABLE_BYTES(reader->locations) + TABLE_BYTES(reader->frames) +
	       TABLE_BYTES(reader->nodes) + TABLE_BYTES(reader->sites) +
	       TABLE_BYTES(reader->samples) + TABLE_BYTES(reader->marks) +
	       TABLE_BYTES(reader->resident.moments) + TABLE_BYTES(reader->resident.mapped) +
	       TABLE_BYTES(reader->leaks.sites) + TABLE_BYTES(reader->leaks.parts) +
	       TABLE_BYTES(reader->leaks.classes) + TABLE_BYTES(reader->blocks.blocks) +
	       TABLE_BYTES(reader->blocks.buckets) +
	       (uint64_t)reader->sites.count * sizeof(*reader->blocks.lifetimes.items) +
	       reader->values_bytes + reader->text_bytes + reader->leaks.text_bytes;
#undef TABLE_BYTES
}

/* Whether the profile may take so much more. */
static bool
is_affordable(const struct tally_reader *reader, uint64_t bytes)
{
	return get_memory(reader) + bytes <= MEMORY_FREE_BYTES + reader->read_bytes * MEMORY_MAX;
}

/* Read the next chunk into reader->chunk. 1; 0 if the file ends first; or -errno. */
static int
read_chunk(struct tally_reader *reader, uint32_t *ret_tag)
{
	uint32_t length;
	int result;

	buffer_clear(&reader->chunk);
	result = read_plain(reader, &reader->chunk, 8);
	if (result <= 0)
		return result;
	*ret_tag = get_little_endian(reader->chunk.bytes);
	length = get_little_endian(reader->chunk.bytes + 4);
	if (length > TALLY_CHUNK_MAX_BYTES)
		return -EBADMSG;
	if (!is_affordable(reader, (uint64_t)length * ITEM_GROWTH))
		return -EFBIG;
	buffer_clear(&reader->chunk);
	return read_plain(reader, &reader->chunk, length);
}

/* --- fields --- */

static uint32_t
get_small(struct varint_input *input)
{
	uint64_t value = varint_get(input);

	if (value > UINT32_MAX) {
		input->bad = true;
		return 0;
	}
	return (uint32_t)value;
}

static const char *
get_text(struct tally_reader *reader, struct varint_input *input)
{
	uint64_t length = varint_get(input);
	const char *text = (const char *)input->next;

	if (length > (size_t)(input->end - input->next) || memchr(text, '\0', length) != NULL) {
		input->bad = true;
		length = 0;
	}
	input->next += length;
	reader->text_bytes += length + STRING_BYTES;
	return intern_insert(reader->profile->strings, text, length);
}

/* A number that stands for something is only taken when it is known. */
static bool
is_known(struct tally_reader *reader, bool known)
{
	reader->newer |= !known;
	return known;
}

static bool
get_flag(struct tally_reader *reader, struct varint_input *input)
{
	bool flag = false;

	is_known(reader, tally_parse_flag(varint_get(input), &flag));
	return flag;
}

static const char *
get_name(struct tally_reader *reader, struct varint_input *input)
{
	uint32_t number = get_small(input);

	if (number > reader->names.count)
		input->bad = true;
	return number == 0 || number > reader->names.count ? NULL : reader->names.items[number - 1];
}

static bool
has_more(const struct varint_input *input)
{
	return !input->bad && input->next != input->end;
}

/* --- tables --- */

static void
read_process(struct tally_reader *reader, struct varint_input *input)
{
	struct profile *profile = reader->profile;

	profile->pid = get_small(input);
	profile->parent_pid = get_small(input);
	profile->command = get_text(reader, input);
	profile->executable = get_text(reader, input);
	profile->allocator = get_text(reader, input);
	profile->version = get_text(reader, input);
	profile->start_realtime_ns = varint_get(input);
	profile->frames_limit = get_small(input);
	profile->realloc_origin = get_flag(reader, input);
}

static void
read_strings(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input))
		*array_push(&reader->names) = get_text(reader, input);
}

static void
read_modules(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		struct profile_module module = {.path = get_name(reader, input)};
		uint64_t flags = varint_get(input);

		if (!is_known(reader, (flags & ~(uint64_t)TALLY_MODULE_FLAGS) == 0))
			return;
		module.unloaded = (flags & TALLY_MODULE_UNLOADED) != 0;
		module.is_main = (flags & TALLY_MODULE_MAIN) != 0;
		module.start = varint_get(input);
		module.end = module.start + varint_get(input);
		module.bias = varint_get(input);
		module.build_id_bytes = get_small(input);
		if (module.path == NULL || module.build_id_bytes > sizeof(module.build_id) ||
		    module.build_id_bytes > (size_t)(input->end - input->next)) {
			input->bad = true;
			return;
		}
		memcpy(module.build_id, input->next, module.build_id_bytes);
		input->next += module.build_id_bytes;
		*array_push(&reader->modules) = module;
	}
}

static void
read_files(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		uint64_t index = varint_get(input);
		struct profile_module *module;

		if (index >= reader->modules.count) {
			input->bad = true;
			return;
		}
		module = &reader->modules.items[index];
		if (!is_known(reader, tally_parse_file(varint_get(input), &module->file)))
			return;
		module->device = varint_get(input);
		module->inode = varint_get(input);
		module->file_bytes = varint_get(input);
		module->modified_ns = varint_get(input);
		module->seen_ns = varint_get(input);
	}
}

static void
read_locations(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		struct profile_location location = {.function = get_name(reader, input)};
		uint64_t line;

		location.file = get_name(reader, input);
		line = varint_get(input);
		location.line = (uint32_t)(line >> 1);
		location.inlined = (line & 1) != 0;
		location.column = get_small(input);
		location.function_line = get_small(input);
		*array_push(&reader->locations) = location;
	}
}

static void
read_symbols(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		uint32_t index = get_small(input);
		const char *name = get_name(reader, input);

		if (index < reader->locations.count && name != NULL)
			reader->locations.items[index].symbol = name;
		else
			input->bad = true;
	}
}

static void
read_frames(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		struct profile_frame frame = {0};

		if (!is_known(reader, tally_parse_frame_kind(varint_get(input), &frame.kind)))
			return;
		frame.module = get_small(input) - 1;
		frame.offset = tally_parse_offset(frame.kind, varint_get(input));
		frame.location_count = get_small(input);
		if (frame.location_count != 0)
			frame.location = get_small(input);
		if (frame.kind == PROFILE_FRAME_ALLOCATOR)
			frame.name = get_name(reader, input);
		*array_push(&reader->frames) = frame;
	}
}

static void
read_threads(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		uint32_t index = get_small(input);
		const char *name = get_name(reader, input);

		if (index < reader->frames.count && name != NULL &&
		    reader->frames.items[index].kind == PROFILE_FRAME_THREAD)
			reader->frames.items[index].name = name;
		else
			input->bad = true;
	}
}

static void
read_nodes(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		uint32_t index = (uint32_t)reader->nodes.count;
		uint32_t distance = get_small(input);
		struct profile_node node = {.parent = index - distance, .frame = get_small(input)};

		if (distance > index || (distance == 0 && index != 0))
			input->bad = true;
		*array_push(&reader->nodes) = node;
	}
}

static void
read_sites(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		uint64_t previous =
			reader->sites.count != 0 ? reader->sites.items[reader->sites.count - 1] : 0;
		uint64_t leaf = previous + varint_get_signed(input);

		if (leaf > UINT32_MAX)
			input->bad = true;
		*array_push(&reader->sites) = (uint32_t)leaf;
	}
}

/* --- moments --- */

static void
read_moment(struct tally_reader *reader, struct varint_input *input)
{
	struct profile *profile = reader->profile;
	const struct profile_moment *previous =
		profile->moment_count != 0 ? &profile->moments[profile->moment_count - 1] : NULL;
	struct profile_moment moment = {0};
	const char *label = get_text(reader, input);
	uint64_t bytes;

	memcpy(moment.label, label, strnlen(label, sizeof(moment.label) - 1));
	moment.time_ns = varint_get(input);
	moment.peak_time_ns = varint_get(input);
	moment.site_count = get_small(input);
	if (input->bad || moment.site_count > reader->sites.count ||
	    (previous != NULL && moment.site_count < previous->site_count)) {
		input->bad = true;
		return;
	}
	bytes = sizeof(moment) + (uint64_t)moment.site_count * sizeof(*moment.values);
	if (!is_affordable(reader, bytes) ||
	    (previous != NULL && reader->values_bytes + bytes > TALLY_VALUES_MAX)) {
		reader->too_big = true;
		return;
	}
	reader->values_bytes += bytes;
	moment.values = xcalloc(moment.site_count, sizeof(*moment.values));
	if (previous != NULL && previous->site_count != 0)
		memcpy(moment.values, previous->values,
		       previous->site_count * sizeof(*moment.values));
	profile->moments = xreallocarray(profile->moments, profile->moment_count + 1,
					 sizeof(*profile->moments));
	profile->moments[profile->moment_count++] = moment;
	reader->next_value = 0;
}

static void
add_differences(struct profile_values *values, const uint64_t *differences)
{
	values->total_bytes += differences[TALLY_TOTAL_BYTES];
	values->total_blocks += differences[TALLY_TOTAL_BLOCKS];
	values->freed_bytes += differences[TALLY_FREED_BYTES];
	values->freed_blocks += differences[TALLY_FREED_BLOCKS];
	values->temporary_blocks += differences[TALLY_TEMPORARY_BLOCKS];
	values->rounding_bytes =
		(int64_t)((uint64_t)values->rounding_bytes + differences[TALLY_ROUNDING_BYTES]);
	values->peak_bytes =
		(int64_t)((uint64_t)values->peak_bytes + differences[TALLY_PEAK_BYTES]);
	values->peak_blocks =
		(int64_t)((uint64_t)values->peak_blocks + differences[TALLY_PEAK_BLOCKS]);
	values->live_bytes = (int64_t)(values->total_bytes - values->freed_bytes +
				       differences[TALLY_LIVE_BYTES]);
	values->live_blocks = (int64_t)(values->total_blocks - values->freed_blocks +
					differences[TALLY_LIVE_BLOCKS]);
}

static void
read_values(struct tally_reader *reader, struct varint_input *input)
{
	struct profile *profile = reader->profile;
	struct profile_moment *moment;

	if (profile->moment_count == 0) {
		input->bad = true;
		return;
	}
	moment = &profile->moments[profile->moment_count - 1];
	while (has_more(input)) {
		uint64_t differences[TALLY_VALUE_COUNT] = {0};
		uint64_t site = reader->next_value + varint_get(input);
		uint64_t mask = varint_get(input);

		if (input->bad || site >= moment->site_count) {
			input->bad = true;
			return;
		}
		if (!is_known(reader, mask >> TALLY_VALUE_COUNT == 0))
			return;
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			if ((mask >> i & 1) != 0)
				differences[i] = varint_get_signed(input);
		add_differences(&moment->values[site], differences);
		reader->next_value = (uint32_t)site + 1;
	}
}

static void
read_samples(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		struct profile_sample sample = {0};

		if (reader->samples.count != 0)
			sample = reader->samples.items[reader->samples.count - 1];
		if (__builtin_add_overflow(sample.time_ns, varint_get(input), &sample.time_ns))
			input->bad = true;
		sample.live_bytes =
			(int64_t)((uint64_t)sample.live_bytes + varint_get_signed(input));
		sample.rss_bytes += varint_get_signed(input);
		*array_push(&reader->samples) = sample;
	}
}

static void
read_residents(struct tally_reader *reader, struct varint_input *input)
{
	tally_resident_decode(&reader->resident, input);
}

static void
read_mapped(struct tally_reader *reader, struct varint_input *input)
{
	tally_resident_decode_mapped(&reader->resident, (uint32_t)reader->sites.count, input);
}

static void
read_marks(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input)) {
		struct profile_mark mark = {0};

		if (!is_known(reader, tally_parse_mark_kind(varint_get(input), &mark.kind)))
			return;
		mark.label = get_text(reader, input);
		mark.time_ns = varint_get(input);
		mark.live_bytes = (int64_t)varint_get_signed(input);
		mark.peak_bytes = (int64_t)varint_get_signed(input);
		*array_push(&reader->marks) = mark;
	}
}

static void
read_pause(struct tally_reader *reader, struct varint_input *input)
{
	is_known(reader, tally_parse_pause(varint_get(input), &reader->profile->pause));
}

static void
read_python(struct tally_reader *reader, struct varint_input *input)
{
	is_known(reader, tally_parse_python(varint_get(input), &reader->profile->python));
	reader->profile->python_version = get_small(input);
}

static void
read_notes(struct tally_reader *reader, struct varint_input *input)
{
	while (has_more(input))
		profile_insert_note(reader->profile, get_text(reader, input));
}

static void
read_arguments(struct tally_reader *reader, struct varint_input *input)
{
	reader->profile->arguments = get_text(reader, input);
}

static void
read_resident(struct tally_reader *reader, struct varint_input *input)
{
	reader->profile->anonymous_bytes = varint_get(input);
	reader->profile->anonymous_last_bytes = varint_get(input);
}

static void
read_unseen(struct tally_reader *reader, struct varint_input *input)
{
	uint64_t count = varint_get(input);

	input->bad |= count == 0 || count > UINT32_MAX;
	reader->profile->unseen = (uint32_t)count;
}

static void
read_blocks_info(struct tally_reader *reader, struct varint_input *input)
{
	reader->blocks.recorded = true;
	reader->blocks.expected = varint_get(input);
	reader->blocks.missing = varint_get(input);
}

static void
read_blocks(struct tally_reader *reader, struct varint_input *input)
{
	if (reader->keeps_blocks)
		tally_blocks_decode(&reader->blocks, input);
}

static void
read_lifetimes(struct tally_reader *reader, struct varint_input *input)
{
	tally_blocks_decode_lifetimes(&reader->blocks, (uint32_t)reader->sites.count, input);
}

static void
read_leaks_info(struct tally_reader *reader, struct varint_input *input)
{
	/* Every site may get values. */
	if (!is_affordable(reader, (uint64_t)reader->sites.count * sizeof(struct leak_values)))
		reader->too_big = true;
	else
		tally_leaks_decode_info(&reader->leaks, input);
}

static void
read_leaks(struct tally_reader *reader, struct varint_input *input)
{
	input->bad |= !reader->leaks.set.is_known;
	tally_leaks_decode_sites(&reader->leaks, (uint32_t)reader->sites.count, input);
}

static void
read_leak_parts(struct tally_reader *reader, struct varint_input *input)
{
	input->bad |= !reader->leaks.set.is_known;
	tally_leaks_decode_parts(&reader->leaks, input);
}

static void
read_leak_classes(struct tally_reader *reader, struct varint_input *input)
{
	tally_leaks_decode_classes(&reader->leaks, reader->profile->strings, input);
}

static void
read_done(struct tally_reader *reader, struct varint_input *input)
{
	struct profile *profile = reader->profile;
	const uint64_t counts[] = {
		reader->modules.count, reader->locations.count, reader->frames.count,
		reader->nodes.count,   reader->sites.count,     profile->moment_count,
		reader->samples.count,
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (varint_get(input) != counts[i])
			input->bad = true;
	is_known(reader, tally_parse_state(varint_get(input), &profile->state));
	profile->has_wait_status = get_flag(reader, input);
	profile->wait_status = (int)get_small(input);
	profile->duration_ns = varint_get(input);
	profile->symbolized = get_flag(reader, input);
	profile->trouble = tally_parse_troubles(varint_get(input));
	profile->dropped_events = varint_get(input);
	profile->cut_stacks = varint_get(input);
	profile->nested_events = varint_get(input);
	profile->unknown_frees = varint_get(input);
	profile->failed_allocations = varint_get(input);
	profile->reallocs = varint_get(input);
	profile->tracer_bytes = varint_get(input);
	profile->tracer_cpu_ns = varint_get(input);
	profile->crosschecks = varint_get(input);
	profile->crosscheck_differences = varint_get(input);
	profile->full_walks = varint_get(input);
	profile->rules = varint_get(input);
	profile->peak_error_bytes = (int64_t)varint_get(input);
	profile->threads = get_small(input);
}

/* --- profiles --- */

static void
drop_profile(struct tally_reader *reader)
{
	profile_free(reader->profile);
	reader->profile = NULL;
	array_release(&reader->names);
	array_release(&reader->modules);
	array_release(&reader->locations);
	array_release(&reader->frames);
	array_release(&reader->nodes);
	array_release(&reader->sites);
	array_release(&reader->samples);
	array_release(&reader->marks);
	reader->values_bytes = reader->text_bytes = 0;
	tally_blocks_release(&reader->blocks);
	tally_leaks_release(&reader->leaks);
	tally_resident_release(&reader->resident);
}

#define MOVE_TABLE(reader, table, count_field)                                    \
	do {                                                                      \
		(reader)->profile->table = (reader)->table.items;                 \
		(reader)->profile->count_field = (uint32_t)(reader)->table.count; \
		(reader)->table.items = NULL;                                     \
	} while (0)

/* Hand the profile that was read to the caller. 1 or -EBADMSG. */
static int
finish_profile(struct tally_reader *reader, struct profile **ret_profile)
{
	struct profile *profile = reader->profile;
	int result;

	MOVE_TABLE(reader, modules, module_count);
	MOVE_TABLE(reader, locations, location_count);
	MOVE_TABLE(reader, frames, frame_count);
	MOVE_TABLE(reader, nodes, node_count);
	MOVE_TABLE(reader, sites, site_count);
	MOVE_TABLE(reader, samples, sample_count);
	MOVE_TABLE(reader, marks, mark_count);
	tally_leaks_finish(&reader->leaks, profile->site_count, &profile->leaks);
	tally_resident_finish(&reader->resident, profile);
	result = tally_blocks_finish(&reader->blocks, reader->keeps_blocks, profile->site_count,
				     &profile->blocks)
			 ? profile_finish(profile)
			 : -EBADMSG;
	if (result == 0) {
		*ret_profile = profile;
		reader->profile = NULL;
		reader->process_count++;
	}
	drop_profile(reader);
	return result == 0 ? 1 : result;
}

typedef void table_reader(struct tally_reader *, struct varint_input *);

static table_reader *
find_table_reader(uint32_t tag)
{
	switch ((enum tally_tag)tag) {
	case TALLY_STRINGS:
		return read_strings;
	case TALLY_MODULES:
		return read_modules;
	case TALLY_FILES:
		return read_files;
	case TALLY_LOCATIONS:
		return read_locations;
	case TALLY_SYMBOLS:
		return read_symbols;
	case TALLY_FRAMES:
		return read_frames;
	case TALLY_THREADS:
		return read_threads;
	case TALLY_NODES:
		return read_nodes;
	case TALLY_SITES:
		return read_sites;
	case TALLY_MOMENT:
		return read_moment;
	case TALLY_VALUES:
		return read_values;
	case TALLY_SAMPLES:
		return read_samples;
	case TALLY_MARKS:
		return read_marks;
	case TALLY_PARTS:
		return read_residents;
	case TALLY_MAPPED:
		return read_mapped;
	case TALLY_PAUSE:
		return read_pause;
	case TALLY_PYTHON:
		return read_python;
	case TALLY_NOTES:
		return read_notes;
	case TALLY_ARGUMENTS:
		return read_arguments;
	case TALLY_RESIDENT:
		return read_resident;
	case TALLY_UNSEEN:
		return read_unseen;
	case TALLY_BLOCKS_INFO:
		return read_blocks_info;
	case TALLY_BLOCKS:
		return read_blocks;
	case TALLY_LIFETIMES:
		return read_lifetimes;
	case TALLY_LEAKS_INFO:
		return read_leaks_info;
	case TALLY_LEAKS:
		return read_leaks;
	case TALLY_LEAK_PARTS:
		return read_leak_parts;
	case TALLY_LEAK_CLASSES:
		return read_leak_classes;
	case TALLY_DONE:
		return read_done;
	case TALLY_PROCESS:
	case TALLY_END:
		break;
	}
	return NULL;
}

/* Four letters. */
static bool
is_tag(uint32_t tag)
{
	for (int i = 0; i < 4; i++) {
		uint8_t letter = (uint8_t)(tag >> 8 * i) | 0x20;

		if (letter < 'a' || letter > 'z')
			return false;
	}
	return true;
}

/* Read the stream to its end: only when its checksum is right, what was unknown is newer. */
static int
confirm_newer(struct tally_reader *reader)
{
	int result;

	do
		reader->plain_used = reader->plain.length;
	while ((result = fill_plain(reader)) == 1);
	return result < 0 ? result : reader->frame_is_complete ? -EPROTO : -ENODATA;
}

/* Take the chunk that was read in. 0 or -errno. */
static int
take_chunk(struct tally_reader *reader, uint32_t tag)
{
	struct varint_input input = {
		.next = reader->chunk.bytes,
		.end = reader->chunk.bytes + reader->chunk.length,
	};
	table_reader *read_table = find_table_reader(tag);

	if (tag == TALLY_PROCESS && reader->profile == NULL) {
		reader->profile = profile_new();
		read_process(reader, &input);
	} else if (tag == TALLY_END && reader->profile == NULL) {
		reader->ended = true;
		input.bad = varint_get(&input) != reader->process_count;
	} else if (read_table != NULL && reader->profile != NULL) {
		read_table(reader, &input);
	} else if (tag == TALLY_PROCESS || tag == TALLY_END || read_table != NULL || !is_tag(tag)) {
		return -EBADMSG;
	} else {
		is_known(reader, (tag & TALLY_TAG_OPTIONAL) != 0);
	}
	if (reader->newer)
		return confirm_newer(reader);
	if (reader->too_big)
		return -EFBIG;
	return input.bad ? -EBADMSG : 0;
}

/* After ENDS: nothing follows, and the checksum of the stream was there and right. */
static int
check_end(struct tally_reader *reader)
{
	int result = fill_plain(reader);

	if (result < 0)
		return result;
	if (result > 0)
		return -EBADMSG;
	return reader->frame_is_complete ? 0 : -ENODATA;
}

void
tally_reader_keep_blocks(struct tally_reader *reader)
{
	reader->keeps_blocks = true;
}

int
tally_reader_next(struct tally_reader *reader, struct profile **ret_profile)
{
	while (!reader->ended) {
		uint32_t tag = 0;
		int result = read_chunk(reader, &tag);

		if (result == 0)
			return -ENODATA;
		if (result > 0)
			result = take_chunk(reader, tag);
		if (result < 0)
			return result;
		if (tag == TALLY_DONE)
			return finish_profile(reader, ret_profile);
	}
	return check_end(reader);
}

bool
tally_has_magic(const uint8_t *bytes, size_t length)
{
	return length >= 4 && get_little_endian(bytes) == ZSTD_MAGICNUMBER;
}

/* 0 if the version that stands in the first line is ours, or -errno. */
static int
check_version(const char *digits)
{
	size_t length = strspn(digits, "0123456789");

	if (length == 0 || digits[0] == '0' || (digits[length] != '\n' && digits[length] != '\0'))
		return -EBADMSG;
	return digits[length] == '\n' && strtol(digits, NULL, 10) == TALLY_VERSION ? 0 : -EPROTO;
}

/* The first line of the stream. 0 or -errno. */
static int
read_title(struct tally_reader *reader)
{
	const size_t length = strlen(TALLY_TITLE);
	const char *text;
	int result;

	do
		result = read_plain(reader, &reader->chunk, 1);
	while (result == 1 && reader->chunk.length < length + 8 &&
	       reader->chunk.bytes[reader->chunk.length - 1] != '\n');
	if (result < 0)
		return result;
	text = buffer_string(&reader->chunk);
	if (result == 0)
		return -ENODATA;
	if (strncmp(text, TALLY_TITLE, length) != 0)
		return -EBADMSG;
	return check_version(text + length);
}

int
tally_reader_new(int fd, struct tally_reader **ret_reader)
{
	struct tally_reader *reader = xcalloc(1, sizeof(*reader));
	int result;

	reader->fd = fd;
	reader->context = ZSTD_createDCtx();
	buffer_reserve(&reader->compressed, ZSTD_DStreamInSize());
	buffer_reserve(&reader->plain, ZSTD_DStreamOutSize());
	if (reader->context == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(reader->context, ZSTD_d_windowLogMax, 23)))
		result = -ENOMEM;
	else
		result = read_title(reader);
	if (result != 0) {
		tally_reader_free(reader);
		return result;
	}
	*ret_reader = reader;
	return 0;
}

void
tally_reader_free(struct tally_reader *reader)
{
	if (reader == NULL)
		return;
	drop_profile(reader);
	ZSTD_freeDCtx(reader->context);
	buffer_release(&reader->compressed);
	buffer_release(&reader->plain);
	buffer_release(&reader->chunk);
	free(reader);
}
