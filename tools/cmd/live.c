/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live.c - heaptally live: look into a running process, with keys
 *
 * As with `top --refresh` the process is neither stopped nor asked: its recording is read again
 * every second.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/live.h"
#include "cmd/live_child.h"
#include "model/column.h"
#include "read/snapshot.h"
#include "read/locate.h"
#include "read/source.h"
#include "symbols/debuginfo_cache.h"
#include "tui/tui.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"

#define INTERVAL_NS CLOCK_SECOND_NS
#define LOOK_USEC   10000 /* until a program has a recording */

/*** keys ***/

/* By this command itself, which has the rules for names of files. */
static void
keep_snapshot(struct live *live)
{
	char *pid = xasprintf("%" PRIu32, live->pid);
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
	else if (key >= ' ' && key < 127 && length < LIVE_FILTER_MOST)
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
		live_group(live);
		return true;
	}
	return false;
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
			live_open_stacks(live);
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
		live_change_groups(live);
		break;
	case 'd':
		live_toggle_mark(live);
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
open_next(struct live *live, const char *path)
{
	char *before = term_escape(live->profile->command), *now;
	int result = live_open(live, path);

	if (result == -ENODATA)
		live->has_ended = true;
	if (result == 0) {
		now = term_escape(live->profile->command);
		snprintf(live->message, sizeof(live->message), "%s has become another program: %s",
			 before, now);
		free(now);
	}
	free(before);
}

/* One that ends has no executable any more, or is still the same. */
static void
name_successor(struct live *live)
{
	char *link = xasprintf("/proc/%" PRIu32 "/exe", live->pid), *name;
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	free(link);
	if (length <= 0)
		return;
	target[length] = '\0';
	if (strcmp(target, live->profile->executable) == 0)
		return;
	name = term_escape(text_base_name(target));
	snprintf(live->successor, sizeof(live->successor), "%s", name);
	free(name);
}

/* The recording of the next program, where the process became one. */
static void
follow(struct live *live)
{
	char *pid, *path, *why;

	live->successor[0] = '\0';
	/* Another process may have the number by now. */
	if (locate_get_start_ns((pid_t)live->pid) != live->process_start_ns)
		return;
	pid = xasprintf("%" PRIu32, live->pid);
	if (source_find_recording(pid, &path, &why) != 0) {
		name_successor(live);
		free(why);
	} else {
		if (strcmp(path, live->path) != 0)
			open_next(live, path);
		else
			name_successor(live);
		free(path);
	}
	free(pid);
}

static void
run(struct live *live)
{
	uint64_t next = clock_get_ns(CLOCK_MONOTONIC) + INTERVAL_NS;

	while (!live->quits) {
		uint64_t now = clock_get_ns(CLOCK_MONOTONIC);
		int key;

		if (now >= next) {
			/* What has ended stays on the screen as it was. */
			if (!live->is_paused && !live->has_ended && !live_look(live))
				live->has_ended = true;
			if (live->has_ended)
				follow(live);
			if (live->child.pid != 0)
				live_child_has_ended(&live->child);
			next = now + INTERVAL_NS;
		}
		live_draw(live);
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
	result = live_open(live, path);
	if (result == -EBADMSG)
		die(COMMAND_TROUBLE, "%s: no recording; live is for a process", operand);
	if (result == -ENODATA)
		die(COMMAND_TROUBLE, "%s: it cannot be read", operand);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(operand, result));
	free(path);
}

/* A program that ends at once was not to be seen; its output is. */
static void
open_program(struct live *live, char *const *command)
{
	int result = -ENOTTY;

	/* What was printed is to be seen after Ctrl-C, which the program gets, too, and after
	 * SIGTERM. */
	tui_catch_signals();
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		result = live_child_start(&live->child, command);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s: not started: %s", command[0], strerror(-result));
	while (tui_get_signal() == 0 && !live_child_has_ended(&live->child)) {
		char *path = live_child_find_recording(&live->child);

		result = path == NULL ? -ENOENT : live_open(live, path);
		free(path);
		if (result == 0)
			return;
		usleep(LOOK_USEC);
	}
	exit(live_child_finish(&live->child, tui_get_signal()));
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
	struct live live = {.options.by = GROUP_BY_LINE, .column = column_find("live")};
	struct words words = {0};
	int status = COMMAND_OK, ended;
	char *why;

	arguments_parse(&argp, argc, argv, 0, &words);
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
	live_release(&live);
	if (live.child.pid == 0)
		return status;
	ended = live_child_finish(&live.child, tui_get_signal());
	return status == COMMAND_OK ? ended : status;
}
