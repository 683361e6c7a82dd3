/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live.c - heaptally live: look into a running process, with keys
 *
 * As with `top --refresh` the process is neither stopped nor asked: its recording is read again
 * every second. What is drawn follows from `struct live` alone, so a key only changes that.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/live_child.h"
#include "model/rank.h"
#include "model/tree.h"
#include "read/snapshot.h"
#include "read/source.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/symbolize.h"
#include "tui/tui.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/place.h"
#include "view/stack.h"
#include "view/top.h"

#define INTERVAL_NS CLOCK_SECOND_NS
#define LOOK_USEC   10000 /* until a program has a recording */
#define POINTS      240   /* of the sparkline */
#define HEAD_LINES  3
#define FILTER_MOST 60
#define STACKS      5

enum screen {
	SCREEN_TABLE,
	SCREEN_STACKS,
	SCREEN_HELP,
};

/* Live bytes of every key at one time. */
struct looked {
	ARRAY(int64_t) bytes;
	uint64_t time_ns;
	bool is_set;
};

struct live {
	struct snapshot *snapshot;
	struct debuginfo_cache *cache;
	struct place_table *table;
	struct profile *profile;
	struct group_options options;
	const struct column *column;
	struct group_set set;
	struct looked now, before, mark;
	int64_t points[POINTS];
	size_t point_count;
	enum screen screen;
	bool is_paused, has_ended, types_filter, quits;
	struct live_child child; /* with a command line */
	char filter[FILTER_MOST + 1];
	unsigned chosen, first; /* rows of the table, or the first line of stacks */
	ARRAY(struct group *) rows;
	ARRAY(char *) lines; /* of stacks */
	char message[160];
};

/*** reading ***/

static void
note(struct looked *looked, const struct live *live)
{
	looked->bytes.count = 0;
	for (size_t i = 0; i < live->set.count; i++) {
		const struct group *group = &live->set.groups[i];

		while (looked->bytes.count <= group->key)
			*array_push(&looked->bytes) = 0;
		looked->bytes.items[group->key] = group->values.live_bytes;
	}
	looked->time_ns = live->profile->moments[0].time_ns;
	looked->is_set = true;
}

static int64_t
get_noted(const struct looked *looked, uint32_t key)
{
	return key < looked->bytes.count ? looked->bytes.items[key] : 0;
}

static void
group(struct live *live)
{
	const struct profile_at at = {.moment = &live->profile->moments[0]};

	/* They are of the groups before. */
	live->rows.count = 0;
	group_set_release(&live->set);
	group_profile(live->profile, &at, &live->options, live->table, NULL, &live->set);
	rank_groups(&live->set, live->options.by, live->column, live->table);
}

/* False when the recording cannot be read any more. */
static bool
look(struct live *live)
{
	struct looked older = live->before;

	if (snapshot_update(live->snapshot, "") != 0)
		return false;
	live->profile = snapshot_get_profile(live->snapshot);
	snapshot_set_end(live->snapshot);
	profile_drop_moments(live->profile, 1);
	symbolize_profile(live->profile, &(struct symbolize_options){.cache = live->cache});
	group(live);
	live->before = live->now;
	live->now = older;
	note(&live->now, live);
	if (live->point_count == POINTS)
		memmove(live->points, live->points + 1,
			sizeof(live->points) - sizeof(*live->points));
	else
		live->point_count++;
	live->points[live->point_count - 1] = live->profile->moments[0].sum.live_bytes;
	live->has_ended = live->profile->state != PROFILE_RUNNING;
	return true;
}

/* Numbers of other groups mean nothing any more. */
static void
change_groups(struct live *live)
{
	live->before.is_set = live->mark.is_set = false;
	live->chosen = live->first = 0;
	group(live);
	note(&live->now, live);
}

/*** the table ***/

static const struct looked *
get_base(const struct live *live)
{
	return live->mark.is_set ? &live->mark : &live->before;
}

/* By second, or since the mark. */
static double
get_change(const struct live *live, const struct group *row)
{
	const struct looked *base = get_base(live);
	double change = (double)row->values.live_bytes - (double)get_noted(base, row->key);
	double seconds = (double)(live->now.time_ns - base->time_ns) / 1e9;

	if (!base->is_set)
		return 0;
	return live->mark.is_set ? change : seconds > 0 ? change / seconds : 0;
}

static void
init_place(const struct live *live, const struct group *row, struct view_place *place)
{
	view_place_init(place, live->table, row->stack, row->caller, live->options.by, false);
}

