/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/page_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/curve.h"
#include "model/forest.h"
#include "model/name.h"
#include "model/not_freed.h"
#include "model/resident.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/moment.h"
#include "view/page.h"
#include "view/page_source.h"
#include "view/place.h"
#include "view/quality.h"

#define NODES_MOST     5000
#define NODES_LEAST    1000
#define LINES_MOST     400
#define NUMBERS_MOST   120000 /* of all nodes: what makes the page large */
#define SHARE_LEAST    0.0005
#define MOMENTS_MOST   24
#define POINTS_MOST    1500
#define METRIC_LOST    "lost"
#define NAME_BYTES     240
#define NAME_LEAST     48 /* when names have taken STRINGS_MOST bytes */
#define STRINGS_MOST   500000

#define RESIDENTS_MOST 100

/* One pair of numbers of each node: bytes and blocks. */
struct metric {
	const char *name;
	unsigned side;
	uint32_t moment; /* of the side */
	bool has_bytes;
	size_t bytes, blocks; /* in struct profile_values */
};

struct text {
	char *bytes;
	uint32_t index;
	UT_hash_handle hh;
};

struct writer {
	struct json_writer json;
	const struct view_page *view;
	const struct profile *sides[FOREST_SIDES];
	struct place_table *table;
	struct forest forest;
	ARRAY(struct metric) metrics;
	ARRAY(uint32_t) moments[FOREST_SIDES]; /* that are on the page */
	/* What was lost at the last look, by site, as if it were a moment; no values where nobody
	 * looked. */
	struct profile_moment lost[FOREST_SIDES];
	struct text *texts;
	ARRAY(struct text *) strings;
	size_t string_bytes;
	ARRAY(uint32_t) number_of_place; /* plus 1 */
	ARRAY(uint32_t) places;
};

/*** what is shown ***/

#define VALUE(member) offsetof(struct profile_values, member)

static void
push_metric(struct writer *writer, const char *name, unsigned side, uint32_t moment)
{
	struct metric *metric = array_push(&writer->metrics);

	*metric = (struct metric){
		.name = name,
		.side = side,
		.moment = moment,
		.has_bytes = true,
		.bytes = VALUE(live_bytes),
		.blocks = VALUE(live_blocks),
	};
	if (strcmp(name, "peak") == 0) {
		metric->bytes = VALUE(peak_bytes);
		metric->blocks = VALUE(peak_blocks);
	} else if (strcmp(name, "total") == 0) {
		metric->bytes = VALUE(total_bytes);
		metric->blocks = VALUE(total_blocks);
	} else if (strcmp(name, "temporary") == 0) {
		metric->has_bytes = false;
		metric->blocks = VALUE(temporary_blocks);
	} else if (strcmp(name, METRIC_LOST) == 0) {
		metric->bytes = VALUE(lost_bytes);
		metric->blocks = VALUE(lost_blocks);
	}
}

static void
take_lost(struct writer *writer, unsigned side)
{
	const struct leak_set *leaks = &writer->sides[side]->leaks;
	struct profile_moment *lost = &writer->lost[side];
	struct profile_values *values;

	if (!leak_set_has_answer(leaks))
		return;
	lost->site_count = writer->sides[side]->site_count;
	if (lost->site_count > leaks->site_count)
		lost->site_count = leaks->site_count;
	values = xcalloc((size_t)lost->site_count + 1, sizeof(*values));
	for (uint32_t i = 0; i < lost->site_count; i++) {
		values[i].lost_bytes = (int64_t)leak_values_get_lost_bytes(&leaks->sites[i]);
		values[i].lost_blocks = (int64_t)leak_values_get_lost_blocks(&leaks->sites[i]);
		profile_values_add(&lost->sum, &values[i]);
	}
	lost->values = values;
}

