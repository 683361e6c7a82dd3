/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_write.c - write snapshot files
 *
 * The order of the chunks; what is in them is the matter of the files that encode and decode it.
 */
#include "config.h"
#include "read/tally.h"

#include <stdlib.h>

#include "model/profile.h"
#include "read/tally_blocks.h"
#include "read/tally_format.h"
#include "read/tally_leaks.h"
#include "read/tally_moments.h"
#include "read/tally_names.h"
#include "read/tally_output.h"
#include "read/tally_process.h"
#include "read/tally_resident.h"
#include "read/tally_stacks.h"
#include "util/xalloc.h"

struct tally_writer {
	struct tally_output output;
	uint32_t process_count;
};

static void
write_blocks(struct tally_output *out, const struct block_set *set)
{
	if (set->is_read) {
		tally_output_put(out, set->count);
		tally_output_put(out, set->missing);
		tally_output_end_chunk(out, TALLY_BLOCKS_INFO);
		for (size_t next = 0; next < set->count;) {
			next = tally_blocks_encode(set, next, &out->chunk);
			tally_output_end_chunk(out, TALLY_BLOCKS);
		}
	}
	for (size_t next = 0; next < set->lifetimes_count;) {
		next = tally_blocks_encode_lifetimes(set, next, &out->chunk);
		tally_output_end_chunk(out, TALLY_LIFETIMES);
	}
}

static void
write_leaks(struct tally_output *out, const struct leak_set *set)
{
	if (!set->is_known)
		return;
	tally_leaks_encode_info(set, &out->chunk);
	tally_output_end_chunk(out, TALLY_LEAKS_INFO);
	for (size_t next = 0; next < set->site_count;) {
		next = tally_leaks_encode_sites(set, next, &out->chunk);
		tally_output_end_chunk(out, TALLY_LEAKS);
	}
	for (size_t next = 0; next < set->part_count;) {
		next = tally_leaks_encode_parts(set, next, &out->chunk);
		tally_output_end_chunk(out, TALLY_LEAK_PARTS);
	}
	for (size_t next = 0; next < set->class_count;) {
		next = tally_leaks_encode_classes(set, next, &out->chunk);
		tally_output_end_chunk(out, TALLY_LEAK_CLASSES);
	}
}

struct tally_writer *
tally_writer_new(int fd)
{
	struct tally_writer *writer = xcalloc(1, sizeof(*writer));

	tally_output_init(&writer->output, fd);
	return writer;
}

int
tally_writer_insert(struct tally_writer *writer, const struct profile *profile)
{
	struct tally_output *out = &writer->output;

	tally_process_encode(out, profile);
	tally_names_encode(out, profile);
	tally_stacks_encode(out, profile);
	tally_moments_encode(out, profile);
	tally_resident_encode(out, profile);
	tally_process_encode_more(out, profile);
	write_blocks(out, &profile->blocks);
	write_leaks(out, &profile->leaks);
	tally_process_encode_done(out, profile);
	tally_output_clear_names(out);
	writer->process_count++;
	return tally_output_flush(out);
}

int
tally_writer_finish(struct tally_writer *writer)
{
	tally_output_put(&writer->output, writer->process_count);
	tally_output_end_chunk(&writer->output, TALLY_END);
	return tally_output_finish(&writer->output);
}

void
tally_writer_free(struct tally_writer *writer)
{
	if (writer == NULL)
		return;
	tally_output_release(&writer->output);
	free(writer);
}