static bool
matches(const struct live *live, const struct group *row)
{
	struct view_place place;
	bool found;

	if (live->filter[0] == '\0')
		return true;
	init_place(live, row, &place);
	found = strcasestr(place.name, live->filter) != NULL ||
		strcasestr(place.position, live->filter) != NULL;
	view_place_release(&place);
	return found;
}

static void
choose_rows(struct live *live, unsigned height)
{
	live->rows.count = 0;
	for (size_t i = 0; i < live->set.count; i++) {
		struct group *row = &live->set.groups[i];

		if ((column_get(live->column, &row->values) != 0 || get_change(live, row) != 0) &&
		    matches(live, row))
			*array_push(&live->rows) = row;
	}
	if (live->chosen >= live->rows.count)
		live->chosen = live->rows.count > 0 ? (unsigned)live->rows.count - 1 : 0;
	if (live->chosen < live->first)
		live->first = live->chosen;
	if (height > 0 && live->chosen >= live->first + height)
		live->first = live->chosen + 1 - height;
}

static void
draw_row(const struct live *live, unsigned row, const struct group *group, unsigned width)
{
	char size[HUMAN_BYTES], change[HUMAN_BYTES], blocks[HUMAN_BYTES];
	struct view_place place;
	char *text;

	init_place(live, group, &place);
	view_place_fit(&place, width > 50 ? width - 38 : 12);
	if (live->column->unit == COLUMN_BYTES)
		human_size(column_get(live->column, &group->values), size);
	else
		human_count((uint64_t)column_get(live->column, &group->values), size);
	text = xasprintf("%10s %12s %10s  %s%s%s", size,
			 human_size_change((int64_t)get_change(live, group), change),
			 human_count((uint64_t)group->values.live_blocks, blocks), place.name,
			 *place.name != '\0' && *place.position != '\0' ? "  " : "",
			 place.position);
	tui_put(row, 0, text, group == live->rows.items[live->chosen] ? TUI_CHOSEN : TUI_PLAIN);
	free(text);
	view_place_release(&place);
}

static void
draw_table(struct live *live, unsigned rows, unsigned width)
{
	unsigned height = rows > HEAD_LINES + 2 ? rows - HEAD_LINES - 2 : 1;
	char *title = xasprintf("%10s %12s %10s  where, by %s", live->column->title,
				live->mark.is_set ? "since mark" : "per second", "blocks",
				group_get_name(&live->options));

	choose_rows(live, height);
	tui_put(HEAD_LINES, 0, title, TUI_DIM);
	for (unsigned i = 0; i < height && live->first + i < live->rows.count; i++)
		draw_row(live, HEAD_LINES + 1 + i, live->rows.items[live->first + i], width);
	if (live->rows.count == 0)
		tui_put(HEAD_LINES + 1, 0, "Nothing is left.", TUI_PLAIN);
	free(title);
}

/*** stacks ***/

static void
forget_lines(struct live *live)
{
	array_each (&live->lines, line)
		free(*line);
	live->lines.count = 0;
}

static bool
is_of_row(const struct live *live, const struct group *stack, const struct group *row)
{
	static const enum place_key keys[] = {
		[GROUP_BY_LINE] = PLACE_KEY_LINE,
		[GROUP_BY_FUNCTION] = PLACE_KEY_FUNCTION,
		[GROUP_BY_FILE] = PLACE_KEY_FILE,
		[GROUP_BY_MODULE] = PLACE_KEY_MODULE,
	};

	return stack->values.live_bytes > 0 && stack->stack != 0 &&
	       place_table_insert_key(live->table, place_table_get_place(live->table, stack->stack),
				      keys[live->options.by]) == row->key;
}

static void
write_stack(const struct live *live, const struct term *term, const struct group *stack)
{
	char size[HUMAN_BYTES], blocks[HUMAN_BYTES];

	fprintf(term->stream, "%s in %s block%s:\n", human_size(stack->values.live_bytes, size),
		human_count((uint64_t)stack->values.live_blocks, blocks),
		text_plural((uint64_t)stack->values.live_blocks));
	view_stack_text(term, live->table, stack->stack, NULL,
			&(struct view_stack_options){.frames = 0});
	fputc('\n', term->stream);
}

