/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live_keys.c - heaptally live: what each key does
 */
#include "config.h"

#include "cmd/live.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/column.h"
#include "tui/tui.h"
#include "util/xalloc.h"

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

void
live_handle(struct live *live, int key)
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