/* Of two, one of which nobody has looked at, nothing is said. */
static bool
knows_lost(const struct writer *writer)
{
	return writer->lost[0].values != NULL &&
	       (writer->sides[1] == NULL || writer->lost[1].values != NULL);
}

static uint32_t
get_number(const struct profile *profile, const struct profile_moment *moment)
{
	return (uint32_t)(moment - profile->moments);
}

/* Evenly, when there are many; what was asked for and what has a name come first. */
static void
choose_moments(struct writer *writer, unsigned side, uint32_t wanted)
{
	const struct profile *profile = writer->sides[side];
	uint32_t count = profile->moment_count, left = MOMENTS_MOST;
	uint8_t *chosen = xcalloc(count, 1);

	chosen[wanted] = chosen[count - 1] = 1;
	left -= wanted == count - 1 ? 1 : 2;
	for (uint32_t i = 0; i < count && left > MOMENTS_MOST / 3; i++) {
		if (chosen[i] || profile->moments[i].label[0] == '\0')
			continue;
		chosen[i] = 1;
		left--;
	}
	for (uint32_t i = 0; i < left; i++)
		chosen[(uint64_t)i * count / left] = 1;
	for (uint32_t i = 0; i < count; i++)
		if (chosen[i])
			*array_push(&writer->moments[side]) = i;
	free(chosen);
}

static void
choose_metrics(struct writer *writer)
{
	const struct view_page *view = writer->view;
	unsigned sides = view->old != NULL ? 2 : 1;

	for (unsigned side = 0; side < sides; side++) {
		const struct profile_at *at =
			view->old != NULL && side == 0 ? &view->old->at : &view->at;
		uint32_t number = get_number(writer->sides[side], at->moment);
		uint32_t last = writer->sides[side]->moment_count - 1;

		if (view->old != NULL)
			*array_push(&writer->moments[side]) = number;
		else
			choose_moments(writer, side, number);
		last = view->old != NULL ? number : last;
		push_metric(writer, "peak", side, last);
		push_metric(writer, "total", side, last);
		push_metric(writer, "temporary", side, last);
		if (knows_lost(writer))
			push_metric(writer, METRIC_LOST, side, last);
		array_each (&writer->moments[side], moment)
			push_metric(writer, "live", side, *moment);
	}
}

static struct forest_column
get_column(const struct writer *writer, const struct metric *metric, bool blocks)
{
	return (struct forest_column){
		.side = metric->side,
		.moment = strcmp(metric->name, METRIC_LOST) == 0
				  ? &writer->lost[metric->side]
				  : &writer->sides[metric->side]->moments[metric->moment],
		.offset = blocks ? metric->blocks : metric->bytes,
	};
}

static void
plant(struct writer *writer)
{
	const struct view_page *view = writer->view;
	ARRAY(struct forest_column) columns = {0};
	struct forest_options options = {
		.selection = &view->options->selection,
		.alias = view->old != NULL ? view->old->alias : NULL,
		.least = SHARE_LEAST,
		.lines = LINES_MOST,
	};

	array_each (&writer->metrics, metric) {
		if (metric->has_bytes)
			*array_push(&columns) = get_column(writer, metric, false);
		*array_push(&columns) = get_column(writer, metric, true);
	}
	options.nodes = NUMBERS_MOST / (columns.count + 1);
	options.nodes = options.nodes > NODES_MOST    ? NODES_MOST
			: options.nodes < NODES_LEAST ? NODES_LEAST
						      : options.nodes;
	forest_init(&writer->forest, writer->sides, &options, columns.items, columns.count,
		    writer->table);
	array_release(&columns);
}

/*** names ***/

static uint32_t
get_text(struct writer *writer, const char *bytes)
{
	char *safe = term_escape(bytes);
	struct text *text;

	HASH_FIND_STR(writer->texts, safe, text);
	if (text != NULL) {
		free(safe);
		return text->index;
	}
	text = xcalloc(1, sizeof(*text));
	text->bytes = safe;
	text->index = (uint32_t)writer->strings.count;
	HASH_ADD_KEYPTR(hh, writer->texts, text->bytes, strlen(text->bytes), text);
	*array_push(&writer->strings) = text;
	writer->string_bytes += strlen(safe);
	return text->index;
}

