/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_write.c - write snapshot files
 *
 * The first error is kept and everything after it does nothing, so only the end needs a check.
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
#include "read/tally_format.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/varint.h"
#include "util/xalloc.h"

enum {
	COMPRESSION_LEVEL = 3
};

/* The number of a string in the file. Interned strings are told apart by their address. */
struct name {
	UT_hash_handle hh;
	const char *text;
	uint32_t number;
};

struct tally_writer {
	int fd;
	int error;
	ZSTD_CCtx *context;
	struct buffer chunk; /* payload of the chunk that is being made */
	struct buffer output;
	struct name *names;
	uint32_t process_count;
};

/* --- stream --- */

static void
write_out(struct tally_writer *writer, const uint8_t *bytes, size_t length)
{
	while (length != 0 && writer->error == 0) {
		ssize_t done = write(writer->fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			writer->error = -errno;
			return;
		}
		bytes += done;
		length -= (size_t)done;
	}
}

static void
compress(struct tally_writer *writer, const void *bytes, size_t length, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {bytes, length, 0};
	size_t left;

	if (writer->error != 0)
		return;
	do {
		ZSTD_outBuffer out = {writer->output.bytes, writer->output.capacity, 0};

		left = ZSTD_compressStream2(writer->context, &out, &in, end);
		if (ZSTD_isError(left))
			writer->error = -EIO;
		write_out(writer, writer->output.bytes, out.pos);
	} while (writer->error == 0 && (in.pos < in.size || (end != ZSTD_e_continue && left != 0)));
}

static void
end_chunk(struct tally_writer *writer, enum tally_tag tag)
{
	uint8_t head[8];

	for (int i = 0; i < 4; i++) {
		head[i] = (uint8_t)(tag >> 8 * i);
		head[4 + i] = (uint8_t)(writer->chunk.length >> 8 * i);
	}
	compress(writer, head, sizeof(head), ZSTD_e_continue);
	compress(writer, writer->chunk.bytes, writer->chunk.length, ZSTD_e_continue);
	buffer_clear(&writer->chunk);
}

/* Between two items of a table: begin a new chunk when this one is large enough. */
static void
split_chunk(struct tally_writer *writer, enum tally_tag tag)
{
	if (writer->chunk.length >= TALLY_CHUNK_BYTES)
		end_chunk(writer, tag);
}

/* --- fields --- */

static void
put(struct tally_writer *writer, uint64_t value)
{
	varint_put(&writer->chunk, value);
}

static void
put_signed(struct tally_writer *writer, int64_t value)
{
	varint_put_signed(&writer->chunk, value);
}

static void
put_flag(struct tally_writer *writer, bool flag)
{
	put(writer, flag ? TALLY_YES : TALLY_NO);
}

static void
put_text(struct tally_writer *writer, const char *text)
{
	size_t length = strlen(text);

	put(writer, length);
	buffer_insert(&writer->chunk, text, length);
}

/* --- strings --- */

static void
insert_name(struct tally_writer *writer, const char *text)
{
	struct name *name;

	if (text == NULL)
		return;
	HASH_FIND_PTR(writer->names, &text, name);
	if (name != NULL)
		return;
	name = xcalloc(1, sizeof(*name));
	name->text = text;
	name->number = HASH_COUNT(writer->names) + 1;
	HASH_ADD_PTR(writer->names, text, name);
	split_chunk(writer, TALLY_STRINGS);
	put_text(writer, text);
}

/* 0 is "no string". */
static void
put_name(struct tally_writer *writer, const char *text)
{
	struct name *name = NULL;

	if (text != NULL)
		HASH_FIND_PTR(writer->names, &text, name);
	put(writer, name != NULL ? name->number : 0);
}

static void
clear_names(struct tally_writer *writer)
{
	struct name *name, *next;

	HASH_ITER (hh, writer->names, name, next) {
		HASH_DEL(writer->names, name);
		free(name);
	}
}

