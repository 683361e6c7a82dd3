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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/live.h"
#include "cmd/live_child.h"
#include "model/column.h"
#include "read/operand.h"
#include "read/source_explain.h"
#include "symbols/debuginfo_cache.h"
#include "tui/tui.h"
#include "util/clock.h"
#include "util/error.h"

#define INTERVAL_NS CLOCK_SECOND_NS
#define LOOK_USEC   10000 /* until a program has a recording */

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
				live_follow(live);
			if (live->child.pid != 0)
				live_child_has_ended(&live->child);
			next = now + INTERVAL_NS;
		}
		live_draw(live);
		key = tui_read_key((int)((next - now) / 1000000) + 1);
		if (key == TUI_ENDED)
			return;
		if (key != TUI_NOTHING && key != TUI_RESIZED)
			live_handle(live, key);
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

	if (operand_find_file(operand, &path, &why) != 0)
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