/* The beginning and the end: templates nest without bound. */
static uint32_t
get_name(struct writer *writer, const char *name)
{
	size_t length = strlen(name);
	size_t most = writer->string_bytes < STRINGS_MOST ? NAME_BYTES : NAME_LEAST;
	size_t head = most / 2, tail = length - most / 2;
	struct buffer cut = BUFFER_INIT;
	uint32_t index;

	if (length <= most)
		return get_text(writer, name);
	while (head > 0 && ((unsigned char)name[head] & 0xc0) == 0x80)
		head--;
	while (((unsigned char)name[tail] & 0xc0) == 0x80)
		tail++;
	buffer_insert(&cut, name, head);
	buffer_insert_string(&cut, "...");
	buffer_insert_string(&cut, name + tail);
	index = get_text(writer, buffer_string(&cut));
	buffer_release(&cut);
	return index;
}

static uint32_t
get_number_of_place(struct writer *writer, uint32_t place)
{
	while (writer->number_of_place.count <= place)
		*array_push(&writer->number_of_place) = 0;
	if (writer->number_of_place.items[place] == 0) {
		*array_push(&writer->places) = place;
		writer->number_of_place.items[place] = (uint32_t)writer->places.count;
	}
	return writer->number_of_place.items[place] - 1;
}

static bool
is_of_main(const struct writer *writer, const struct place *place)
{
	const struct profile *profile = writer->view->profile;

	for (uint32_t i = 0; place->module != NULL && i < profile->module_count; i++)
		if (profile->modules[i].is_main &&
		    strcmp(profile->modules[i].path, place->module) == 0)
			return true;
	return false;
}

enum kind {
	KIND_OTHER,
	KIND_OWN,
	KIND_PYTHON,
	KIND_NONE,
};

static void
write_place(struct writer *writer, const struct place *place)
{
	struct buffer name = BUFFER_INIT, file = BUFFER_INIT;
	char *shorter =
		place->function != NULL && !place->python ? name_shorten(place->function) : NULL;
	enum kind kind = place->python               ? KIND_PYTHON
			 : place->kind != PLACE_CODE ? KIND_NONE
			 : is_of_main(writer, place) ? KIND_OWN
						     : KIND_OTHER;
	bool is_own = false;
	uint32_t numbers[3];

	view_place_format_name(place, &name);
	numbers[0] = get_name(writer,
			      shorter != NULL && *shorter != '\0' ? shorter : buffer_string(&name));
	if (place->file != NULL)
		view_place_format_file(place->file, false, &file, &is_own);
	numbers[1] = get_name(writer, buffer_string(&file));
	numbers[2] = get_name(writer, place->module != NULL ? place->module : "");
	if (is_own && kind == KIND_OTHER)
		kind = KIND_OWN;
	fprintf(writer->json.stream, "[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%d]",
		numbers[0], numbers[1], place->file != NULL ? place->line : 0, numbers[2], kind);
	free(shorter);
	buffer_release(&name);
	buffer_release(&file);
}

static void
write_places(struct writer *writer)
{
	FILE *stream = writer->json.stream;

	fputs(",\"places\":[", stream);
	for (size_t i = 0; i < writer->places.count; i++) {
		if (i > 0)
			putc(',', stream);
		write_place(writer, place_table_get(writer->table, writer->places.items[i]));
	}
	fputs("]", stream);
}

/*** numbers ***/

static void
write_sparse(FILE *stream, const char *key, const int64_t *values, size_t count)
{
	size_t last = 0;
	bool any = false;

	fprintf(stream, ",\"%s\":[", key);
	for (size_t i = 0; i < count; i++) {
		if (values[i] == 0)
			continue;
		fprintf(stream, "%s%zu,%" PRId64, any ? "," : "", i - last, values[i]);
		last = i;
		any = true;
	}
	putc(']', stream);
}

