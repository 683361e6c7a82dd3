/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top_watch.h - the process of `heaptally top --refresh`, read again and again
 *
 * The process is neither stopped nor asked: of its recording, tables are read as far as they are
 * new and counters as they are now. Names are looked up once. Of the moments only the last one is
 * kept, so that a view may stay open for days. Whatever goes wrong ends the command.
 */
#ifndef TOP_WATCH_H
#define TOP_WATCH_H

#include <stdbool.h>

struct debuginfo_cache;
struct profile;
struct snapshot;

struct top_watch {
	const char *name; /* as the user called it */
	bool online;      /* names may come from servers */
	struct snapshot *snapshot;
	char *path; /* of its recording */
	struct debuginfo_cache *cache;
	bool was_alive; /* so its end is seen */
};

void top_watch_open(struct top_watch *watch, const char *operand, bool online);
void top_watch_release(struct top_watch *watch);

/* Read what is new, and give it names. The profile is the watch's, until the next call. */
const struct profile *top_watch_read(struct top_watch *watch);

bool top_watch_has_ended(struct top_watch *watch);

/* Whether the process has gone on as another program, by exec, which has a recording of its own:
 * that is watched then. */
bool top_watch_follow(struct top_watch *watch);

#endif
