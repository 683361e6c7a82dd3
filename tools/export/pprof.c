/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/pprof.c - the profile of pprof: go tool pprof, Parca, Pyroscope and others read it
 *
 * Protocol buffers that follow each other are one, with all that is repeated in either. So each
 * string, function, location and sample is written as a profile of its own as soon as it is met,
 * and no more than their numbers are kept.
 */
#include "config.h"

#include "export/pprof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "export/gzip.h"
#include "export/pprof.pb-c.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/term.h"
#include "util/utf8.h"
#include "view/moment.h"

#define VALUES 4

struct text {
	char *bytes;
	int64_t index;
	UT_hash_handle hh;
};

struct function_key {
	int64_t name, system_name, file, line;
};

struct function {
	struct function_key key;
	uint64_t id;
	UT_hash_handle hh;
};

struct writer {
	ProtobufCBuffer base; /* first: this is how it is found again */
	struct gzip gzip;
	const struct export_input *input;
	struct text *texts;
	struct function *functions;
	ARRAY(uint64_t) location_of_stack; /* by the stack of its lines; 0 has none yet */
	uint64_t locations;
	uint64_t *mappings; /* id by module */
	struct export_frames frames;
};

/*** the parts of a message ***/

static void
append(ProtobufCBuffer *buffer, size_t length, const uint8_t *bytes)
{
	gzip_insert(&((struct writer *)buffer)->gzip, bytes, length);
}

static void
write_profile(struct writer *writer, const Pprof__Profile *profile)
{
	pprof__profile__pack_to_buffer(profile, &writer->base);
}

/* Strings of protocol buffers are UTF-8. To free. */
static char *
repair(const char *text)
{
	struct buffer out = BUFFER_INIT;
	char *result;

	while (*text != '\0') {
		uint32_t code;
		unsigned bytes = utf8_decode(text, &code);

		if (bytes == 0)
			buffer_insert_string(&out, "\xef\xbf\xbd");
		else
			buffer_insert(&out, text, bytes);
		text += bytes == 0 ? 1 : bytes;
	}
	result = xstrdup(buffer_string(&out));
	buffer_release(&out);
	return result;
}

/* The position of a text in the table of strings; the empty one is at 0. */
static int64_t
get_text(struct writer *writer, const char *bytes)
{
	char *safe = repair(bytes != NULL ? bytes : "");
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	struct text *text;

	HASH_FIND_STR(writer->texts, safe, text);
	if (text != NULL) {
		free(safe);
		return text->index;
	}
	text = xcalloc(1, sizeof(*text));
	text->bytes = safe;
	text->index = HASH_COUNT(writer->texts);
	HASH_ADD_KEYPTR(hh, writer->texts, text->bytes, strlen(text->bytes), text);
	profile.n_string_table = 1;
	profile.string_table = &safe;
	write_profile(writer, &profile);
	return text->index;
}

static Pprof__ValueType
get_type(struct writer *writer, const char *type, const char *unit)
{
	Pprof__ValueType result = PPROF__VALUE_TYPE__INIT;

	result.type_index = get_text(writer, type);
	result.unit_index = get_text(writer, unit);
	return result;
}

/*** what holds for all samples ***/

static void
write_types(struct writer *writer)
{
	static const char *const names[VALUES][2] = {
		{"alloc_objects", "count"},
		{"alloc_space", "bytes"},
		{"inuse_objects", "count"},
		{"inuse_space", "bytes"},
	};
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__ValueType types[VALUES], period, *list[VALUES];

	/* Of single blocks only those in use are known. */
	for (size_t i = writer->input->set->by_blocks ? 2 : 0; i < VALUES; i++) {
		types[i] = get_type(writer, names[i][0], names[i][1]);
		list[profile.n_sample_type++] = &types[i];
	}
	profile.sample_type = list;
	period = get_type(writer, "space", "bytes");
	profile.period_type = &period;
	profile.period = 1;
	profile.default_sample_type_index =
		get_text(writer, writer->input->is_about_totals ? "alloc_space" : "inuse_space");
	write_profile(writer, &profile);
}

/* Its command line, or what is known of it. */
static const char *
describe_program(const struct profile *profile)
{
	if (profile->arguments[0] != '\0')
		return profile->arguments;
	return profile->executable[0] != '\0' ? profile->executable : profile->command;
}

