/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/delta.h"

#include <errno.h>

#include "model/profile.h"

/* Sites keep their numbers for as long as a process lives, and their stacks. */
static bool
is_of_same_process(const struct profile *profile, const struct profile *earlier)
{
	return profile->pid == earlier->pid &&
	       profile->start_realtime_ns == earlier->start_realtime_ns &&
	       profile->moment_count > 0 && earlier->moment_count > 0;
}

int
delta_subtract(struct profile *profile, const struct profile *earlier)
{
	struct profile_moment *now;
	const struct profile_moment *then;

	if (!is_of_same_process(profile, earlier))
		return -EINVAL;
	now = &profile->moments[profile->moment_count - 1];
	then = &earlier->moments[earlier->moment_count - 1];
	if (then->site_count > now->site_count)
		return -EINVAL;
	for (uint32_t i = 0; i < then->site_count; i++)
		if (now->values[i].total_blocks >= then->values[i].total_blocks)
			profile_values_subtract(&now->values[i], &then->values[i]);
	now->sum = (struct profile_values){0};
	for (uint32_t i = 0; i < now->site_count; i++)
		profile_values_add(&now->sum, &now->values[i]);
	return 0;
}
