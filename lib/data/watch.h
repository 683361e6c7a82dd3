/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.h - blocks whose free the program wants to be told of
 *
 * While there are any, `control.watched` makes every event look here (recording.h).
 */
#ifndef WATCH_H
#define WATCH_H

#include "base/base.h"

#define WATCH_MAX 1024u

struct watch {
	const void *address;
	void (*callback)(void *block, void *context);
	void *context;
};

/* Watch a block, or no longer if callback is NULL. 0; -ENOMEM beyond WATCH_MAX; -EAGAIN when the
 * table is busy. */
int watch_set(const struct watch *watch);

/* Take the watch of a block that is about to be freed; false if it has none. [signal] */
bool watch_take(const void *address, struct watch *ret_watch);

/* Start with none. [init] */
void watch_reset(void);

#endif
