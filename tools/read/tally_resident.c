/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_resident.h"

#include <stdlib.h>

#include "read/tally_format.h"
#include "util/varint.h"
#include "util/xalloc.h"

/* Times are differences to the one before. */
static uint64_t
get_time(struct varint_input *input, uint64_t before)
{
	uint64_t time_ns = 0;

	if (__builtin_add_overflow(before, varint_get(input), &time_ns))
		input->bad = true;
	return time_ns;
}

/* The number of parts comes first: a later version may have more. */
void
tally_resident_decode(struct tally_resident *read, struct varint_input *input)
{
	while (!input->bad && input->next != input->end) {
		struct profile_resident resident = {0};
		uint64_t before = 0, count;

		if (read->moments.count != 0)
			before = read->moments.items[read->moments.count - 1].time_ns;
		resident.time_ns = get_time(input, before);
		resident.resident_bytes = varint_get(input);
		count = varint_get(input);
		for (uint64_t part = 0; part < count && !input->bad; part++) {
			uint64_t bytes = varint_get(input);

			if (part < TALLY_PART_COUNT)
				resident.parts[tally_get_part((enum tally_part)part)] = bytes;
		}
		resident.live_bytes = varint_get(input);
		resident.live_blocks = varint_get(input);
		resident.untouched_bytes = varint_get(input);
		resident.swapped_live_bytes = varint_get(input);
		resident.swapped_bytes = varint_get(input);
		resident.hugetlb_bytes = varint_get(input);
		*array_push(&read->moments) = resident;
	}
}

void
tally_resident_decode_mapped(struct tally_resident *read, uint32_t site_count,
			     struct varint_input *input)
{
	while (!input->bad && input->next != input->end) {
		struct profile_mapped mapped = {0};
		uint64_t before = 0, site, ranges;

		if (read->mapped.count != 0)
			before = read->mapped.items[read->mapped.count - 1].time_ns;
		mapped.time_ns = get_time(input, before);
		site = varint_get(input);
		ranges = varint_get(input);
		input->bad |= site > site_count || ranges > UINT32_MAX;
		mapped.site = site != 0 ? (uint32_t)site - 1 : UINT32_MAX;
		mapped.range_count = (uint32_t)ranges;
		mapped.resident_bytes = varint_get(input);
		mapped.mapped_bytes = varint_get(input);
		*array_push(&read->mapped) = mapped;
	}
}

void
tally_resident_finish(struct tally_resident *read, struct profile *profile)
{
	profile->residents = read->moments.items;
	profile->resident_count = (uint32_t)read->moments.count;
	profile->mapped = read->mapped.items;
	profile->mapped_count = (uint32_t)read->mapped.count;
	*read = (struct tally_resident){0};
}

void
tally_resident_release(struct tally_resident *read)
{
	array_release(&read->moments);
	array_release(&read->mapped);
}