static void
write_column(struct writer *writer, const struct metric *metric, bool blocks)
{
	const struct forest *forest = &writer->forest;
	const struct forest_column column = get_column(writer, metric, blocks);
	size_t most = 2 * forest->count + forest->line_count + 2;
	int64_t *values = xcalloc(most, sizeof(*values));

	forest_get_nodes(forest, &column, values);
	write_sparse(writer->json.stream, blocks ? "blocks" : "bytes", values,
		     2 * forest->count + 1);
	forest_get_lines(forest, &column, values);
	write_sparse(writer->json.stream, blocks ? "lineBlocks" : "lineBytes", values,
		     forest->line_count + 1);
	free(values);
}

static void
write_columns(struct writer *writer)
{
	FILE *stream = writer->json.stream;

	fputs(",\"columns\":[", stream);
	array_each (&writer->metrics, metric) {
		fprintf(stream, "%s{\"metric\":\"%s\",\"side\":%u,\"moment\":%" PRIu32,
			metric == writer->metrics.items ? "" : ",", metric->name, metric->side,
			metric->moment + 1);
		if (metric->has_bytes)
			write_column(writer, metric, false);
		write_column(writer, metric, true);
		putc('}', stream);
	}
	putc(']', stream);
}

static void
write_tree(struct writer *writer)
{
	const struct forest *forest = &writer->forest;
	FILE *stream = writer->json.stream;

	fputs(",\"nodes\":{\"parent\":[", stream);
	for (size_t i = 0; i < forest->count; i++)
		fprintf(stream, "%s%" PRId64, i > 0 ? "," : "",
			forest->nodes[i].parent == FOREST_NONE ? -1
							       : (int64_t)forest->nodes[i].parent);
	fputs("],\"place\":[", stream);
	for (size_t i = 0; i < forest->count; i++)
		fprintf(stream, "%s%" PRIu32, i > 0 ? "," : "",
			get_number_of_place(writer, forest->nodes[i].place));
	fputs("],\"cut\":[", stream);
	for (size_t i = 0; i < forest->count; i++)
		fprintf(stream, "%" PRIu32 ",", forest->nodes[i].cut);
	fprintf(stream, "%" PRIu32 "]},\"lines\":{\"place\":[", forest->cut);
	for (size_t i = 0; i < forest->line_count; i++)
		fprintf(stream, "%s%" PRIu32, i > 0 ? "," : "",
			get_number_of_place(writer, forest->lines[i].place));
	fprintf(stream, "],\"cut\":%" PRIu32 "}", forest->lines_cut);
}

/*** time ***/

/* Of many points, the largest of each part of the time. */
static void
write_curve(struct json_writer *json, const struct profile *profile)
{
	struct curve curve;
	size_t step;

	curve_init(&curve, profile);
	step = curve.count / POINTS_MOST + 1;
	json_writer_begin_array(json, "curve");
	for (size_t i = 0; i < curve.count; i += step) {
		const struct curve_point *best = &curve.points[i];

		for (size_t k = i; k < i + step && k < curve.count; k++)
			if (curve.points[k].live_bytes > best->live_bytes)
				best = &curve.points[k];
		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, best->time_ns);
		json_writer_signed(json, NULL, best->live_bytes);
		json_writer_unsigned(json, NULL, best->rss_bytes);
		json_writer_end_array(json);
	}
	json_writer_end_array(json);
	curve_release(&curve);
}