static void
write_strings(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++)
		insert_name(writer, profile->modules[i].path);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		insert_name(writer, profile->locations[i].function);
		insert_name(writer, profile->locations[i].symbol);
		insert_name(writer, profile->locations[i].file);
	}
	for (uint32_t i = 0; i < profile->frame_count; i++)
		insert_name(writer, profile->frames[i].name);
	end_chunk(writer, TALLY_STRINGS);
}

/* --- tables --- */

static void
write_process(struct tally_writer *writer, const struct profile *profile)
{
	put(writer, profile->pid);
	put(writer, profile->parent_pid);
	put_text(writer, profile->command);
	put_text(writer, profile->executable);
	put_text(writer, profile->allocator);
	put_text(writer, profile->version);
	put(writer, profile->start_realtime_ns);
	put(writer, profile->frames_limit);
	put_flag(writer, profile->realloc_origin);
	end_chunk(writer, TALLY_PROCESS);
}

static void
write_modules(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		split_chunk(writer, TALLY_MODULES);
		put_name(writer, module->path);
		put(writer, (module->unloaded ? TALLY_MODULE_UNLOADED : 0u) |
				    (module->is_main ? TALLY_MODULE_MAIN : 0u));
		put(writer, module->start);
		put(writer, module->end - module->start);
		put(writer, module->bias);
		put(writer, module->build_id_bytes);
		buffer_insert(&writer->chunk, module->build_id, module->build_id_bytes);
	}
	end_chunk(writer, TALLY_MODULES);
}

static void
write_files(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		if (module->file == PROFILE_FILE_AS_MAPPED && module->seen_ns == 0)
			continue;
		split_chunk(writer, TALLY_FILES);
		put(writer, i);
		put(writer, tally_format_file(module->file));
		put(writer, module->device);
		put(writer, module->inode);
		put(writer, module->file_bytes);
		put(writer, module->modified_ns);
		put(writer, module->seen_ns);
	}
	if (writer->chunk.length != 0)
		end_chunk(writer, TALLY_FILES);
}

static void
write_locations(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];

		split_chunk(writer, TALLY_LOCATIONS);
		put_name(writer, location->function);
		put_name(writer, location->file);
		put(writer, (uint64_t)location->line << 1 | location->inlined);
		put(writer, location->column);
		put(writer, location->function_line);
	}
	end_chunk(writer, TALLY_LOCATIONS);
}

/* Mangled names, by location. */
static void
write_symbols(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		if (profile->locations[i].symbol == NULL)
			continue;
		split_chunk(writer, TALLY_SYMBOLS);
		put(writer, i);
		put_name(writer, profile->locations[i].symbol);
	}
	if (writer->chunk.length != 0)
		end_chunk(writer, TALLY_SYMBOLS);
}

static void
write_frames(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		split_chunk(writer, TALLY_FRAMES);
		put(writer, tally_format_frame_kind(frame->kind));
		put(writer, (uint32_t)(frame->module + 1)); /* no module is 0 */
		put(writer, tally_format_offset(frame));
		put(writer, frame->location_count);
		if (frame->location_count != 0)
			put(writer, frame->location);
		if (frame->kind == PROFILE_FRAME_ALLOCATOR)
			put_name(writer, frame->name);
	}
	end_chunk(writer, TALLY_FRAMES);
}

/* Names of threads, by frame. */
static void
write_threads(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind != PROFILE_FRAME_THREAD || frame->name == NULL)
			continue;
		split_chunk(writer, TALLY_THREADS);
		put(writer, i);
		put_name(writer, frame->name);
	}
	if (writer->chunk.length != 0)
		end_chunk(writer, TALLY_THREADS);
}

/* Most nodes are the child of the node before them, which is one byte this way. */
static void
write_nodes(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->node_count; i++) {
		split_chunk(writer, TALLY_NODES);
		put(writer, i - profile->nodes[i].parent);
		put(writer, profile->nodes[i].frame);
	}
	end_chunk(writer, TALLY_NODES);
}

static void
write_sites(struct tally_writer *writer, const struct profile *profile)
{
	int64_t previous = 0;

	for (uint32_t i = 0; i < profile->site_count; i++) {
		split_chunk(writer, TALLY_SITES);
		put_signed(writer, (int64_t)profile->sites[i] - previous);
		previous = profile->sites[i];
	}
	end_chunk(writer, TALLY_SITES);
}

