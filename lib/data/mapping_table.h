/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapping_table.h - what the program maps by itself: ranges of addresses and whose they are
 *
 * Names of pages and no sizes: which of them are resident is the kernel's word. A call may cover
 * parts of what others mapped, or leave halves of it. The table is a section of the recording.
 */
#ifndef MAPPING_TABLE_H
#define MAPPING_TABLE_H

#include "base/base.h"

#define MAPPING_PIECES 8

/* What a removal took out, to put it back when the kernel refuses the call. */
struct mapping_removal {
	uint32_t count;
	struct mapping_piece {
		uintptr_t start, end;
		uint32_t site;
	} pieces[MAPPING_PIECES]; /* more are not remembered */
};

/* Whether there is a table: the option `mmap`. [signal] */
bool mapping_table_exists(void);

/* The pages of a range, of whatever they were, are those of `site` from now on; of nobody's if that
 * is SITE_NONE. Where there is no room, or the table is busy, the call is counted as lost.
 * [signal] */
void mapping_table_insert(const void *address, size_t bytes, uint32_t site);

/* Nothing is known of the pages of a range any more. [signal] */
void mapping_table_remove(const void *address, size_t bytes, struct mapping_removal *ret_removal);

/* They are what they were. [signal] */
void mapping_table_restore(const struct mapping_removal *removal);

/* What has changed since the last copy was made. */
#define MAPPING_CHANGES 64
struct mapping_changes {
	uint32_t count;
	bool more; /* than fit: nothing of the copy is certain */
	struct {
		uintptr_t start, end;
	} ranges[MAPPING_CHANGES];
};

struct recording_mapping;

/* Copy all ranges, the highest first, to where there is room for so many; *ret_count is how many
 * there are. False when they do not fit, and when the table is busy; then there is no copy.
 * [signal] */
bool mapping_table_copy(struct recording_mapping *ret_ranges, uint64_t room, uint64_t *ret_count);

/* Whether the copy that was made last is still what the table is. [signal] */
bool mapping_table_is_copied(void);

/* Of a copy of this process, which a fork made: what was no longer true of the ranges that were
 * copied, by then. [init] */
void mapping_table_get_changes(struct mapping_changes *ret_changes);

#endif