/* Where the resident memory was: time, all of it, and the parts; of the last in any case. */
static void
write_residents(struct json_writer *json, const struct profile *profile)
{
	uint32_t step = profile->resident_count / RESIDENTS_MOST + 1;

	json_writer_begin_array(json, "parts");
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		json_writer_string(json, NULL, resident_part_name(part));
	json_writer_end_array(json);
	json_writer_begin_array(json, "residents");
	for (uint32_t i = 0; i < profile->resident_count; i++) {
		const struct profile_resident *one = &profile->residents[i];

		if ((profile->resident_count - 1 - i) % step != 0)
			continue;
		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, one->time_ns);
		json_writer_unsigned(json, NULL, one->resident_bytes);
		for (unsigned part = 0; part < RESIDENT_PARTS; part++)
			json_writer_unsigned(json, NULL, one->parts[part]);
		json_writer_end_array(json);
	}
	json_writer_end_array(json);
}

static void
write_moments(struct writer *writer, unsigned side)
{
	const struct profile *profile = writer->sides[side];
	struct json_writer *json = &writer->json;

	json_writer_begin_array(json, "moments");
	array_each (&writer->moments[side], number) {
		const struct profile_moment *moment = &profile->moments[*number];
		const struct profile_at at = {.moment = moment};
		char *name = view_moment_describe(profile, &at);

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", *number + 1);
		json_writer_string(json, "name", name);
		json_writer_seconds(json, "seconds", moment->time_ns);
		json_writer_signed(json, "live", moment->sum.live_bytes);
		json_writer_end_object(json);
		free(name);
	}
	json_writer_end_array(json);
	json_writer_begin_array(json, "marks");
	for (uint32_t i = 0; i < profile->mark_count && i < POINTS_MOST; i++) {
		const struct profile_mark *mark = &profile->marks[i];
		char *label = term_escape(mark->label);

		json_writer_begin_array(json, NULL);
		json_writer_seconds(json, NULL, mark->time_ns);
		json_writer_string(json, NULL, *label ? label : profile_mark_name(mark->kind));
		json_writer_end_array(json);
		free(label);
	}
	json_writer_end_array(json);
}

/*** the process ***/

static void
write_escaped(struct json_writer *json, const char *key, const char *text)
{
	char *safe = term_escape(text);

	json_writer_string(json, key, safe);
	free(safe);
}

static char *
get_quality(const struct writer *writer, unsigned side)
{
	const struct view_page *view = writer->view;
	const struct profile *profile = writer->sides[side];
	const struct profile_at end = {.moment = &profile->moments[profile->moment_count - 1]};
	struct group_options options = *view->options;
	struct term term = {0};
	struct group_set set;
	char *text = NULL;
	size_t length;

	options.by = GROUP_BY_LINE;
	options.cumulative = false;
	group_profile(profile, &end, &options, writer->table, NULL, &set);
	term.stream = open_memstream(&text, &length);
	if (term.stream != NULL) {
		view_quality_line(&term, "", profile, &set);
		fclose(term.stream);
	}
	group_set_release(&set);
	return text;
}

static void
write_totals(struct json_writer *json, const struct profile *profile,
	     const struct profile_moment *lost)
{
	const struct profile_values *sum = &profile->moments[profile->moment_count - 1].sum;
	struct not_freed rest;

	not_freed_get(profile, &(struct selection){.system_rules = true}, &rest);
	json_writer_signed(json, "peak", sum->peak_bytes);
	json_writer_signed(json, "live", sum->live_bytes);
	json_writer_signed(json, "liveBlocks", sum->live_blocks);
	json_writer_signed(json, "kept", rest.kept.live_bytes);
	json_writer_unsigned(json, "total", sum->total_bytes);
	json_writer_unsigned(json, "totalBlocks", sum->total_blocks);
	json_writer_unsigned(json, "temporary", sum->temporary_blocks);
	json_writer_unsigned(json, "resident", profile_get_resident_peak(profile));
	if (lost->values != NULL) {
		json_writer_signed(json, "lost", lost->sum.lost_bytes);
		json_writer_signed(json, "lostBlocks", lost->sum.lost_blocks);
	}
	not_freed_release(&rest);
}