/* --- moments --- */

static void
get_differences(const struct profile_values *now, const struct profile_values *before,
		uint64_t *differences)
{
	differences[TALLY_TOTAL_BYTES] = now->total_bytes - before->total_bytes;
	differences[TALLY_TOTAL_BLOCKS] = now->total_blocks - before->total_blocks;
	differences[TALLY_FREED_BYTES] = now->freed_bytes - before->freed_bytes;
	differences[TALLY_FREED_BLOCKS] = now->freed_blocks - before->freed_blocks;
	differences[TALLY_TEMPORARY_BLOCKS] = now->temporary_blocks - before->temporary_blocks;
	differences[TALLY_ROUNDING_BYTES] =
		(uint64_t)now->rounding_bytes - (uint64_t)before->rounding_bytes;
	differences[TALLY_PEAK_BYTES] = (uint64_t)now->peak_bytes - (uint64_t)before->peak_bytes;
	differences[TALLY_PEAK_BLOCKS] = (uint64_t)now->peak_blocks - (uint64_t)before->peak_blocks;
	/* Live is total minus freed but for a site that was caught in the middle of an event. */
	differences[TALLY_LIVE_BYTES] =
		(uint64_t)now->live_bytes - (now->total_bytes - now->freed_bytes);
	differences[TALLY_LIVE_BLOCKS] =
		(uint64_t)now->live_blocks - (now->total_blocks - now->freed_blocks);
}

/* Only sites that changed are written, each with the number of unchanged ones before it. */
static void
write_values(struct tally_writer *writer, const struct profile_moment *moment,
	     const struct profile_moment *previous)
{
	static const struct profile_values zero;
	uint32_t unchanged = 0;

	for (uint32_t site = 0; site < moment->site_count; site++) {
		bool is_new = previous == NULL || site >= previous->site_count;
		uint64_t differences[TALLY_VALUE_COUNT];
		uint32_t mask = 0;

		get_differences(&moment->values[site], is_new ? &zero : &previous->values[site],
				differences);
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			mask |= (differences[i] != 0 ? 1u : 0) << i;
		if (mask == 0) {
			unchanged++;
			continue;
		}
		split_chunk(writer, TALLY_VALUES);
		put(writer, unchanged);
		unchanged = 0;
		put(writer, mask);
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			if ((mask >> i & 1) != 0)
				put_signed(writer, (int64_t)differences[i]);
	}
	end_chunk(writer, TALLY_VALUES);
}

static void
write_moment(struct tally_writer *writer, const struct profile_moment *moment,
	     const struct profile_moment *previous)
{
	put_text(writer, moment->label);
	put(writer, moment->time_ns);
	put(writer, moment->peak_time_ns);
	put(writer, moment->site_count);
	end_chunk(writer, TALLY_MOMENT);
	write_values(writer, moment, previous);
}

static void
write_samples(struct tally_writer *writer, const struct profile *profile)
{
	struct profile_sample previous = {0};

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		split_chunk(writer, TALLY_SAMPLES);
		put(writer, sample->time_ns - previous.time_ns);
		put_signed(writer,
			   (int64_t)((uint64_t)sample->live_bytes - (uint64_t)previous.live_bytes));
		put_signed(writer, (int64_t)(sample->rss_bytes - previous.rss_bytes));
		previous = *sample;
	}
	end_chunk(writer, TALLY_SAMPLES);
}

/* The number of parts first: a later version may have more. */
static void
write_residents(struct tally_writer *writer, const struct profile *profile)
{
	uint64_t previous_ns = 0;

	for (uint32_t i = 0; i < profile->resident_count; i++) {
		const struct profile_resident *resident = &profile->residents[i];

		split_chunk(writer, TALLY_PARTS);
		put(writer, resident->time_ns - previous_ns);
		put(writer, resident->resident_bytes);
		put(writer, TALLY_PART_COUNT);
		for (unsigned part = 0; part < TALLY_PART_COUNT; part++)
			put(writer, resident->parts[tally_get_part(part)]);
		put(writer, resident->live_bytes);
		put(writer, resident->live_blocks);
		put(writer, resident->untouched_bytes);
		put(writer, resident->swapped_live_bytes);
		put(writer, resident->swapped_bytes);
		put(writer, resident->hugetlb_bytes);
		previous_ns = resident->time_ns;
	}
	if (profile->resident_count != 0)
		end_chunk(writer, TALLY_PARTS);
}

