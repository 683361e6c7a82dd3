/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui/tui.c - a screen of text that answers keys, with ncursesw
 */
#include "config.h"

#include "tui/tui.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "util/xalloc.h"

static SCREEN *screen;
static volatile sig_atomic_t last_signal;

static void
note_signal(int number)
{
	last_signal = number;
}

void
tui_catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct sigaction action;

		/* What is ignored stays so for a program that is started. */
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaction(signals[i], &(struct sigaction){.sa_handler = note_signal}, NULL);
	}
}

int
tui_get_signal(void)
{
	return last_signal;
}

int
tui_enter(char **ret_why)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		*ret_why = xstrdup("standard input and output are no terminal");
		return -ENOTTY;
	}
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		*ret_why = xstrdup("this terminal is not known: set TERM");
		return -ENOTSUP;
	}
	set_term(screen);
	/* However the command ends, the terminal is as it was. */
	atexit(tui_leave);
	tui_catch_signals();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return 0;
}

void
tui_leave(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void
tui_get_size(unsigned *ret_rows, unsigned *ret_columns)
{
	*ret_rows = (unsigned)LINES;
	*ret_columns = (unsigned)COLS;
}

void
tui_begin(void)
{
	erase();
}

/* Bytes of text that take at most so many columns. */
static int
fit(const char *text, unsigned columns)
{
	mbstate_t state = {0};
	size_t length = strlen(text), at = 0;
	unsigned used = 0;

	while (at < length) {
		wchar_t letter;
		size_t bytes = mbrtowc(&letter, text + at, length - at, &state);
		int width = bytes < (size_t)-2 ? wcwidth(letter) : -1;

		if (width < 0) {
			memset(&state, 0, sizeof(state));
			bytes = width = 1;
		}
		if (used + (unsigned)width > columns)
			break;
		used += (unsigned)width;
		at += bytes == 0 ? 1 : bytes;
	}
	return (int)at;
}

void
tui_put(unsigned row, unsigned column, const char *text, enum tui_style style)
{
	static const attr_t attributes[] = {
		[TUI_PLAIN] = A_NORMAL,
		[TUI_BOLD] = A_BOLD,
		[TUI_DIM] = A_DIM,
		[TUI_CHOSEN] = A_REVERSE,
	};

	if (row >= (unsigned)LINES || column >= (unsigned)COLS)
		return;
	attrset(attributes[style]);
	move((int)row, (int)column);
	/* The last column is left free: what is written there wraps on some terminals. */
	addnstr(text, fit(text, (unsigned)COLS - column - 1));
	attrset(A_NORMAL);
}

void
tui_show(void)
{
	refresh();
}

int
tui_read_key(int milliseconds)
{
	static const struct {
		int curses, ours;
	} keys[] = {
		{KEY_RESIZE, TUI_RESIZED},  {KEY_UP, TUI_UP},
		{KEY_DOWN, TUI_DOWN},       {KEY_PPAGE, TUI_PAGE_UP},
		{KEY_NPAGE, TUI_PAGE_DOWN}, {KEY_HOME, TUI_HOME},
		{KEY_END, TUI_END},         {KEY_ENTER, TUI_ENTER},
		{'\r', TUI_ENTER},          {'\n', TUI_ENTER},
		{27, TUI_ESCAPE},           {KEY_BACKSPACE, TUI_BACKSPACE},
		{127, TUI_BACKSPACE},       {8, TUI_BACKSPACE},
	};
	int key;

	timeout(milliseconds);
	key = getch();
	/* A terminal that has gone is readable, and has nothing. */
	if (last_signal != 0 || !isatty(STDIN_FILENO))
		return TUI_ENDED;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return key == ERR ? TUI_NOTHING : key < 256 ? key : TUI_NOTHING;
}
