/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/speedscope.c - the file of speedscope: several profiles over the same frames
 *
 * A frame has the number of its first use. The table of frames is written last, when all are known,
 * so no sample is kept.
 */
#include "config.h"

#include "export/speedscope.h"

#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/wrap.h"
#include "view/moment.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static int64_t
get_peak(const struct group *group)
{
	return group->values.peak_bytes;
}

static int64_t
get_live(const struct group *group)
{
	return group->end_bytes;
}

static int64_t
get_total(const struct group *group)
{
	return (int64_t)group->values.total_bytes;
}

static int64_t
get_count(const struct group *group)
{
	return (int64_t)group->values.total_blocks;
}

static int64_t
get_temporary(const struct group *group)
{
	return (int64_t)group->values.temporary_blocks;
}

static const struct {
	const char *name, *unit;
	int64_t (*get)(const struct group *group);
} profiles[] = {
	{"live bytes", "bytes", get_live},
	{"bytes at the peak", "bytes", get_peak},
	{"bytes in total", "bytes", get_total},
	{"allocations", "none", get_count},
	{"temporary allocations", "none", get_temporary},
};

#define PROFILES (sizeof(profiles) / sizeof(*profiles))

struct writer {
	struct json_writer json;
	const struct export_input *input;
	struct export_frames frames;
	ARRAY(uint32_t) index_of_place; /* plus 1; 0 has none yet */
	ARRAY(struct export_frame) used;
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
	return writer->index_of_place.items[frame->number] - 1;
}

static int64_t
write_samples(struct writer *writer, int64_t (*get)(const struct group *group))
{
	const struct group_set *set = writer->input->set;
	int64_t sum = 0;

	json_writer_begin_array(&writer->json, "samples");
	for (size_t i = 0; i < set->count; i++) {
		if (get(&set->groups[i]) <= 0)
			continue;
		sum = wrap_add(sum, get(&set->groups[i]));
		export_get_frames(writer->input, &set->groups[i], &writer->frames);
		json_writer_begin_array(&writer->json, NULL);
		for (size_t k = writer->frames.count; k > 0; k--)
			json_writer_unsigned(&writer->json, NULL,
					     get_index(writer, &writer->frames.items[k - 1]));
		json_writer_end_array(&writer->json);
	}
	json_writer_end_array(&writer->json);
	json_writer_begin_array(&writer->json, "weights");
	for (size_t i = 0; i < set->count; i++)
		if (get(&set->groups[i]) > 0)
			json_writer_signed(&writer->json, NULL, get(&set->groups[i]));
	json_writer_end_array(&writer->json);
	return sum;
}

static void
write_profile(struct writer *writer, size_t index)
{
	int64_t sum;

	json_writer_begin_object(&writer->json, NULL);
	json_writer_string(&writer->json, "type", "sampled");
	json_writer_string(&writer->json, "name", profiles[index].name);
	json_writer_string(&writer->json, "unit", profiles[index].unit);
	sum = write_samples(writer, profiles[index].get);
	json_writer_signed(&writer->json, "startValue", 0);
	json_writer_signed(&writer->json, "endValue", sum);
	json_writer_end_object(&writer->json);
}

static void
write_frames(struct writer *writer)
{
	struct buffer name = BUFFER_INIT;

	json_writer_begin_object(&writer->json, "shared");
	json_writer_begin_array(&writer->json, "frames");
	array_each (&writer->used, frame) {
		const struct place *place = &frame->place;

		buffer_clear(&name);
		export_format_name(writer->input, place, &name);
		json_writer_begin_object(&writer->json, NULL);
		json_writer_string(&writer->json, "name", buffer_string(&name));
		if (place->file != NULL || place->module != NULL)
			json_writer_string(&writer->json, "file",
					   place->file != NULL ? place->file : place->module);
		if (place->file != NULL && place->line != 0)
			json_writer_unsigned(&writer->json, "line", place->line);
		if (place->file != NULL && place->line != 0 && place->column != 0)
			json_writer_unsigned(&writer->json, "col", place->column);
		json_writer_end_object(&writer->json);
	}
	json_writer_end_array(&writer->json);
	json_writer_end_object(&writer->json);
	buffer_release(&name);
}

static void
write_name(struct writer *writer)
{
	const struct export_input *input = writer->input;
	char *moment = view_moment_describe(input->profile, &input->at);
	char *process = view_moment_name_process(input->profile);
	struct buffer name = BUFFER_INIT;

	buffer_insert_format(&name, "%s, %s", process, moment);
	json_writer_string(&writer->json, "name", buffer_string(&name));
	buffer_release(&name);
	free(process);
	free(moment);
}

void
export_speedscope(const struct term *term, const struct export_input *input)
{
	struct writer writer = {.input = input};

	json_writer_init(&writer.json, term->stream);
	json_writer_begin_object(&writer.json, NULL);
	json_writer_string(&writer.json, "$schema", SCHEMA);
	json_writer_string(&writer.json, "exporter", "heaptally@" PACKAGE_VERSION);
	write_name(&writer);
	json_writer_unsigned(&writer.json, "activeProfileIndex",
			     input->at.peak && !input->set->by_blocks);
	json_writer_begin_array(&writer.json, "profiles");
	for (size_t i = 0; i < (input->set->by_blocks ? 1 : PROFILES); i++)
		write_profile(&writer, i);
	json_writer_end_array(&writer.json);
	write_frames(&writer);
	json_writer_end_object(&writer.json);
	array_release(&writer.index_of_place);
	array_release(&writer.used);
	export_frames_release(&writer.frames);
}