/* Of no known site: 0. */
static void
write_mapped(struct tally_writer *writer, const struct profile *profile)
{
	uint64_t previous_ns = 0;

	for (uint32_t i = 0; i < profile->mapped_count; i++) {
		const struct profile_mapped *mapped = &profile->mapped[i];

		split_chunk(writer, TALLY_MAPPED);
		put(writer, mapped->time_ns - previous_ns);
		put(writer, mapped->site < profile->site_count ? (uint64_t)mapped->site + 1 : 0);
		put(writer, mapped->range_count);
		put(writer, mapped->resident_bytes);
		put(writer, mapped->mapped_bytes);
		previous_ns = mapped->time_ns;
	}
	if (profile->mapped_count != 0)
		end_chunk(writer, TALLY_MAPPED);
}

static void
write_marks(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		split_chunk(writer, TALLY_MARKS);
		put(writer, tally_format_mark_kind(mark->kind));
		put_text(writer, mark->label);
		put(writer, mark->time_ns);
		put_signed(writer, mark->live_bytes);
		put_signed(writer, mark->peak_bytes);
	}
	if (profile->mark_count != 0)
		end_chunk(writer, TALLY_MARKS);
	if (profile->pause == PROFILE_GOES_ON)
		return;
	put(writer, tally_format_pause(profile->pause));
	end_chunk(writer, TALLY_PAUSE);
}

static void
write_notes(struct tally_writer *writer, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->note_count; i++)
		put_text(writer, profile->notes[i]);
	if (profile->note_count != 0)
		end_chunk(writer, TALLY_NOTES);
}

static void
write_unseen(struct tally_writer *writer, const struct profile *profile)
{
	if (profile->unseen == 0)
		return;
	put(writer, profile->unseen);
	end_chunk(writer, TALLY_UNSEEN);
}

static void
write_more_of_process(struct tally_writer *writer, const struct profile *profile)
{
	if (profile->arguments[0] != '\0') {
		put_text(writer, profile->arguments);
		end_chunk(writer, TALLY_ARGUMENTS);
	}
	if (profile->anonymous_bytes != 0) {
		put(writer, profile->anonymous_bytes);
		put(writer, profile->anonymous_last_bytes);
		end_chunk(writer, TALLY_RESIDENT);
	}
}

static void
write_python(struct tally_writer *writer, const struct profile *profile)
{
	if (profile->python == PROFILE_PYTHON_NONE)
		return;
	put(writer, tally_format_python(profile->python));
	put(writer, profile->python_version);
	end_chunk(writer, TALLY_PYTHON);
}

static void
write_blocks(struct tally_writer *writer, const struct block_set *set)
{
	if (set->is_read) {
		put(writer, set->count);
		put(writer, set->missing);
		end_chunk(writer, TALLY_BLOCKS_INFO);
		for (size_t next = 0; next < set->count;) {
			next = tally_blocks_encode(set, next, &writer->chunk);
			end_chunk(writer, TALLY_BLOCKS);
		}
	}
	for (size_t next = 0; next < set->lifetimes_count;) {
		next = tally_blocks_encode_lifetimes(set, next, &writer->chunk);
		end_chunk(writer, TALLY_LIFETIMES);
	}
}

