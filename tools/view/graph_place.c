/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/graph_place.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "view/owner.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/place_json.h"

#define STEPS_SHOWN      12 /* of a path, without those that repeat a place */
#define LIKENESSES_SHOWN 3  /* of a group */

void
view_graph_place_text(const struct term *term, const struct view_graph *view, uint32_t group)
{
	const struct site_group *site;
	struct view_place place;

	if (group == SITE_GROUP_NONE) {
		fputs("a site of before the last clearing", term->stream);
		return;
	}
	site = &view->groups->groups[group];
	view_place_init(&place, view->attribution->table, site->stack, site->caller,
			view->options->by, view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	fprintf(term->stream, "%s%s%s", place.name, *place.name && *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

void
view_graph_owner_text(const struct term *term, const struct view_graph *view, uint32_t number)
{
	const struct owner *owner;
	char *name, *position;

	if (number == OWNER_NONE) {
		fputs("what ended calls have left on a stack", term->stream);
		return;
	}
	owner = &view->owners->owners[number];
	name = view_owner_name(owner);
	position = view_owner_position(owner, view->full_names);
	fprintf(term->stream, "%s%s%s", name, *position ? " " : "", position);
	free(name);
	free(position);
}

static void
print_likeness(const struct term *term, const struct view_graph *view, uint32_t item)
{
	char *name = likeness_format(&view->likeness->items[item], view->owners);
	char *escaped = term_escape(name);

	if (!view->full_names)
		view_place_cut_name(escaped, view_place_name_columns(term->width));
	fputs(escaped, term->stream);
	free(escaped);
	free(name);
}

void
view_graph_likeness_text(const struct term *term, const struct view_graph *view, size_t block)
{
	if (view->likeness == NULL || view->likeness->of_block[block] == LIKENESS_NONE)
		return;
	fputs(", looks like ", term->stream);
	print_likeness(term, view, view->likeness->of_block[block]);
}

void
view_graph_likeness_of_group_text(const struct term *term, const struct view_graph *view,
				  uint32_t group)
{
	const struct likeness_sum *sum = view->likeness_of_groups;
	uint32_t first, count;
	uint64_t blocks;
	char text[HUMAN_BYTES];

	if (view->likeness == NULL || group == SITE_GROUP_NONE)
		return;
	first = sum->first[group];
	count = sum->first[group + 1] - first;
	blocks = view->groups->groups[group].blocks;
	for (uint32_t i = 0; i < count && i < LIKENESSES_SHOWN; i++) {
		fputs(i != 0 ? ", " : blocks > 1 ? ", look like " : ", looks like ", term->stream);
		print_likeness(term, view, sum->parts[first + i].item);
		if (sum->parts[first + i].blocks != blocks)
			fprintf(term->stream, " (x %s)",
				human_count(sum->parts[first + i].blocks, text));
	}
	if (count > LIKENESSES_SHOWN)
		fprintf(term->stream, ", %s more", human_count(count - LIKENESSES_SHOWN, text));
}

/* Steps that are of one place, one behind the other, are one with their number. */
static size_t
count_run(const struct view_graph *view, const uint32_t *blocks, size_t i, size_t count)
{
	uint32_t group = site_group_find(view->groups, view->graph, blocks[i]);
	size_t first = i;

	while (i + 1 < count && site_group_find(view->groups, view->graph, blocks[i + 1]) == group)
		i++;
	return i - first + 1;
}

static void
print_steps(const struct term *term, const struct view_graph *view, const uint32_t *blocks,
	    size_t count)
{
	size_t shown = 0, run;
	char text[HUMAN_BYTES];

	for (size_t i = 0; i < count; i += run) {
		run = count_run(view, blocks, i, count);
		if (shown++ == STEPS_SHOWN) {
			fprintf(term->stream, " -> %s more", human_count(count - i, text));
			return;
		}
		fputs(" -> ", term->stream);
		view_graph_place_text(term, view,
				      site_group_find(view->groups, view->graph, blocks[i]));
		if (run > 1)
			fprintf(term->stream, " (x %s)", human_count(run, text));
	}
}

bool
view_graph_path_text(const struct term *term, const struct view_graph *view, uint32_t block,
		     const char *last)
{
	uint32_t owner, *blocks;
	size_t count = owner_paths_get(view->paths, block, &owner, &blocks);

	if (count == 0)
		return false;
	view_graph_owner_text(term, view, owner);
	/* The last block is what it is about. */
	print_steps(term, view, blocks, count - 1);
	fprintf(term->stream, " -> %s", last);
	free(blocks);
	return true;
}

/*** JSON ***/

void
view_graph_frames_json(struct json_writer *json, const struct view_graph *view, uint32_t group)
{
	if (group == SITE_GROUP_NONE) {
		json_writer_begin_array(json, "frames");
		json_writer_end_array(json);
	} else {
		view_place_json(json, view->attribution->table, view->groups->groups[group].stack,
				view->options->by);
	}
}

static void
write_likeness(struct json_writer *json, const struct view_graph *view, const char *key,
	       uint32_t item)
{
	char *name = likeness_format(&view->likeness->items[item], view->owners);

	json_writer_string(json, key, name);
	free(name);
}

void
view_graph_likeness_json(struct json_writer *json, const struct view_graph *view, size_t block)
{
	if (view->likeness == NULL || view->likeness->of_block[block] == LIKENESS_NONE)
		json_writer_null(json, "looks_like");
	else
		write_likeness(json, view, "looks_like", view->likeness->of_block[block]);
}

void
view_graph_likeness_of_group_json(struct json_writer *json, const struct view_graph *view,
				  uint32_t group)
{
	const struct likeness_sum *sum = view->likeness_of_groups;

	json_writer_begin_array(json, "looks_like");
	for (uint32_t i = 0; view->likeness != NULL && group != SITE_GROUP_NONE &&
			     i < sum->first[group + 1] - sum->first[group];
	     i++) {
		const struct likeness_part *part = &sum->parts[sum->first[group] + i];

		json_writer_begin_object(json, NULL);
		write_likeness(json, view, "name", part->item);
		json_writer_unsigned(json, "blocks", part->blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_members(struct json_writer *json, const struct view_graph *view, size_t block)
{
	json_writer_hex(json, "address", view->graph->blocks[block].start);
	json_writer_unsigned(json, "size_bytes", graph_get_bytes(&view->graph->blocks[block]));
	view_graph_likeness_json(json, view, block);
	view_graph_frames_json(json, view, site_group_find(view->groups, view->graph, block));
}

void
view_graph_block_json(struct json_writer *json, const struct view_graph *view, const char *key,
		      size_t block)
{
	json_writer_begin_object(json, key);
	write_members(json, view, block);
	json_writer_end_object(json);
}

void
view_graph_owner_json(struct json_writer *json, const struct view_graph *view, const char *key,
		      uint32_t owner)
{
	if (owner == OWNER_NONE) {
		json_writer_null(json, key);
		return;
	}
	json_writer_begin_object(json, key);
	view_owner_json(json, &view->owners->owners[owner]);
	json_writer_end_object(json);
}

void
view_graph_path_json(struct json_writer *json, const struct view_graph *view, const char *key,
		     uint32_t block)
{
	uint32_t owner, *blocks;
	size_t count = owner_paths_get(view->paths, block, &owner, &blocks), run;

	if (count == 0) {
		json_writer_null(json, key);
		return;
	}
	json_writer_begin_object(json, key);
	view_graph_owner_json(json, view, "root", owner);
	json_writer_begin_array(json, "blocks");
	for (size_t i = 0; i < count; i += run) {
		/* The last stands for itself. */
		run = i + 1 < count ? count_run(view, blocks, i, count - 1) : 1;
		json_writer_begin_object(json, NULL);
		write_members(json, view, blocks[i]);
		json_writer_unsigned(json, "repeat_count", run);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	json_writer_end_object(json);
	free(blocks);
}