/* The stacks of the row, ranked. */
static void
group_stacks(const struct live *live, const struct group *row, struct group_set *ret_set)
{
	const struct profile_at at = {.moment = &live->profile->moments[0]};
	struct group_options options = live->options;
	size_t kept = 0;

	options.by = GROUP_BY_STACK;
	group_profile(live->profile, &at, &options, live->table, NULL, ret_set);
	ret_set->sum = (struct profile_values){0};
	for (size_t i = 0; i < ret_set->count; i++) {
		if (!is_of_row(live, &ret_set->groups[i], row))
			continue;
		ret_set->groups[kept++] = ret_set->groups[i];
		profile_values_add(&ret_set->sum, &ret_set->groups[kept - 1].values);
	}
	ret_set->count = kept;
	rank_groups(ret_set, options.by, live->column, live->table);
}

static void
write_callers(const struct live *live, const struct term *term, const struct group_set *set)
{
	const struct tree_options options = {.column = live->column};
	struct tree tree;
	struct view_top view = {
		.profile = live->profile,
		.options = &live->options,
		.column = live->column,
		.set = set,
		.table = live->table,
		.tree = &tree,
	};

	tree_init(&tree, set, live->table, &options);
	view_top_tree(term, &view);
	tree_release(&tree);
}

/* The largest stacks of the row and the tree of all, as lines. */
static void
open_stacks(struct live *live)
{
	struct group_set set;
	struct term term;
	char *text = NULL, *at_line, *line;
	size_t length;
	unsigned rows;

	if (live->rows.count == 0)
		return;
	term_init(&term, stdout, TERM_COLOR_NEVER);
	tui_get_size(&rows, &term.width);
	group_stacks(live, live->rows.items[live->chosen], &set);
	term.stream = open_memstream(&text, &length);
	for (size_t i = 0; term.stream != NULL && i < set.count && i < STACKS; i++)
		write_stack(live, &term, &set.groups[i]);
	if (term.stream != NULL && set.count > 1)
		write_callers(live, &term, &set);
	if (term.stream != NULL)
		fclose(term.stream);
	forget_lines(live);
	for (at_line = text; at_line != NULL && (line = strsep(&at_line, "\n")) != NULL;)
		*array_push(&live->lines) = xstrdup(line);
	free(text);
	group_set_release(&set);
	live->screen = SCREEN_STACKS;
	live->first = 0;
}

static void
draw_lines(const struct live *live, unsigned rows)
{
	for (unsigned i = 0; i + HEAD_LINES + 1 < rows && live->first + i < live->lines.count; i++)
		tui_put(HEAD_LINES + i, 0, live->lines.items[live->first + i], TUI_PLAIN);
}

/*** the rest of the screen ***/

static void
draw_help(unsigned rows)
{
	static const char *const lines[] = {
		"up, down, page up, page down, home, end   move",
		"Enter   the largest stacks of a row, and the tree of its callers; Esc goes back",
		"o live   b blocks   t total   a allocations   m temporary: what rows are sorted "
		"by",
		"g       group by line, function, file, module",
		"/       show only rows with a word; Enter ends it, Esc forgets it",
		"d       change since now, again: change per second",
		"space   pause, the process goes on",
		"s       keep a snapshot in a file",
		"q       quit; a process goes on, a program that was started here is ended",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines) && i + HEAD_LINES + 1 < rows; i++)
		tui_put(HEAD_LINES + i, 0, lines[i], TUI_PLAIN);
}

static void
draw_head(const struct live *live, unsigned width)
{
	const struct profile *profile = live->profile;
	const struct profile_values *sum = &profile->moments[0].sum;
	char size[HUMAN_BYTES], peak[HUMAN_BYTES], time[HUMAN_BYTES], count[HUMAN_BYTES];
	char *command = term_escape(profile->command), *text, *spark;
	struct term term;

	text = xasprintf("%s %" PRIu32 "  %s  heap %s  peak %s  %s allocations%s", command,
			 profile->pid, human_duration(profile->moments[0].time_ns, time),
			 human_size(sum->live_bytes, size), human_size(sum->peak_bytes, peak),
			 human_count(sum->total_blocks, count),
			 live->has_ended   ? "  ENDED"
			 : live->is_paused ? "  PAUSED"
					   : "");
	tui_put(0, 0, text, TUI_BOLD);
	term_init(&term, stdout, TERM_COLOR_NEVER);
	spark = term_sparkline(&term, live->points, live->point_count,
			       width < live->point_count + 1 ? width - 1
							     : (unsigned)live->point_count);
	tui_put(1, 0, spark, TUI_PLAIN);
	free(spark);
	free(text);
	free(command);
}

