/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_resident.h"

#include <stdlib.h>

#include "read/tally_format.h"
#include "read/tally_output.h"
#include "util/varint.h"
#include "util/xalloc.h"

/* The number of parts comes first: a later version may have more. */
static void
write_residents(struct tally_output *out, const struct profile *profile)
{
	uint64_t previous_ns = 0;

	for (uint32_t i = 0; i < profile->resident_count; i++) {
		const struct profile_resident *resident = &profile->residents[i];

		tally_output_split_chunk(out, TALLY_PARTS);
		tally_output_put(out, resident->time_ns - previous_ns);
		tally_output_put(out, resident->resident_bytes);
		tally_output_put(out, TALLY_PART_COUNT);
		for (unsigned part = 0; part < TALLY_PART_COUNT; part++)
			tally_output_put(out, resident->parts[tally_get_part(part)]);
		tally_output_put(out, resident->live_bytes);
		tally_output_put(out, resident->live_blocks);
		tally_output_put(out, resident->untouched_bytes);
		tally_output_put(out, resident->swapped_live_bytes);
		tally_output_put(out, resident->swapped_bytes);
		tally_output_put(out, resident->hugetlb_bytes);
		previous_ns = resident->time_ns;
	}
	if (profile->resident_count != 0)
		tally_output_end_chunk(out, TALLY_PARTS);
}

/* Of no known site: 0. */
static void
write_mapped(struct tally_output *out, const struct profile *profile)
{
	uint64_t previous_ns = 0;

	for (uint32_t i = 0; i < profile->mapped_count; i++) {
		const struct profile_mapped *mapped = &profile->mapped[i];

		tally_output_split_chunk(out, TALLY_MAPPED);
		tally_output_put(out, mapped->time_ns - previous_ns);
		tally_output_put(
			out, mapped->site < profile->site_count ? (uint64_t)mapped->site + 1 : 0);
		tally_output_put(out, mapped->range_count);
		tally_output_put(out, mapped->resident_bytes);
		tally_output_put(out, mapped->mapped_bytes);
		previous_ns = mapped->time_ns;
	}
	if (profile->mapped_count != 0)
		tally_output_end_chunk(out, TALLY_MAPPED);
}

void
tally_resident_encode(struct tally_output *out, const struct profile *profile)
{
	write_residents(out, profile);
	write_mapped(out, profile);
}

/* Times are differences to the one before. */
static uint64_t
get_time(struct varint_input *input, uint64_t before)
{
	uint64_t time_ns = 0;

	if (__builtin_add_overflow(before, varint_get(input), &time_ns))
		input->bad = true;
	return time_ns;
}

void
tally_resident_decode(struct tally_resident *read, struct varint_input *input)
{
	while (varint_has_more(input)) {
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
	while (varint_has_more(input)) {
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
