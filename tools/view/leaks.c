/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/leaks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/graph_quality.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/place.h"
#include "view/quality.h"

#define PARTS_SHOWN 3
#define LOOKS_SHOWN 3
#define WORD_WIDTH  8 /* of "START-UP" */

char *
view_leaks_explain(int error)
{
	switch (-error) {
	case EAGAIN:
		return xstrdup("no copy of the process could be made: a limit on processes");
	case EACCES:
		return xstrdup("it filters its system calls, and might have been killed for making "
			       "a copy");
	case EPERM:
		return xstrdup("it was not allowed to open files any more, as in a sandbox that it "
			       "makes for itself");
	case ENOMEM:
		return xstrdup("there was no memory for it");
	case ETIMEDOUT:
		return xstrdup("it took more than a minute and was given up");
	case ENOSPC:
		return xstrdup("there was no room for the file");
	case EFBIG:
		return xstrdup("a limit on the size of files is too small for it");
	default:
		return xstrdup(strerror(-error));
	}
}

/*** text ***/

static size_t
count_lost_rows(const struct leak_report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->row_count; i++)
		count += report->rows[i].verdict == LEAK_LOST && !report->rows[i].is_system;
	return count;
}

/* What the lost blocks, or nothing, were not in. */
static void
print_before(const struct term *term, const struct view_leaks *view)
{
	char *name = term_escape(view->before_name);

	fprintf(term->stream, " that %s not in %s",
		leak_values_get_lost_blocks(&view->report->sum) <= 1 ? "was" : "were", name);
	free(name);
}

/* Of a process that goes on: what it took. */
static void
print_looks(const struct term *term, const struct leak_set *leaks)
{
	char apart[HUMAN_BYTES], pause[HUMAN_BYTES];

	fprintf(term->stream, "          %s%s%s", leaks->looks > 1 ? "two looks " : "one look",
		leaks->looks > 1 ? human_duration(leaks->apart_ns, apart) : "",
		leaks->looks > 1 ? " apart" : "");
	if (leaks->quality.taken == GRAPH_TAKEN_FROM_OUTSIDE)
		fputs(" from outside", term->stream);
	else
		fprintf(term->stream, ", paused %s%s",
			human_duration(leaks->quality.pause_ns, pause),
			leaks->looks > 1 ? " each" : "");
}

static void
print_title(const struct term *term, const struct view_leaks *view)
{
	const struct leak_set *leaks = &view->profile->leaks;
	const struct leak_values *sum = &view->report->sum;
	char *process = view_moment_name_process(view->profile);
	size_t places = count_lost_rows(view->report);
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];

	fprintf(term->stream, "%s%s%s%s: ", term_style(term, TERM_BOLD), process,
		term_style(term, TERM_PLAIN), view_graph_quality_moment(&leaks->quality));
	if (leak_values_get_lost_blocks(sum) == 0)
		fputs("nothing is lost", term->stream);
	else
		fprintf(term->stream, "%s in %s block%s %s lost, from %zu place%s",
			human_size((int64_t)leak_values_get_lost_bytes(sum), bytes),
			human_count(leak_values_get_lost_blocks(sum), blocks),
			text_plural(leak_values_get_lost_blocks(sum)),
			!leak_set_is_sure(leaks)
				? leak_values_get_lost_blocks(sum) == 1 ? "seems" : "seem"
			: leak_values_get_lost_blocks(sum) == 1 ? "is"
								: "are",
			places, text_plural(places));
	if (view->before != NULL)
		print_before(term, view);
	if (graph_quality_is_live(&leaks->quality) && view->profile->process_count == 0)
		print_looks(term, leaks);
	fputs("\n", term->stream);
	free(process);
}

static void
print_place(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	struct view_place place;

	view_place_init(&place, view->attribution->table, row->stack, row->caller,
			view->options->by, view->full_names);
	if (!view->full_names)
		view_place_cut_name(place.name, view_place_name_columns(term->width));
	fprintf(term->stream, "%s%s%s", place.name, *place.name && *place.position ? "  " : "",
		place.position);
	view_place_release(&place);
}

static const char *
get_word(const struct leak_row *row)
{
	static const char *const words[LEAK_VERDICTS] = {
		"LOST", "PART", "GROWING", "MAYBE", "HELD", "PLATEAU", "START-UP",
	};

	return row->is_system ? "SYSTEM" : words[row->verdict];
}

