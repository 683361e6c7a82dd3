/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tui/tui_none.c - in the place of `tui.c` where ncursesw is missing
 */
#include "config.h"

#include "tui/tui.h"

#include <errno.h>

#include "util/xalloc.h"

int
tui_enter(char **ret_why)
{
	*ret_why = xstrdup("this heaptally was built without ncursesw; there is heaptally top "
			   "--refresh 1");
	return -ENOSYS;
}

void
tui_catch_signals(void)
{
}

int
tui_get_signal(void)
{
	return 0;
}

void
tui_leave(void)
{
}

void
tui_get_size(unsigned *ret_rows, unsigned *ret_columns)
{
	*ret_rows = *ret_columns = 0;
}

void
tui_begin(void)
{
}

void
tui_put(unsigned row, unsigned column, const char *text, enum tui_style style)
{
	(void)row, (void)column, (void)text, (void)style;
}

void
tui_show(void)
{
}

int
tui_read_key(int milliseconds)
{
	(void)milliseconds;
	return TUI_NOTHING;
}
