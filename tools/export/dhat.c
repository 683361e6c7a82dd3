/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/dhat.h"

#include <stdbool.h>
#include <stdlib.h>

#include "export/export.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/place.h"

#define SHORT_LIVED_US 500 /* as valgrind has it for its own unit */

struct writer {
	struct json_writer json;
	const struct export_input *input;
	struct export_frames frames;
	ARRAY(uint32_t) index_of_place; /* 0 has none yet: index 0 is the root */
	ARRAY(struct export_frame) used;
	uint64_t *ages; /* of the live blocks of each site, in units; NULL when not known */
};

static uint32_t
get_index(struct writer *writer, const struct export_frame *frame)
{
	while (writer->index_of_place.count <= frame->number)
		*array_push(&writer->index_of_place) = 0;
	if (writer->index_of_place.items[frame->number] == 0) {
		*array_push(&writer->used) = *frame;
		writer->index_of_place.items[frame->number] = (uint32_t)writer->used.count;
	}
	return writer->index_of_place.items[frame->number];
}

static void
sum_ages(struct writer *writer)
{
	const struct profile *profile = writer->input->profile;
	uint64_t now = writer->input->at.moment->time_ns >> BLOCK_TIME_SHIFT;

	if (!writer->input->set->has_lifetimes || !profile->blocks.is_read)
		return;
	writer->ages = xcalloc((size_t)profile->site_count + 1, sizeof(*writer->ages));
	for (size_t i = 0; i < profile->blocks.count; i++) {
		const struct block *block = &profile->blocks.blocks[i];

		if (now > block->birth)
			writer->ages[block->site] += now - block->birth;
	}
}

/* Of all blocks, in microseconds: those that were freed, and the others until now. */
static uint64_t
get_lifetime(const struct writer *writer, const struct group *group)
{
	const struct group_set *set = writer->input->set;
	struct block_histogram freed;
	uint64_t sum;

	if (writer->ages == NULL)
		return 0;
	group_get_lifetimes(set, group, writer->input->profile, &freed);
	sum = freed.sum;
	for (uint32_t link = set->ages[group->ages].sites; link != 0; link = set->links[link].next)
		sum += writer->ages[set->links[link].site];
	return (sum << BLOCK_TIME_SHIFT) / 1000;
}

static int64_t
get_larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
write_point(struct writer *writer, const struct group *group)
{
	struct json_writer *json = &writer->json;
	const struct profile_values *values = &group->values;

	json_writer_begin_object(json, NULL);
	json_writer_unsigned(json, "tb", values->total_bytes);
	json_writer_unsigned(json, "tbk", values->total_blocks);
	json_writer_unsigned(json, "tl", get_lifetime(writer, group));
	json_writer_signed(json, "mb", get_larger(values->peak_bytes, group->end_bytes));
	json_writer_signed(json, "mbk", get_larger(values->peak_blocks, group->end_blocks));
	json_writer_signed(json, "gb", values->peak_bytes);
	json_writer_signed(json, "gbk", values->peak_blocks);
	json_writer_signed(json, "eb", group->end_bytes);
	json_writer_signed(json, "ebk", group->end_blocks);
	json_writer_begin_array(json, "fs");
	export_get_frames(writer->input, group, &writer->frames);
	array_each (&writer->frames, frame)
		json_writer_unsigned(json, NULL, get_index(writer, frame));
	json_writer_end_array(json);
	json_writer_end_object(json);
}

static void
write_frames(struct writer *writer)
{
	struct buffer text = BUFFER_INIT;

	json_writer_begin_array(&writer->json, "ftbl");
	json_writer_string(&writer->json, NULL, "[root]");
	array_each (&writer->used, frame) {
		buffer_clear(&text);
		export_format_frame(writer->input, &frame->place, &text);
		json_writer_string(&writer->json, NULL, buffer_string(&text));
	}
	json_writer_end_array(&writer->json);
	buffer_release(&text);
}

static void
write_head(struct json_writer *json, const struct export_input *input)
{
	const struct profile *profile = input->profile;
	const struct profile_moment *moment = input->at.moment;

	json_writer_unsigned(json, "dhatFileVersion", 2);
	json_writer_string(json, "mode", "heaptally");
	json_writer_string(json, "verb", "Allocated");
	json_writer_bool(json, "bklt", true);
	json_writer_bool(json, "bkacc", false);
	json_writer_string(json, "tu", "µs");
	json_writer_string(json, "Mtu", "s");
	json_writer_unsigned(json, "tuth", SHORT_LIVED_US);
	json_writer_string(json, "cmd",
			   *profile->executable ? profile->executable : profile->command);
	json_writer_unsigned(json, "pid", profile->pid);
	/* What is shown a second is divided by the end. */
	json_writer_unsigned(json, "te", moment->time_ns < 1000 ? 1 : moment->time_ns / 1000);
	json_writer_unsigned(json, "tg", moment->peak_time_ns / 1000);
}

void
export_dhat(const struct term *term, const struct export_input *input)
{
	struct writer writer = {.input = input};

	sum_ages(&writer);
	json_writer_init(&writer.json, term->stream);
	json_writer_begin_object(&writer.json, NULL);
	write_head(&writer.json, input);
	json_writer_begin_array(&writer.json, "pps");
	for (size_t i = 0; i < input->set->count; i++)
		write_point(&writer, &input->set->groups[i]);
	json_writer_end_array(&writer.json);
	write_frames(&writer);
	json_writer_end_object(&writer.json);
	free(writer.ages);
	array_release(&writer.index_of_place);
	array_release(&writer.used);
	export_frames_release(&writer.frames);
}