/* What the numbers of a row are: of the kind that it is in the list for. */
static void
get_shown(const struct leak_row *row, uint64_t *ret_bytes, uint64_t *ret_blocks)
{
	static const enum reach_kind kinds[LEAK_VERDICTS] = {
		[LEAK_LOST] = REACH_DEFINITE,      [LEAK_PART] = REACH_INDIRECT,
		[LEAK_GROWING] = REACH_REACHABLE,  [LEAK_MAYBE] = REACH_POSSIBLE,
		[LEAK_HELD] = REACH_REACHABLE,     [LEAK_PLATEAU] = REACH_REACHABLE,
		[LEAK_START_UP] = REACH_REACHABLE,
	};
	const struct leak_values *values = &row->values;

	*ret_bytes = values->bytes[kinds[row->verdict]];
	*ret_blocks = values->blocks[kinds[row->verdict]];
	if (row->verdict == LEAK_LOST) {
		*ret_bytes += values->hung_bytes;
		*ret_blocks += values->hung_blocks;
	} else if (row->verdict == LEAK_GROWING) {
		*ret_bytes += values->bytes[REACH_POSSIBLE];
		*ret_blocks += values->blocks[REACH_POSSIBLE];
	}
}

/* What has come of a row and hangs on nothing that has; NULL. */
static const struct owner_growth_row *
find_growth(const struct view_leaks *view, const struct leak_row *row)
{
	const struct site_group_set *groups = view->names.groups;
	uint32_t group;

	if (view->growth == NULL || row->verdict != LEAK_GROWING ||
	    row->site + 1 >= groups->site_count)
		return NULL;
	group = groups->of_site[row->site + 1];
	if (group == SITE_GROUP_NONE || view->growth->of_group[group] == OWNER_GROWTH_NONE)
		return NULL;
	return &view->growth->rows[view->growth->of_group[group]];
}

/* "   21 more in 2.0 s, one every 95 ms" */
static void
print_rate(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	uint64_t more = row->change.came - row->change.went;
	uint64_t apart_ns = view->profile->leaks.apart_ns;
	char count[HUMAN_BYTES], apart[HUMAN_BYTES], each[HUMAN_BYTES];

	fprintf(term->stream, "   %s more in %s, one every %s", human_count(more, count),
		human_duration(apart_ns, apart), human_duration(apart_ns / more, each));
}

/* Who holds what has come, and what has come with it. */
static void
print_growth(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	const struct owner_growth_row *growth = find_growth(view, row);
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];

	if (growth == NULL)
		return;
	fputs("            held by ", term->stream);
	view_graph_path_text(term, &view->names, growth->example, "here");
	if (growth->holders > 1)
		fprintf(term->stream, ", and %s more way%s",
			human_count(growth->holders - 1, count), text_plural(growth->holders - 1));
	fputs("\n", term->stream);
	for (uint32_t i = 0; i < growth->part_count && i < PARTS_SHOWN; i++) {
		const struct owner_growth_part *part = &view->growth->parts[growth->part + i];

		fputs("             -> ", term->stream);
		view_graph_place_text(term, &view->names, part->group);
		fprintf(term->stream, ", %s block%s, %s with them\n",
			human_count(part->blocks, count), text_plural(part->blocks),
			human_size((int64_t)part->bytes, bytes));
	}
	if (growth->part_count > PARTS_SHOWN)
		fprintf(term->stream, "             -> %s more place%s\n",
			human_count(growth->part_count - PARTS_SHOWN, count),
			text_plural(growth->part_count - PARTS_SHOWN));
}

static void
print_why(const struct term *term, const struct leak_row *row)
{
	const struct leak_values *values = &row->values;
	char count[HUMAN_BYTES], other[HUMAN_BYTES];

	if (row->verdict == LEAK_LOST && values->rings != 0)
		fprintf(term->stream, "   %s ring%s of %s block%s: nothing outside points at %s",
			human_count(values->rings, count), text_plural(values->rings),
			human_count(values->ring_blocks, other), text_plural(values->ring_blocks),
			values->rings == 1 ? "it" : "them");
	else if (row->verdict == LEAK_LOST && values->hung_blocks != 0)
		fprintf(term->stream, "   %s lost, and what hangs on %s",
			human_count(values->blocks[REACH_DEFINITE], count),
			values->blocks[REACH_DEFINITE] == 1 ? "it" : "them");
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_INTERIOR] != 0)
		fputs("   held by pointers into them only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_DEAD_STACK] != 0)
		fputs("   held by what is left on a stack only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_ONE_LOOK] != 0)
		fputs("   lost at the last look only", term->stream);
	else if (row->verdict == LEAK_MAYBE && values->reasons[REACH_REASON_CHANGED] != 0)
		fputs("   nothing points at them, but they were written to between the looks",
		      term->stream);
	else if (row->verdict == LEAK_MAYBE)
		fputs("   memory that was not seen may hold them", term->stream);
}

static void
print_parts(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	const struct leak_report *report = view->report;
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];

	for (uint32_t i = 0; i < row->part_count && i < PARTS_SHOWN; i++) {
		const struct leak_row_part *part = &report->parts[row->part + i];

		fprintf(term->stream, "            %s ", part->in_ring ? "<->" : " ->");
		print_place(term, view, &report->rows[part->other]);
		fprintf(term->stream, ", %s block%s, %s\n", human_count(part->blocks, count),
			text_plural(part->blocks), human_size((int64_t)part->bytes, bytes));
	}
	if (row->part_count > PARTS_SHOWN)
		fprintf(term->stream, "             -> %s more place%s\n",
			human_count(row->part_count - PARTS_SHOWN, count),
			text_plural(row->part_count - PARTS_SHOWN));
}

