/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/callgrind.c - the file of callgrind: kcachegrind and callgrind_annotate show it
 *
 * Costs are added up in a table of (function, line, called function), which is sorted and written
 * when all stacks are seen: there are far fewer edges than frames of stacks.
 */
#include "config.h"

#include "export/callgrind.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/hash_map.h"
#include "util/term.h"
#include "util/wrap.h"

#define NONE  UINT32_MAX
#define COSTS 4

struct function_key {
	const char *function, *file, *module; /* of the table */
	uint64_t offset;                      /* without a function */
	uint32_t kind;
};

struct function {
	struct function_key key; /* zeroed before it is filled: padding is hashed */
	uint32_t number;
	size_t seen; /* the last group that it is called in, plus 1 */
	struct place place;
	UT_hash_handle hh;
};

/* Names are written once, and from then on by their numbers. */
struct name {
	char *text;
	uint32_t number; /* from 1 on */
	UT_hash_handle hh;
};

struct edge_key {
	uint32_t function, line;
	uint32_t called, called_line; /* NONE, 0: the cost of the line itself */
};

struct edge {
	struct edge_key key;
	int64_t costs[COSTS];
	uint64_t calls;
	size_t seen; /* the last group that counted, plus 1 */
	UT_hash_handle hh;
};

struct writer {
	FILE *stream;
	const struct export_input *input;
	size_t costs; /* of single blocks only what is live is known */
	struct function *functions;
	struct edge *edges;
	struct name *files, *objects, *names;
	ARRAY(struct function *) by_number;
};

/*** what is collected ***/

static uint32_t
get_function(struct writer *writer, const struct place *place)
{
	struct function_key key;
	struct function *function;

	memset(&key, 0, sizeof(key));
	key.function = place->function;
	key.file = place->file;
	key.module = place->module;
	key.offset = place->function == NULL || place->kind != PLACE_CODE ? place->offset : 0;
	key.kind = place->kind;
	HASH_FIND(hh, writer->functions, &key, sizeof(key), function);
	if (function == NULL) {
		function = xcalloc(1, sizeof(*function));
		function->key = key;
		function->place = *place;
		function->number = (uint32_t)writer->by_number.count;
		HASH_ADD(hh, writer->functions, key, sizeof(key), function);
		*array_push(&writer->by_number) = function;
	}
	return function->number;
}

static void
get_costs(const struct writer *writer, const struct group *group, int64_t *ret_costs)
{
	ret_costs[0] =
		writer->costs == COSTS ? (int64_t)group->values.total_bytes : group->end_bytes;
	ret_costs[1] = writer->costs == COSTS ? group->end_bytes : group->end_blocks;
	ret_costs[2] = group->values.peak_bytes;
	ret_costs[3] = (int64_t)group->values.total_blocks;
}

static void
add_edge(struct writer *writer, const struct edge_key *key, size_t group, const int64_t *costs,
	 uint64_t calls)
{
	struct edge *edge;

	HASH_FIND(hh, writer->edges, key, sizeof(*key), edge);
	if (edge == NULL) {
		edge = xcalloc(1, sizeof(*edge));
		edge->key = *key;
		HASH_ADD(hh, writer->edges, key, sizeof(*key), edge);
	}
	if (edge->seen != group + 1)
		edge->calls += calls;
	edge->seen = group + 1;
	for (size_t i = 0; costs != NULL && i < writer->costs; i++)
		edge->costs[i] = wrap_add(edge->costs[i], costs[i]);
}

/*
 * From the outermost frame on. A function that is on the stack several times has the costs when it
 * is called first, so that they are never more than there is.
 */
static void
add_group(struct writer *writer, size_t index, const struct export_frames *frames)
{
	const struct group *group = &writer->input->set->groups[index];
	uint64_t calls =
		writer->costs == COSTS ? group->values.total_blocks : (uint64_t)group->end_blocks;
	struct edge_key key = {.function = NONE};
	int64_t costs[COSTS];

	get_costs(writer, group, costs);
	for (size_t i = frames->count; i > 0; i--) {
		const struct place *place = &frames->items[i - 1].place;
		uint32_t number = get_function(writer, place);
		struct function *function = writer->by_number.items[number];

		key.called = number;
		key.called_line = place->file != NULL ? place->function_line : 0;
		if (key.function != NONE) {
			add_edge(writer, &key, index, function->seen == index + 1 ? NULL : costs,
				 calls);
			function->seen = index + 1;
		}
		key.function = number;
		key.line = place->file != NULL ? place->line : 0;
	}
	key.called = NONE;
	key.called_line = 0;
	if (key.function != NONE)
		add_edge(writer, &key, index, costs, calls);
}

/*** what is written ***/

/* "(3) name", and from the second time on "(3)". */
static void
write_name(struct writer *writer, struct name **names, const char *key, const char *text)
{
	char *safe = export_escape(text);
	struct name *name;

	HASH_FIND_STR(*names, safe, name);
	if (name == NULL) {
		name = xcalloc(1, sizeof(*name));
		name->text = safe;
		name->number = HASH_COUNT(*names) + 1;
		HASH_ADD_KEYPTR(hh, *names, name->text, strlen(name->text), name);
		fprintf(writer->stream, "%s=(%" PRIu32 ") %s\n", key, name->number, name->text);
		return;
	}
	free(safe);
	fprintf(writer->stream, "%s=(%" PRIu32 ")\n", key, name->number);
}

