/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen.h - take over the terminal for a report that is drawn again and again
 *
 * The alternate screen, so that what was on the terminal comes back; keys without Return. The
 * terminal is given back by `screen_leave`, when the command exits in any way, and before a signal
 * ends or stops it. Handlers of signals only set flags: they are looked at in `screen_wait`.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>

enum screen_event {
	SCREEN_TIMEOUT, /* it has been long enough */
	SCREEN_CHANGED, /* another size, or the terminal is ours again: draw */
	SCREEN_QUIT,    /* q or Ctrl-C */
};

/* Take the terminal that is standard output. False if it is none, or one that cannot do it. */
bool screen_enter(void);

/* Nothing if it was not taken. */
void screen_leave(void);

/* Lines that there are; 0 if not known. */
unsigned screen_get_height(void);

/* Show text from the upper left corner on, and nothing of what was before. Too much is cut. */
void screen_draw(const char *text);

/* Wait for one of the events. A signal that ends the command does so in here. */
enum screen_event screen_wait(uint64_t timeout_ns);

#endif
