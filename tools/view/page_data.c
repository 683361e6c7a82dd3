/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/page_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/forest.h"
#include "util/array.h"
#include "util/json_writer.h"
#include "util/xalloc.h"
#include "view/page.h"
#include "view/page_names.h"
#include "view/page_side.h"
#include "view/page_source.h"

#define NODES_MOST   5000
#define NODES_LEAST  1000
#define LINES_MOST   400
#define NUMBERS_MOST 120000 /* of all nodes: what makes the page large */
#define SHARE_LEAST  0.0005
#define MOMENTS_MOST 24
#define METRIC_LOST  "lost"

/* One pair of numbers of each node: bytes and blocks. */
struct metric {
	const char *name;
	unsigned side;
	uint32_t moment; /* of the side */
	bool has_bytes;
	size_t bytes, blocks; /* in struct profile_values */
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
	struct view_page_names names;
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
			view_page_names_get_place(&writer->names, forest->nodes[i].place));
	fputs("],\"cut\":[", stream);
	for (size_t i = 0; i < forest->count; i++)
		fprintf(stream, "%" PRIu32 ",", forest->nodes[i].cut);
	fprintf(stream, "%" PRIu32 "]},\"lines\":{\"place\":[", forest->cut);
	for (size_t i = 0; i < forest->line_count; i++)
		fprintf(stream, "%s%" PRIu32, i > 0 ? "," : "",
			view_page_names_get_place(&writer->names, forest->lines[i].place));
	fprintf(stream, "],\"cut\":%" PRIu32 "}", forest->lines_cut);
}

static void
write_side(struct writer *writer, unsigned side)
{
	const struct view_page *view = writer->view;
	const struct view_page_old *old = side == 0 ? view->old : NULL;
	const struct view_page_side one = {
		.operand = old != NULL ? old->operand : view->operand,
		.profile = writer->sides[side],
		.at = old != NULL ? &old->at : &view->at,
		.moments = writer->moments[side].items,
		.moment_count = writer->moments[side].count,
		.lost = writer->lost[side].values != NULL ? &writer->lost[side].sum : NULL,
	};

	view_page_side(&writer->json, &one, view->options, writer->table);
}

static void
release(struct writer *writer)
{
	view_page_names_release(&writer->names);
	array_release(&writer->metrics);
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
	view_page_names_init(&writer.names, writer.table, view->profile);
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
	write_tree(&writer);
	view_page_names_write_places(&writer.names, stream);
	write_columns(&writer);
	if (view->with_source)
		view_page_source(json, writer.table,
				 &(struct view_page_source_places){writer.names.places.items,
								   writer.names.places.count},
				 view->profile->start_realtime_ns);
	view_page_names_write_strings(&writer.names, json);
	json_writer_end_object(json);
	release(&writer);
	if (view->old == NULL)
		place_table_free(writer.table);
}