static void
write_function(struct writer *writer, uint32_t number, bool called)
{
	const struct place *place = &writer->by_number.items[number]->place;
	struct buffer name = BUFFER_INIT;

	export_format_name(writer->input, place, &name);
	write_name(writer, &writer->objects, called ? "cob" : "ob",
		   place->module != NULL ? place->module : "???");
	write_name(writer, &writer->files, called ? "cfl" : "fl",
		   place->file != NULL ? place->file : "???");
	write_name(writer, &writer->names, called ? "cfn" : "fn", buffer_string(&name));
	buffer_release(&name);
}

static void
write_costs(const struct writer *writer, uint32_t line, const int64_t *costs)
{
	fprintf(writer->stream, "%" PRIu32, line);
	for (size_t i = 0; i < writer->costs; i++)
		fprintf(writer->stream, " %" PRId64, costs[i]);
	putc('\n', writer->stream);
}

static int
compare_edges(struct edge *left, struct edge *right)
{
	const uint32_t a[] = {left->key.function, left->key.called + 1, left->key.line,
			      left->key.called_line};
	const uint32_t b[] = {right->key.function, right->key.called + 1, right->key.line,
			      right->key.called_line};

	for (size_t i = 0; i < sizeof(a) / sizeof(*a); i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static void
write_head(struct writer *writer)
{
	const struct profile *profile = writer->input->profile;
	char *command =
		export_escape(*profile->executable ? profile->executable : profile->command);
	int64_t sums[COSTS] = {0}, costs[COSTS];

	for (size_t i = 0; i < writer->input->set->count; i++) {
		get_costs(writer, &writer->input->set->groups[i], costs);
		for (size_t k = 0; k < writer->costs; k++)
			sums[k] = wrap_add(sums[k], costs[k]);
	}
	fprintf(writer->stream, "# callgrind format\nversion: 1\ncreator: heaptally %s\n",
		PACKAGE_VERSION);
	if (profile->process_count == 0)
		fprintf(writer->stream, "pid: %" PRIu32 "\n", profile->pid);
	fprintf(writer->stream, "cmd: %s\npositions: line\n", command);
	fputs(writer->costs == COSTS
		      ? "event: TotB : Bytes in total\nevent: LiveB : Bytes live at the "
			"moment\nevent: PeakB : Bytes at the peak\nevent: Count : "
			"Allocations\nevents: TotB LiveB PeakB Count\n"
		      : "event: LiveB : Bytes live at the moment\nevent: Live : Live "
			"blocks\nevents: LiveB Live\n",
	      writer->stream);
	fputs("summary:", writer->stream);
	for (size_t k = 0; k < writer->costs; k++)
		fprintf(writer->stream, " %" PRId64, sums[k]);
	putc('\n', writer->stream);
	free(command);
}

static void
write_edges(struct writer *writer)
{
	uint32_t current = NONE;

	HASH_SORT(writer->edges, compare_edges);
	for (struct edge *edge = writer->edges; edge != NULL; edge = edge->hh.next) {
		if (edge->key.function != current) {
			putc('\n', writer->stream);
			write_function(writer, edge->key.function, false);
		}
		current = edge->key.function;
		if (edge->key.called != NONE) {
			write_function(writer, edge->key.called, true);
			fprintf(writer->stream, "calls=%" PRIu64 " %" PRIu32 "\n",
				edge->calls > 0 ? edge->calls : 1, edge->key.called_line);
		}
		write_costs(writer, edge->key.line, edge->costs);
	}
}

static void
release_names(struct name **names)
{
	struct name *name, *next;

	HASH_ITER (hh, *names, name, next) {
		HASH_DEL(*names, name);
		free(name->text);
		free(name);
	}
}

static void
release(struct writer *writer)
{
	struct function *function, *next_function;
	struct edge *edge, *next_edge;

	HASH_ITER (hh, writer->functions, function, next_function) {
		HASH_DEL(writer->functions, function);
		free(function);
	}
	HASH_ITER (hh, writer->edges, edge, next_edge) {
		HASH_DEL(writer->edges, edge);
		free(edge);
	}
	release_names(&writer->files);
	release_names(&writer->objects);
	release_names(&writer->names);
	array_release(&writer->by_number);
}

void
export_callgrind(const struct term *term, const struct export_input *input)
{
	struct writer writer = {
		.stream = term->stream,
		.input = input,
		.costs = input->set->by_blocks ? 2 : COSTS,
	};
	struct export_frames frames = {0};

	for (size_t i = 0; i < input->set->count; i++) {
		export_get_frames(input, &input->set->groups[i], &frames);
		add_group(&writer, i, &frames);
	}
	write_head(&writer);
	write_edges(&writer);
	release(&writer);
	export_frames_release(&frames);
}
