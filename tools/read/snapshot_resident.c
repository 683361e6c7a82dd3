/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_resident.c - what is kept of the resident memory at a moment: the sums, and who mapped
 */
#include "config.h"

#include <stdlib.h>

#include "model/mapped.h"
#include "model/memory.h"
#include "model/profile.h"
#include "model/resident.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"

#define MAPPED_MAX 200 /* sites of a moment */

static void
insert_mapped(struct profile *profile, const struct resident *resident, uint64_t time_ns)
{
	struct profile_mapped *sites;
	size_t count = mapped_sum_sites(resident, &sites);

	count = mapped_keep_largest(sites, count, MAPPED_MAX);
	for (size_t i = 0; i < count; i++)
		sites[i].time_ns = time_ns;
	profile_insert_mapped(profile, sites, (uint32_t)count);
	free(sites);
}

void
snapshot_update_resident(struct snapshot *snapshot)
{
	struct profile *profile = snapshot_get_profile(snapshot);
	struct profile_resident summary;
	struct resident resident;
	struct memory memory;

	memory_init(&memory);
	if (profile->moment_count != 0 && snapshot_read_process(snapshot, 0, &memory) == 0) {
		resident_init(&resident, &memory);
		resident_summarize(&resident, profile->moments[profile->moment_count - 1].time_ns,
				   &summary);
		profile_insert_resident(profile, &summary);
		insert_mapped(profile, &resident, summary.time_ns);
		resident_release(&resident);
	}
	memory_release(&memory);
}