static void
write_leaks(struct tally_writer *writer, const struct leak_set *set)
{
	if (!set->is_known)
		return;
	tally_leaks_encode_info(set, &writer->chunk);
	end_chunk(writer, TALLY_LEAKS_INFO);
	for (size_t next = 0; next < set->site_count;) {
		next = tally_leaks_encode_sites(set, next, &writer->chunk);
		end_chunk(writer, TALLY_LEAKS);
	}
	for (size_t next = 0; next < set->part_count;) {
		next = tally_leaks_encode_parts(set, next, &writer->chunk);
		end_chunk(writer, TALLY_LEAK_PARTS);
	}
	for (size_t next = 0; next < set->class_count;) {
		next = tally_leaks_encode_classes(set, next, &writer->chunk);
		end_chunk(writer, TALLY_LEAK_CLASSES);
	}
}

static void
write_done(struct tally_writer *writer, const struct profile *profile)
{
	const uint64_t counts[] = {
		profile->module_count, profile->location_count, profile->frame_count,
		profile->node_count,   profile->site_count,     profile->moment_count,
		profile->sample_count,
	};
	const uint64_t numbers[] = {
		tally_format_state(profile->state),
		profile->has_wait_status ? TALLY_YES : TALLY_NO,
		(uint32_t)profile->wait_status,
		profile->duration_ns,
		profile->symbolized ? TALLY_YES : TALLY_NO,
		tally_format_troubles(profile->trouble),
		profile->dropped_events,
		profile->cut_stacks,
		profile->nested_events,
		profile->unknown_frees,
		profile->failed_allocations,
		profile->reallocs,
		profile->tracer_bytes,
		profile->tracer_cpu_ns,
		profile->crosschecks,
		profile->crosscheck_differences,
		profile->full_walks,
		profile->rules,
		(uint64_t)profile->peak_error_bytes,
		profile->threads,
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		put(writer, counts[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		put(writer, numbers[i]);
	end_chunk(writer, TALLY_DONE);
}

/* --- the whole --- */

struct tally_writer *
tally_writer_new(int fd)
{
	struct tally_writer *writer = xcalloc(1, sizeof(*writer));

	writer->fd = fd;
	writer->context = ZSTD_createCCtx();
	if (writer->context == NULL) {
		writer->error = -ENOMEM;
		return writer;
	}
	ZSTD_CCtx_setParameter(writer->context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(writer->context, ZSTD_c_checksumFlag, 1);
	buffer_reserve(&writer->output, ZSTD_CStreamOutSize());
	buffer_insert_format(&writer->chunk, "%s%d\n", TALLY_TITLE, TALLY_VERSION);
	compress(writer, writer->chunk.bytes, writer->chunk.length, ZSTD_e_continue);
	buffer_clear(&writer->chunk);
	return writer;
}

int
tally_writer_insert(struct tally_writer *writer, const struct profile *profile)
{
	write_process(writer, profile);
	write_strings(writer, profile);
	write_modules(writer, profile);
	write_files(writer, profile);
	write_locations(writer, profile);
	write_symbols(writer, profile);
	write_frames(writer, profile);
	write_threads(writer, profile);
	write_nodes(writer, profile);
	write_sites(writer, profile);
	for (uint32_t i = 0; i < profile->moment_count; i++)
		write_moment(writer, &profile->moments[i],
			     i != 0 ? &profile->moments[i - 1] : NULL);
	write_samples(writer, profile);
	write_residents(writer, profile);
	write_mapped(writer, profile);
	write_marks(writer, profile);
	write_notes(writer, profile);
	write_more_of_process(writer, profile);
	write_unseen(writer, profile);
	write_python(writer, profile);
	write_blocks(writer, &profile->blocks);
	write_leaks(writer, &profile->leaks);
	write_done(writer, profile);
	clear_names(writer);
	writer->process_count++;
	compress(writer, NULL, 0, ZSTD_e_flush);
	return writer->error;
}

int
tally_writer_finish(struct tally_writer *writer)
{
	put(writer, writer->process_count);
	end_chunk(writer, TALLY_END);
	compress(writer, NULL, 0, ZSTD_e_end);
	return writer->error;
}

void
tally_writer_free(struct tally_writer *writer)
{
	if (writer == NULL)
		return;
	clear_names(writer);
	ZSTD_freeCCtx(writer->context);
	buffer_release(&writer->chunk);
	buffer_release(&writer->output);
	free(writer);
}
