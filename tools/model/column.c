/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/column.h"

#include <string.h>

#include "util/human.h"

#define OFFSET(field) offsetof(struct profile_values, field)

const struct column columns[] = {
	{"live_bytes", "live", "live", COLUMN_BYTES, OFFSET(live_bytes), OFFSET(live_blocks),
	 "bytes allocated and not freed at the chosen moment"},
	{"live_blocks", "blocks", "blocks", COLUMN_BLOCKS, OFFSET(live_blocks), OFFSET(live_blocks),
	 "blocks allocated and not freed at the chosen moment"},
	{"peak_bytes", "peak", "at peak", COLUMN_BYTES, OFFSET(peak_bytes), OFFSET(peak_blocks),
	 "bytes held when the whole program held most"},
	{"peak_blocks", "peak-blocks", "at peak", COLUMN_BLOCKS, OFFSET(peak_blocks),
	 OFFSET(peak_blocks), "blocks held when the whole program held most"},
	{"total_bytes", "total", "total", COLUMN_BYTES, OFFSET(total_bytes), OFFSET(total_blocks),
	 "bytes ever allocated"},
	{"total_blocks", "allocs", "allocs", COLUMN_BLOCKS, OFFSET(total_blocks),
	 OFFSET(total_blocks), "allocations ever made"},
	{"temporary_blocks", "temporary", "temporary", COLUMN_BLOCKS, OFFSET(temporary_blocks),
	 OFFSET(total_blocks), "blocks freed before the next allocation of their thread"},
	{"lost_bytes", "lost", "lost", COLUMN_BYTES, OFFSET(lost_bytes), OFFSET(lost_blocks),
	 "bytes that the last look has found lost, at whichever moment it was made"},
	{"lost_blocks", "lost-blocks", "lost", COLUMN_BLOCKS, OFFSET(lost_blocks),
	 OFFSET(lost_blocks), "blocks that the last look has found lost"},
};

const size_t column_count = sizeof(columns) / sizeof(*columns);

const struct column *
column_find(const char *name)
{
	for (size_t i = 0; i < column_count; i++) {
		if (strcmp(columns[i].name, name) == 0 || strcmp(columns[i].alias, name) == 0)
			return &columns[i];
	}
	return NULL;
}

bool
column_is_of_blocks(const struct column *column)
{
	return column->offset == OFFSET(live_bytes) || column->offset == OFFSET(live_blocks);
}

bool
column_is_of_look(const struct column *column)
{
	return column->offset == OFFSET(lost_bytes) || column->offset == OFFSET(lost_blocks);
}

char *
column_format(const struct column *column, int64_t value, char *text)
{
	return column->unit == COLUMN_BYTES ? human_size(value, text)
					    : human_count((uint64_t)value, text);
}