static uint64_t
sum_up(const uint64_t *numbers)
{
	uint64_t sum = 0;

	for (int i = 0; i < REACH_KINDS; i++)
		sum += numbers[i];
	return sum;
}

/* Of a lost row those of which something is lost, which come first. */
static uint32_t
count_looks(const struct view_leaks *view, const struct leak_row *row, bool is_lost)
{
	uint32_t count = 0;

	while (count < row->look_count &&
	       (!is_lost || view->report->looks[row->look + count].lost != 0))
		count++;
	return count;
}

/* "looks like Session (x 3), Timer": of lost rows what is lost of them. */
static void
print_looks_like(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	bool is_lost = row->verdict <= LEAK_PART;
	uint64_t all =
		is_lost ? leak_values_get_lost_blocks(&row->values) : sum_up(row->values.blocks);
	uint32_t looks = count_looks(view, row, is_lost);
	char count[HUMAN_BYTES];

	for (uint32_t i = 0; i < looks; i++) {
		const struct leak_row_look *look = &view->report->looks[row->look + i];
		uint64_t blocks = is_lost ? look->lost : look->blocks;
		char *name;

		if (i == LOOKS_SHOWN) {
			fprintf(term->stream, ", %s more", human_count(looks - LOOKS_SHOWN, count));
			break;
		}
		name = term_escape(look->name);
		if (!view->full_names)
			view_place_cut_name(name, view_place_name_columns(term->width));
		fprintf(term->stream, "%s%s%s",
			i != 0    ? ", "
			: all > 1 ? ", look like "
				  : ", looks like ",
			name,
			look->is_array  ? "[]"
			: look->is_node ? " node"
					: "");
		if (blocks != all)
			fprintf(term->stream, " (x %s)", human_count(blocks, count));
		free(name);
	}
}

static void
print_row(const struct term *term, const struct view_leaks *view, const struct leak_row *row)
{
	char size[HUMAN_BYTES], count[HUMAN_BYTES];
	uint64_t bytes, blocks;

	get_shown(row, &bytes, &blocks);
	fprintf(term->stream, "%s%-*s%s%10s in %s block%s", term_style(term, TERM_BOLD), WORD_WIDTH,
		get_word(row), term_style(term, TERM_PLAIN), human_size((int64_t)bytes, size),
		human_count(blocks, count), text_plural(blocks));
	if (row->verdict == LEAK_GROWING)
		print_rate(term, view, row);
	else
		print_why(term, row);
	fputs("\n         ", term->stream);
	print_place(term, view, row);
	print_looks_like(term, view, row);
	fputs("\n", term->stream);
	print_growth(term, view, row);
	if (row->verdict == LEAK_LOST)
		print_parts(term, view, row);
}

/* Of rows that are part of another they are shown there. */
static bool
is_shown(const struct view_leaks *view, const struct leak_row *row)
{
	if (view->all)
		return true;
	if (row->is_system)
		return false;
	/* What comes with something else is shown there. */
	if (row->verdict == LEAK_GROWING)
		return view->before == NULL && find_growth(view, row) != NULL;
	return row->verdict == LEAK_LOST || (row->verdict == LEAK_MAYBE && view->before == NULL);
}

static size_t
print_rows(const struct term *term, const struct view_leaks *view)
{
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < view->report->row_count; i++) {
		if (!is_shown(view, &view->report->rows[i]))
			continue;
		if (view->rows != 0 && shown == view->rows) {
			left++;
			continue;
		}
		print_row(term, view, &view->report->rows[i]);
		shown++;
	}
	return left;
}