static void
write_side(struct writer *writer, unsigned side)
{
	const struct view_page *view = writer->view;
	const struct profile *profile = writer->sides[side];
	bool is_old = view->old != NULL && side == 0;
	const struct profile_at *at = is_old ? &view->old->at : &view->at;
	char *moment = view_moment_describe(profile, at), *quality = get_quality(writer, side);
	struct json_writer *json = &writer->json;

	json_writer_begin_object(json, NULL);
	write_escaped(json, "operand", is_old ? view->old->operand : view->operand);
	write_escaped(json, "command", profile->command);
	write_escaped(json, "executable", profile->executable);
	json_writer_unsigned(json, "pid", profile->pid);
	json_writer_string(json, "state", profile_state_name(profile->state));
	json_writer_seconds(json, "seconds", profile->duration_ns);
	json_writer_seconds(json, "started", profile->start_realtime_ns);
	json_writer_unsigned(json, "threads", profile->threads);
	json_writer_string(json, "at", moment);
	json_writer_unsigned(json, "atNumber", get_number(profile, at->moment) + 1);
	json_writer_bool(json, "atPeak", at->peak);
	write_totals(json, profile, &writer->lost[side]);
	write_curve(json, profile);
	write_residents(json, profile);
	write_moments(writer, side);
	json_writer_string(json, "quality", quality != NULL ? quality : "");
	view_quality_troubles_json(json, profile);
	json_writer_end_object(json);
	free(quality);
	free(moment);
}

static void
write_strings(struct writer *writer)
{
	json_writer_begin_array(&writer->json, "strings");
	array_each (&writer->strings, text)
		json_writer_string(&writer->json, NULL, (*text)->bytes);
	json_writer_end_array(&writer->json);
}

static void
release(struct writer *writer)
{
	struct text *text, *next;

	HASH_ITER (hh, writer->texts, text, next) {
		HASH_DEL(writer->texts, text);
		free(text->bytes);
		free(text);
	}
	array_release(&writer->strings);
	array_release(&writer->metrics);
	array_release(&writer->number_of_place);
	array_release(&writer->places);
	for (unsigned side = 0; side < FOREST_SIDES; side++) {
		array_release(&writer->moments[side]);
		free(writer->lost[side].values);
	}
	forest_release(&writer->forest);
}

void
view_page_data(FILE *stream, const struct view_page *view)
{
	const struct place_options places = {0};
	struct writer writer = {
		.view = view,
		.sides = {view->old != NULL ? view->old->profile : view->profile,
			  view->old != NULL ? view->profile : NULL},
		.table = view->old != NULL ? view->old->table : place_table_new(&places),
	};
	struct json_writer *json = &writer.json;

	for (unsigned side = 0; side < FOREST_SIDES && writer.sides[side] != NULL; side++)
		take_lost(&writer, side);
	choose_metrics(&writer);
	plant(&writer);
	json_writer_init(json, stream);
	json->is_dense = true;
	json_writer_begin_object(json, NULL);
	json_writer_string(json, "version", PACKAGE_VERSION);
	json_writer_bool(json, "filtered", view->options->selection.filters.count > 0);
	json_writer_bool(json, "isLive", view->is_live);
	json_writer_unsigned(json, "processes", view->process_count);
	json_writer_begin_array(json, "sides");
	for (unsigned side = 0; side < FOREST_SIDES && writer.sides[side] != NULL; side++)
		write_side(&writer, side);
	json_writer_end_array(json);
	get_text(&writer, "");
	write_tree(&writer);
	write_places(&writer);
	write_columns(&writer);
	if (view->with_source)
		view_page_source(
			json, writer.table,
			&(struct view_page_source_places){writer.places.items, writer.places.count},
			view->profile->start_realtime_ns);
	write_strings(&writer);
	json_writer_end_object(json);
	release(&writer);
	if (view->old == NULL)
		place_table_free(writer.table);
}