static void
write_comments(struct writer *writer)
{
	const struct export_input *input = writer->input;
	char *moment = view_moment_describe(input->profile, &input->at);
	const char *texts[] = {
		"heaptally " PACKAGE_VERSION,
		describe_program(input->profile),
		moment,
	};
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	uint64_t time_ns =
		input->at.peak ? input->at.moment->peak_time_ns : input->at.moment->time_ns;
	int64_t comments[sizeof(texts) / sizeof(*texts)];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		comments[i] = get_text(writer, texts[i]);
	profile.n_comment_index = sizeof(texts) / sizeof(*texts);
	profile.comment_index = comments;
	profile.time_nanos = (int64_t)(input->profile->start_realtime_ns + time_ns);
	profile.duration_nanos = (int64_t)(time_ns > input->from_ns ? time_ns - input->from_ns : 0);
	write_profile(writer, &profile);
	free(moment);
}

/* What is known of a module need not be looked up by others. */
static void
find_names(const struct profile *profile, uint32_t module, Pprof__Mapping *mapping)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind != PROFILE_FRAME_CODE || frame->module != module)
			continue;
		for (uint32_t k = 0; k < frame->location_count; k++) {
			const struct profile_location *location =
				&profile->locations[frame->location + k];

			mapping->has_functions |= location->function != NULL;
			mapping->has_filenames |= location->file != NULL;
			mapping->has_line_numbers |= location->line != 0;
			mapping->has_inline_frames |= location->file != NULL;
		}
	}
}

static void
write_mapping(struct writer *writer, uint32_t number, uint64_t id)
{
	const struct profile_module *module = &writer->input->profile->modules[number];
	char build_id[2 * sizeof(module->build_id) + 1] = "";
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Mapping mapping = PPROF__MAPPING__INIT, *list[] = {&mapping};

	for (uint32_t i = 0; i < module->build_id_bytes && i < sizeof(module->build_id); i++)
		snprintf(build_id + (size_t)2 * i, 3, "%02x", module->build_id[i]);
	mapping.id = writer->mappings[number] = id;
	mapping.memory_start = module->start;
	mapping.memory_limit = module->end;
	mapping.filename_index = get_text(writer, module->path);
	mapping.build_id_index = get_text(writer, build_id);
	find_names(writer->input->profile, number, &mapping);
	profile.n_mapping = 1;
	profile.mapping = list;
	write_profile(writer, &profile);
}

/* The main binary is the first one. */
static void
write_mappings(struct writer *writer)
{
	const struct profile *profile = writer->input->profile;
	uint64_t id = 0;

	writer->mappings = xcalloc((size_t)profile->module_count + 1, sizeof(*writer->mappings));
	for (int main = 1; main >= 0; main--)
		for (uint32_t i = 0; i < profile->module_count; i++)
			if (profile->modules[i].is_main == (main == 1))
				write_mapping(writer, i, ++id);
}

/*** samples ***/

/*
 * What the system calls a function of this name. pprof takes a name that is the system's, too, for
 * one that is still to be demangled: it cuts what is between <>, [] or () out of one that looks
 * like C++, and "<listcomp>" were nothing. Such a name is the only one.
 */
static const char *
get_system_name(const struct place *place, const char *name)
{
	if (place->kind == PLACE_CODE && place->symbol != NULL)
		return place->symbol;
	return strpbrk(name, "<>[]") != NULL || strstr(name, "::") != NULL ? "" : name;
}

static uint64_t
get_function(struct writer *writer, const struct place *place)
{
	struct buffer name = BUFFER_INIT;
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Function message = PPROF__FUNCTION__INIT, *list[] = {&message};
	struct function_key key;
	struct function *function;

	export_format_name(writer->input, place, &name);
	key.name = get_text(writer, buffer_string(&name));
	key.system_name = get_text(writer, get_system_name(place, buffer_string(&name)));
	key.file = get_text(writer, place->file);
	key.line = place->function_line;
	buffer_release(&name);
	HASH_FIND(hh, writer->functions, &key, sizeof(key), function);
	if (function != NULL)
		return function->id;
	function = xcalloc(1, sizeof(*function));
	function->key = key;
	function->id = HASH_COUNT(writer->functions) + 1;
	HASH_ADD(hh, writer->functions, key, sizeof(key), function);
	message.id = function->id;
	message.name_index = key.name;
	message.system_name_index = key.system_name;
	message.filename_index = key.file;
	message.start_line = key.line;
	profile.n_function = 1;
	profile.function = list;
	write_profile(writer, &profile);
	return function->id;
}