static void
print_amount(const struct term *term, const char **separator, uint64_t bytes, uint64_t blocks,
	     const char *what)
{
	char size[HUMAN_BYTES], count[HUMAN_BYTES];

	if (blocks == 0)
		return;
	fprintf(term->stream, "%s%s in %s block%s %s", *separator, human_size((int64_t)bytes, size),
		human_count(blocks, count), text_plural(blocks), what);
	*separator = ", ";
}

static void
print_rest(const struct term *term, const struct view_leaks *view)
{
	const struct leak_report *report = view->report;
	const struct leak_values *forgotten = &view->profile->leaks.forgotten;
	const char *separator = "not shown ";

	if (!view->all) {
		print_amount(term, &separator, report->sum.bytes[REACH_REACHABLE],
			     report->sum.blocks[REACH_REACHABLE], "that can be reached");
		print_amount(term, &separator, sum_up(report->system.bytes),
			     sum_up(report->system.blocks), "kept by system libraries");
	}
	print_amount(term, &separator, sum_up(report->suppressed.bytes),
		     sum_up(report->suppressed.blocks), "suppressed or filtered");
	print_amount(term, &separator, sum_up(forgotten->bytes), sum_up(forgotten->blocks),
		     "of before the last clearing");
	if (strcmp(separator, ", ") == 0)
		fprintf(term->stream, "%s\n", view->all ? "" : "  (--all)");
}

/* Processes of a sum that add nothing, as nobody has looked at them. */
static uint32_t
count_unseen(const struct profile *profile)
{
	return profile->process_count - profile->leaks.process_count;
}

static void
print_quality(const struct term *term, const struct profile *profile)
{
	struct graph_quality quality = profile->leaks.quality;
	uint32_t processes = profile->leaks.process_count;
	char line[160];

	/* Each has one thread that is not another one. */
	if (processes > 1 && quality.threads >= processes)
		quality.threads -= processes - 1;
	view_graph_quality_text(term, &quality);
	if (count_unseen(profile) == 0)
		return;
	snprintf(line, sizeof(line),
		 "%" PRIu32 " of the processes %s not looked at: %s not call exit(), or could not "
		 "be; --process PID tells which",
		 count_unseen(profile), count_unseen(profile) == 1 ? "was" : "were",
		 count_unseen(profile) == 1 ? "it did" : "they did");
	view_quality_warn(term, "", line);
}

void
view_leaks_text(const struct term *term, const struct view_leaks *view)
{
	char count[HUMAN_BYTES];
	size_t left;

	print_title(term, view);
	left = print_rows(term, view);
	if (left != 0)
		fprintf(term->stream, "(%s more place%s; -n 0 for all)\n", human_count(left, count),
			text_plural(left));
	print_rest(term, view);
	print_quality(term, view->profile);
	view_quality_warnings(term, "", view->profile);
}

/*** JSON ***/

static const char *const reason_keys[REACH_REASONS] = {"interior_blocks", "dead_stack_blocks",
						       "not_inherited_blocks", "one_look_blocks",
						       "changed_blocks"};

static void
write_kind(struct json_writer *json, const struct leak_values *values, enum reach_kind kind)
{
	json_writer_begin_object(json, reach_kind_names[kind]);
	json_writer_unsigned(json, "blocks", values->blocks[kind]);
	json_writer_unsigned(json, "bytes", values->bytes[kind]);
	if (kind == REACH_POSSIBLE) {
		json_writer_begin_object(json, "reasons");
		for (int i = 0; i < REACH_REASONS; i++)
			json_writer_unsigned(json, reason_keys[i], values->reasons[i]);
		json_writer_end_object(json);
	}
	json_writer_end_object(json);
}

static void
write_values(struct json_writer *json, const struct leak_values *values)
{
	for (int kind = 0; kind < REACH_KINDS; kind++)
		write_kind(json, values, (enum reach_kind)kind);
	json_writer_unsigned(json, "cycle_count", values->rings);
	json_writer_unsigned(json, "cycle_blocks", values->ring_blocks);
	json_writer_unsigned(json, "hanging_blocks", values->hung_blocks);
	json_writer_unsigned(json, "hanging_bytes", values->hung_bytes);
}

static void
write_object(struct json_writer *json, const char *key, const struct leak_values *values)
{
	json_writer_begin_object(json, key);
	write_values(json, values);
	json_writer_end_object(json);
}

