/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui/tui.h - a screen of text that answers keys
 *
 * With ncursesw; without it `tui_none.c` stands in, whose `tui_enter` says so.
 */
#ifndef TUI_H
#define TUI_H

#include <stdbool.h>

enum tui_style {
	TUI_PLAIN,
	TUI_BOLD,
	TUI_DIM,
	TUI_CHOSEN, /* the line that keys are about */
};

/* Letters are themselves. */
enum tui_key {
	TUI_NOTHING = -1, /* it has been long enough */
	TUI_RESIZED = 256,
	TUI_ENDED, /* the terminal has gone, or a signal wants the command to end */
	TUI_UP,
	TUI_DOWN,
	TUI_PAGE_UP,
	TUI_PAGE_DOWN,
	TUI_HOME,
	TUI_END,
	TUI_ENTER,
	TUI_ESCAPE,
	TUI_BACKSPACE,
};

/*
 * Let signals that end a command, of those that are not ignored, only be noted from here on.
 * `tui_enter` does it, too.
 */
void tui_catch_signals(void);

/* The last of them that came, or 0. */
int tui_get_signal(void);

/* Take the terminal. 0, or -errno with a sentence to free. */
int tui_enter(char **ret_why);

/* Give it back as it was. Nothing if it was not taken. */
void tui_leave(void);

void tui_get_size(unsigned *ret_rows, unsigned *ret_columns);

/* Begin a new picture, put lines on it, from a column on, cut at the edge, and show it. */
void tui_begin(void);
void tui_put(unsigned row, unsigned column, const char *text, enum tui_style style);
void tui_show(void);

/* A key, or TUI_NOTHING after so many milliseconds. */
int tui_read_key(int milliseconds);

#endif