/* Lines of a location are the inlined functions of a frame, and at last its own. */
static void
write_location(struct writer *writer, const struct export_frame *frames, size_t count)
{
	const struct place *place = &frames[count - 1].place;
	const struct profile_module *module = export_find_module(writer->input, place);
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Location location = PPROF__LOCATION__INIT, *list[] = {&location};
	Pprof__Line *lines = xcalloc(count, sizeof(*lines));

	location.id = ++writer->locations;
	location.address = export_get_address(writer->input, place);
	if (module != NULL)
		location.mapping_id = writer->mappings[module - writer->input->profile->modules];
	location.line = xcalloc(count, sizeof(Pprof__Line *));
	location.n_line = count;
	for (size_t i = 0; i < count; i++) {
		pprof__line__init(&lines[i]);
		lines[i].function_id = get_function(writer, &frames[i].place);
		lines[i].line = frames[i].place.line;
		lines[i].column = frames[i].place.column;
		location.line[i] = &lines[i];
	}
	profile.n_location = 1;
	profile.location = list;
	write_profile(writer, &profile);
	free(location.line);
	free(lines);
}

static uint64_t
get_location(struct writer *writer, const struct export_frame *frames, size_t count)
{
	uint32_t stack = 0;

	for (size_t i = count; i > 0; i--)
		stack = place_table_insert_stack(writer->input->table, stack, frames[i - 1].number);
	while (writer->location_of_stack.count <= stack)
		*array_push(&writer->location_of_stack) = 0;
	if (writer->location_of_stack.items[stack] == 0) {
		write_location(writer, frames, count);
		writer->location_of_stack.items[stack] = writer->locations;
	}
	return writer->location_of_stack.items[stack];
}

/* The frames of a stack as locations. A thread at its outer end is told by a label instead. */
static size_t
get_locations(struct writer *writer, uint64_t *ret_ids)
{
	const struct export_frames *frames = &writer->frames;
	size_t count = 0, last = frames->count, first = 0;

	if (last > 1 && frames->items[last - 1].place.kind == PLACE_THREAD)
		last--;
	while (first < last) {
		size_t end = first;

		while (end + 1 < last && frames->items[end].place.inlined)
			end++;
		ret_ids[count++] = get_location(writer, &frames->items[first], end + 1 - first);
		first = end + 1;
	}
	return count;
}

/* Whether there is one; it is about the outermost frame. */
static bool
get_label(struct writer *writer, Pprof__Label *ret_label)
{
	const struct export_frames *frames = &writer->frames;
	const struct place *place =
		frames->count > 0 ? &frames->items[frames->count - 1].place : NULL;
	char number[24];

	if (place == NULL || (place->kind != PLACE_THREAD && place->kind != PLACE_SIZE))
		return false;
	pprof__label__init(ret_label);
	if (place->kind == PLACE_SIZE) {
		ret_label->key_index = ret_label->unit_index = get_text(writer, "bytes");
		ret_label->number = (int64_t)place->offset;
		return true;
	}
	snprintf(number, sizeof(number), "%" PRIu64, place->offset);
	ret_label->key_index = get_text(writer, "thread");
	ret_label->string_index = get_text(writer, number);
	return true;
}

static void
write_sample(struct writer *writer, const struct group *group)
{
	const struct profile_values *values = &group->values;
	int64_t numbers[VALUES] = {
		(int64_t)values->total_blocks,
		(int64_t)values->total_bytes,
		values->live_blocks,
		values->live_bytes,
	};
	size_t skipped = writer->input->set->by_blocks ? 2 : 0;
	Pprof__Profile profile = PPROF__PROFILE__INIT;
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *list[] = {&sample};
	Pprof__Label label, *labels[] = {&label};

	export_get_frames(writer->input, group, &writer->frames);
	sample.location_id = xcalloc(writer->frames.count + 1, sizeof(*sample.location_id));
	sample.n_location_id = get_locations(writer, sample.location_id);
	sample.n_value = VALUES - skipped;
	sample.value = numbers + skipped;
	if (get_label(writer, &label)) {
		sample.n_label = 1;
		sample.label = labels;
	}
	profile.n_sample = 1;
	profile.sample = list;
	write_profile(writer, &profile);
	free(sample.location_id);
}

static void
release(struct writer *writer)
{
	struct text *text, *next_text;
	struct function *function, *next_function;

	gzip_release(&writer->gzip);
	HASH_ITER (hh, writer->texts, text, next_text) {
		HASH_DEL(writer->texts, text);
		free(text->bytes);
		free(text);
	}
	HASH_ITER (hh, writer->functions, function, next_function) {
		HASH_DEL(writer->functions, function);
		free(function);
	}
	array_release(&writer->location_of_stack);
	export_frames_release(&writer->frames);
	free(writer->mappings);
}

void
export_pprof(const struct term *term, const struct export_input *input)
{
	struct writer writer = {.base = {.append = append}, .input = input};

	gzip_init(&writer.gzip, term->stream);
	get_text(&writer, "");
	write_types(&writer);
	write_comments(&writer);
	write_mappings(&writer);
	for (size_t i = 0; i < input->set->count; i++)
		write_sample(&writer, &input->set->groups[i]);
	release(&writer);
}