static void
write_growth(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	const struct owner_growth_row *growth = find_growth(view, row);

	if (growth == NULL) {
		json_writer_null(json, "growth");
		return;
	}
	json_writer_begin_object(json, "growth");
	json_writer_unsigned(json, "blocks", growth->blocks);
	json_writer_unsigned(json, "bytes", growth->bytes);
	json_writer_unsigned(json, "hanging_blocks", growth->hung_blocks);
	json_writer_unsigned(json, "hanging_bytes", growth->hung_bytes);
	json_writer_unsigned(json, "holder_count", growth->holders);
	view_graph_path_json(json, &view->names, "path", growth->example);
	json_writer_begin_array(json, "parts");
	for (uint32_t i = 0; i < growth->part_count; i++) {
		const struct owner_growth_part *part = &view->growth->parts[growth->part + i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "blocks", part->blocks);
		json_writer_unsigned(json, "bytes", part->bytes);
		view_graph_frames_json(json, &view->names, part->group);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	json_writer_end_object(json);
}

static void
write_looks(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	json_writer_begin_array(json, "looks_like");
	for (uint32_t i = 0; i < row->look_count; i++) {
		const struct leak_row_look *look = &view->report->looks[row->look + i];
		char *name = xasprintf("%s%s", look->name,
				       look->is_array  ? "[]"
				       : look->is_node ? " node"
						       : "");

		json_writer_begin_object(json, NULL);
		json_writer_string(json, "name", name);
		json_writer_unsigned(json, "blocks", look->blocks);
		json_writer_unsigned(json, "lost_blocks", look->lost);
		json_writer_end_object(json);
		free(name);
	}
	json_writer_end_array(json);
}

static void
write_row(struct json_writer *json, const struct view_leaks *view, const struct leak_row *row)
{
	const struct leak_report *report = view->report;

	json_writer_begin_object(json, NULL);
	json_writer_string(json, "verdict", leak_verdict_names[row->verdict]);
	json_writer_bool(json, "system", row->is_system);
	write_values(json, &row->values);
	view_place_json(json, view->attribution->table, row->stack, view->options->by);
	write_looks(json, view, row);
	json_writer_begin_array(json, "parts");
	for (uint32_t i = 0; i < row->part_count; i++) {
		const struct leak_row_part *part = &report->parts[row->part + i];

		json_writer_begin_object(json, NULL);
		json_writer_unsigned(json, "number", part->other);
		json_writer_bool(json, "in_cycle", part->in_ring);
		json_writer_unsigned(json, "blocks", part->blocks);
		json_writer_unsigned(json, "bytes", part->bytes);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	view_json_optional(json, "came_blocks", view->profile->leaks.changes != NULL,
			   row->change.came);
	view_json_optional(json, "gone_blocks", view->profile->leaks.changes != NULL,
			   row->change.went);
	write_growth(json, view, row);
	json_writer_end_object(json);
}

static void
write_quality(struct json_writer *json, const struct profile *profile)
{
	const struct leak_set *leaks = &profile->leaks;

	json_writer_begin_object(json, "quality");
	json_writer_bool(json, "sure", leak_set_is_sure(leaks));
	json_writer_unsigned(json, "scan_count", leaks->looks);
	if (profile->process_count != 0)
		json_writer_unsigned(json, "unseen_process_count", count_unseen(profile));
	json_writer_seconds(json, "apart_seconds", leaks->apart_ns);
	view_graph_quality_json(json, &leaks->quality);
	json_writer_end_object(json);
}

void
view_leaks_json(const struct term *term, const struct view_leaks *view)
{
	const struct leak_report *report = view->report;
	struct json_writer json;

	view_json_begin(&json, term->stream, "leaks");
	view_moment_json(&json, "process", view->profile, &view->at);
	if (view->before != NULL)
		view_moment_json(&json, "before", view->before, &view->before_at);
	else
		json_writer_null(&json, "before");
	json_writer_string(&json, "by", group_by_names[view->options->by]);
	write_object(&json, "summary", &report->sum);
	write_object(&json, "system", &report->system);
	write_object(&json, "suppressed", &report->suppressed);
	write_object(&json, "forgotten", &view->profile->leaks.forgotten);
	write_quality(&json, view->profile);
	view_quality_troubles_json(&json, view->profile);
	json_writer_begin_array(&json, "sites");
	for (size_t i = 0; i < report->row_count; i++)
		write_row(&json, view, &report->rows[i]);
	json_writer_end_array(&json);
	json_writer_end_object(&json);
}
