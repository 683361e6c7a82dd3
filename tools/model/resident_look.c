/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/resident_look.h"

#define SHARE 20 /* of the time, one part */

bool
resident_look_is_due(const struct resident_look *look, uint64_t now_ns)
{
	return now_ns >= look->next_ns;
}

void
resident_look_note(struct resident_look *look, const struct profile *profile, uint64_t began_ns,
		   uint64_t ended_ns)
{
	look->next_ns = ended_ns + (ended_ns - began_ns) * (SHARE - 1);
	look->pid = 0;
	if (profile->resident_count == 0)
		return;
	look->pid = profile->pid;
	look->start_realtime_ns = profile->start_realtime_ns;
	look->last = profile->residents[profile->resident_count - 1];
}

void
resident_look_lend(const struct resident_look *look, struct profile *profile)
{
	uint64_t known_ns = profile->resident_count != 0
				    ? profile->residents[profile->resident_count - 1].time_ns
				    : 0;

	if (look->pid != 0 && look->pid == profile->pid &&
	    look->start_realtime_ns == profile->start_realtime_ns &&
	    profile->state == PROFILE_RUNNING && look->last.time_ns > known_ns)
		profile_insert_resident(profile, &look->last);
}