static void
draw(struct live *live)
{
	unsigned rows, width;
	char *foot;

	tui_get_size(&rows, &width);
	if (rows < 6 || width < 20)
		return;
	tui_begin();
	draw_head(live, width);
	if (live->screen == SCREEN_TABLE)
		draw_table(live, rows, width);
	else if (live->screen == SCREEN_STACKS)
		draw_lines(live, rows);
	else
		draw_help(rows);
	foot = live->types_filter || live->filter[0] != '\0'
		       ? xasprintf("/%s%s", live->filter, live->types_filter ? "_" : "")
	       : live->message[0] != '\0' ? xstrdup(live->message)
					  : xstrdup("Enter stacks  / filter  g group  d mark  "
						    "space pause  s snapshot  "
						    "? help  q quit");
	tui_put(rows - 1, 0, foot, TUI_DIM);
	free(foot);
	tui_show();
}

/*** keys ***/

/* By this command itself, which has the rules for names of files. */
static void
keep_snapshot(struct live *live)
{
	char *pid = xasprintf("%" PRIu32, live->profile->pid_here);
	char *words[] = {(char *)"heaptally", (char *)"snapshot", pid, NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
	if (posix_spawn(&child, "/proc/self/exe", &actions, NULL, words, environ) == 0)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&actions);
	snprintf(live->message, sizeof(live->message), "%s",
		 WIFEXITED(status) && WEXITSTATUS(status) == 0
			 ? "A snapshot is kept in this folder."
			 : "No snapshot: try heaptally snapshot, which says why.");
	free(pid);
}

static void
type_filter(struct live *live, int key)
{
	size_t length = strlen(live->filter);

	if (key == TUI_ENTER || key == TUI_ESCAPE)
		live->types_filter = false;
	if (key == TUI_ESCAPE)
		live->filter[0] = '\0';
	else if (key == TUI_BACKSPACE && length > 0)
		live->filter[length - 1] = '\0';
	else if (key >= ' ' && key < 127 && length < FILTER_MOST)
		live->filter[length] = (char)key, live->filter[length + 1] = '\0';
	live->chosen = live->first = 0;
}

static void
move_by(struct live *live, int lines)
{
	unsigned *at = live->screen == SCREEN_TABLE ? &live->chosen : &live->first;
	size_t count = live->screen == SCREEN_TABLE ? live->rows.count : live->lines.count;
	long wanted = (long)*at + lines;

	*at = wanted < 0 || count == 0  ? 0
	      : (size_t)wanted >= count ? (unsigned)count - 1
					: (unsigned)wanted;
}

static bool
handle_move(struct live *live, int key)
{
	static const struct {
		int key, lines;
	} moves[] = {
		{TUI_UP, -1}, {TUI_DOWN, 1}, {TUI_PAGE_UP, -15},   {TUI_PAGE_DOWN, 15},
		{'k', -1},    {'j', 1},      {TUI_HOME, -1000000}, {TUI_END, 1000000},
	};

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (moves[i].key != key)
			continue;
		move_by(live, moves[i].lines);
		return true;
	}
	return false;
}

static bool
handle_sort(struct live *live, int key)
{
	static const struct {
		int key;
		const char *column;
	} sorts[] = {
		{'o', "live"}, {'b', "blocks"}, {'t', "total"}, {'a', "allocs"}, {'m', "temporary"},
	};

	for (size_t i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
		if (sorts[i].key != key)
			continue;
		live->column = column_find(sorts[i].column);
		group(live);
		return true;
	}
	return false;
}

static void
toggle_mark(struct live *live)
{
	if (live->mark.is_set)
		live->mark.is_set = false;
	else
		note(&live->mark, live);
}

static void
handle(struct live *live, int key)
{
	live->message[0] = '\0';
	if (live->types_filter) {
		type_filter(live, key);
		return;
	}
	if (handle_move(live, key) || handle_sort(live, key))
		return;
	switch (key) {
	case 'q':
		live->quits = true;
		break;
	case TUI_ENTER:
		if (live->screen == SCREEN_TABLE)
			open_stacks(live);
		break;
	case TUI_ESCAPE:
		if (live->screen == SCREEN_TABLE)
			live->filter[0] = '\0';
		live->screen = SCREEN_TABLE;
		live->first = 0;
		break;
	case '/':
		live->types_filter = live->screen == SCREEN_TABLE;
		break;
	case 'g':
		live->options.by =
			live->options.by == GROUP_BY_MODULE ? GROUP_BY_LINE : live->options.by + 1;
		change_groups(live);
		break;
	case 'd':
		toggle_mark(live);
		break;
	case ' ':
		live->is_paused = !live->is_paused;
		break;
	case 's':
		keep_snapshot(live);
		break;
	case '?':
		live->screen = live->screen == SCREEN_HELP ? SCREEN_TABLE : SCREEN_HELP;
		break;
	}
}

