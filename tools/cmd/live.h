/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/live.h - what `heaptally live` knows of the process, and what it shows of it
 *
 *     reading   live_look.c    the recording, groups, changes
 *     drawing   live_draw.c    the screen; it follows from `struct live` alone
 *               live_stacks.c  the lines of a row that was opened
 *     following live_follow.c  what the process becomes
 *     keys      live_keys.c    change `struct live` only, but for the one that keeps a snapshot
 *     looping   live.c         the command
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/live_child.h"
#include "model/group.h"
#include "model/profile.h"
#include "util/array.h"

#define LIVE_POINTS      240 /* of the sparkline */
#define LIVE_FILTER_MOST 60

struct column;
struct debuginfo_cache;
struct place_table;
struct snapshot;

enum live_screen {
	SCREEN_TABLE,
	SCREEN_STACKS,
	SCREEN_HELP,
};

/* The numbers of every key at one time. */
struct live_looked {
	ARRAY(struct profile_values) keys;
	uint64_t time_ns;
	bool is_set;
};

struct live {
	char *path;   /* of the recording */
	uint32_t pid; /* by which we know the process, or knew it */
	uint64_t process_start_ns;
	struct snapshot *snapshot;
	struct debuginfo_cache *cache;
	struct place_table *table;
	struct profile *profile;
	struct group_options options;
	const struct column *column;
	struct group_set set;
	struct live_looked now, before, mark;
	int64_t points[LIVE_POINTS];
	size_t point_count;
	enum live_screen screen;
	bool is_paused, has_ended, types_filter, quits;
	struct live_child child; /* with a command line */
	char successor[64];      /* what the process has become, of which there is no recording */
	char filter[LIVE_FILTER_MOST + 1];
	unsigned chosen, first; /* rows of the table, or the first line of stacks */
	ARRAY(struct group *) rows;
	ARRAY(char *) lines; /* of stacks */
	char message[160];
};

/* --- reading --- */

/* Look at this recording from now on. 0 or -errno; with -ENODATA it was opened, and not read. */
int live_open(struct live *live, const char *path);

/* Look again. False when the recording cannot be read any more. */
bool live_look(struct live *live);

/* After another choice of groups; what was before cannot be compared with them. */
void live_change_groups(struct live *live);

/* After another choice of column, or a look. */
void live_group(struct live *live);

/* Compare with now, or with the look before again. */
void live_toggle_mark(struct live *live);

/* Whether there is something to compare with: not at the first look. */
bool live_has_change(const struct live *live);

/* By how much the number that a row is sorted by changes in a second, or since the mark. */
double live_get_change(const struct live *live, const struct group *row);

/* When the recording has ended: look at that of the next program, where the process became one, or
 * note what it has become. */
void live_follow(struct live *live);

void live_release(struct live *live);

/* --- keys --- */

/* Do what a key is for; the message of the one before goes. */
void live_handle(struct live *live, int key);

/* --- drawing --- */

void live_draw(struct live *live);

/* Make the lines of the chosen row: its largest stacks, and the tree of its callers. */
void live_open_stacks(struct live *live);

#endif
