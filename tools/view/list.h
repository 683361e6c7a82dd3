/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/list.h - the recordings of a user
 */
#ifndef VIEW_LIST_H
#define VIEW_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

struct term;

struct view_list_row {
	uint32_t pid, parent_pid;
	const char *command, *path;
	enum profile_state state;
	uint32_t layout;     /* version of the recording */
	uint64_t age_ns;     /* since the start of the process */
	uint64_t disk_bytes; /* of the recording */
	/* Of a recording of another version the rest is not known. */
	bool is_readable;
	int64_t live_bytes, peak_bytes;
	uint64_t duration_ns;
};

struct view_list {
	const struct view_list_row *rows;
	size_t count;
};

void view_list_text(const struct term *term, const struct view_list *view);
void view_list_json(const struct term *term, const struct view_list *view);

#endif
