/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/info.c - the totals of a recording: what the formats share
 */
#include "config.h"

#include "view/info.h"

#include "model/profile.h"

/* Sites with a fixed number exist in every recording; a stack counts once it allocated. */
uint64_t
view_info_count_stacks(const struct profile_moment *moment)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < moment->site_count; i++)
		count += moment->values[i].total_blocks != 0;
	return count;
}

int64_t
view_info_get_usable(const struct profile_values *values)
{
	return (int64_t)((uint64_t)values->live_bytes + (uint64_t)values->rounding_bytes);
}
