/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/moment.h"

#include <string.h>

const char *
moment_get_default(const struct profile *profile)
{
	return profile->state == PROFILE_RUNNING ? "now" : "peak";
}

bool
moment_is_always_there(const char *name)
{
	return strcmp(name, "peak") == 0 || strcmp(name, "exit") == 0 || strcmp(name, "now") == 0;
}

static struct profile_at
get_last(const struct profile *profile)
{
	return (struct profile_at){.moment = &profile->moments[profile->moment_count - 1]};
}

static struct profile_at
get_peak(const struct profile *profile)
{
	struct profile_at at = get_last(profile);

	at.peak = true;
	return at;
}

void
moment_fit_sides(struct moment_side sides[2], bool same_process)
{
	bool peak;

	if (sides[0].is_named == sides[1].is_named) {
		peak = sides[0].profile->state != PROFILE_RUNNING &&
		       sides[1].profile->state != PROFILE_RUNNING;
	} else {
		peak = sides[sides[1].is_named].at.peak && !same_process;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!sides[i].is_named)
			sides[i].at =
				peak ? get_peak(sides[i].profile) : get_last(sides[i].profile);
	}
}