/*** the command ***/

static void
run(struct live *live)
{
	uint64_t next = clock_get_ns(CLOCK_MONOTONIC) + INTERVAL_NS;

	while (!live->quits) {
		uint64_t now = clock_get_ns(CLOCK_MONOTONIC);
		int key;

		if (now >= next) {
			/* What has ended stays on the screen as it was. */
			if (!live->is_paused && !live->has_ended && !look(live))
				live->has_ended = true;
			next = now + INTERVAL_NS;
		}
		draw(live);
		key = tui_read_key((int)((next - now) / 1000000) + 1);
		if (key == TUI_ENDED)
			return;
		if (key != TUI_NOTHING && key != TUI_RESIZED)
			handle(live, key);
	}
}

struct words {
	const char *operand;
	char *const *command; /* what follows -- */
};

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (words->operand != NULL)
			argp_error(state,
				   "%s: one process at a time; a program is started by "
				   "heaptally live -- PROGRAM",
				   word);
		if (state->quoted == 0 || state->next <= state->quoted) {
			words->operand = word;
			return 0;
		}
		words->command = state->argv + state->next - 1;
		words->operand = word;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state,
			   "which process? Give its number or its name, or -- and a program");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
open_process(struct live *live, const char *operand)
{
	char *path, *why;
	int result;

	if (source_find_recording(operand, &path, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &live->snapshot);
	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: no recording; live is for a process", operand);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(operand, result));
	free(path);
	if (!look(live))
		die(COMMAND_TROUBLE, "%s: it cannot be read", operand);
}

/* A program that ends at once was not to be seen; its output is. */
static void
open_program(struct live *live, char *const *command)
{
	int result = -ENOTTY;

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		result = live_child_start(&live->child, command);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s: not started: %s", command[0], strerror(-result));
	while (!live_child_has_ended(&live->child)) {
		char *path = live_child_find_recording(&live->child);

		result = path == NULL ? -ENOENT
				      : snapshot_open(path, SNAPSHOT_ANY_OWNER, &live->snapshot);
		free(path);
		if (result == 0 && look(live))
			return;
		if (result == 0)
			snapshot_free(live->snapshot);
		usleep(LOOK_USEC);
	}
	exit(live_child_finish(&live->child));
}

static void
release(struct live *live)
{
	forget_lines(live);
	array_release(&live->lines);
	array_release(&live->rows);
	array_release(&live->now.bytes);
	array_release(&live->before.bytes);
	array_release(&live->mark.bytes);
	group_set_release(&live->set);
	debuginfo_cache_free(live->cache);
	place_table_free(live->table);
	snapshot_free(live->snapshot);
}

int
cmd_live(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "PID|COMMAND\n-- PROGRAM [ARGUMENT...]",
		.doc = "Look into a running process: a table that is made anew each second, with "
		       "keys to sort, group and filter it, and to open stacks. The process is not "
		       "stopped. ? says the keys, q quits. After -- a program is started as by "
		       "heaptally run, and q ends it.\n\n"
		       "  heaptally live 4711\n"
		       "  heaptally live server\n"
		       "  heaptally live -- ./server --port 8080\n",
	};
	const struct place_options places = {.exact = false};
	struct live live = {.options.by = GROUP_BY_LINE, .column = column_find("live")};
	struct words words = {0};
	int status = COMMAND_OK, ended;
	char *why;

	arguments_parse(&argp, argc, argv, 0, &words);
	live.table = place_table_new(&places);
	live.cache = debuginfo_cache_new();
	if (words.command != NULL)
		open_program(&live, words.command);
	else
		open_process(&live, words.operand);
	if (tui_enter(&why) == 0) {
		run(&live);
		tui_leave();
	} else {
		warn("%s", why);
		status = COMMAND_TROUBLE;
	}
	release(&live);
	if (live.child.pid == 0)
		return status;
	ended = live_child_finish(&live.child);
	return status == COMMAND_OK ? ended : status;
}
