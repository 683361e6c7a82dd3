/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_moments.h"

#include <string.h>

#include "model/profile.h"
#include "read/tally.h"
#include "read/tally_draft.h"
#include "read/tally_format.h"
#include "read/tally_output.h"
#include "util/varint.h"
#include "util/xalloc.h"

static void
get_differences(const struct profile_values *now, const struct profile_values *before,
		uint64_t *differences)
{
	differences[TALLY_TOTAL_BYTES] = now->total_bytes - before->total_bytes;
	differences[TALLY_TOTAL_BLOCKS] = now->total_blocks - before->total_blocks;
	differences[TALLY_FREED_BYTES] = now->freed_bytes - before->freed_bytes;
	differences[TALLY_FREED_BLOCKS] = now->freed_blocks - before->freed_blocks;
	differences[TALLY_TEMPORARY_BLOCKS] = now->temporary_blocks - before->temporary_blocks;
	differences[TALLY_ROUNDING_BYTES] =
		(uint64_t)now->rounding_bytes - (uint64_t)before->rounding_bytes;
	differences[TALLY_PEAK_BYTES] = (uint64_t)now->peak_bytes - (uint64_t)before->peak_bytes;
	differences[TALLY_PEAK_BLOCKS] = (uint64_t)now->peak_blocks - (uint64_t)before->peak_blocks;
	/* Live is total minus freed but for a site that was caught in the middle of an event. */
	differences[TALLY_LIVE_BYTES] =
		(uint64_t)now->live_bytes - (now->total_bytes - now->freed_bytes);
	differences[TALLY_LIVE_BLOCKS] =
		(uint64_t)now->live_blocks - (now->total_blocks - now->freed_blocks);
}

static void
add_differences(struct profile_values *values, const uint64_t *differences)
{
	values->total_bytes += differences[TALLY_TOTAL_BYTES];
	values->total_blocks += differences[TALLY_TOTAL_BLOCKS];
	values->freed_bytes += differences[TALLY_FREED_BYTES];
	values->freed_blocks += differences[TALLY_FREED_BLOCKS];
	values->temporary_blocks += differences[TALLY_TEMPORARY_BLOCKS];
	values->rounding_bytes =
		(int64_t)((uint64_t)values->rounding_bytes + differences[TALLY_ROUNDING_BYTES]);
	values->peak_bytes =
		(int64_t)((uint64_t)values->peak_bytes + differences[TALLY_PEAK_BYTES]);
	values->peak_blocks =
		(int64_t)((uint64_t)values->peak_blocks + differences[TALLY_PEAK_BLOCKS]);
	values->live_bytes = (int64_t)(values->total_bytes - values->freed_bytes +
				       differences[TALLY_LIVE_BYTES]);
	values->live_blocks = (int64_t)(values->total_blocks - values->freed_blocks +
					differences[TALLY_LIVE_BLOCKS]);
}

/* Only sites that changed are written, each with the number of unchanged ones before it. */
static void
write_values(struct tally_output *out, const struct profile_moment *moment,
	     const struct profile_moment *previous)
{
	static const struct profile_values zero;
	uint32_t unchanged = 0;

	for (uint32_t site = 0; site < moment->site_count; site++) {
		bool is_new = previous == NULL || site >= previous->site_count;
		uint64_t differences[TALLY_VALUE_COUNT];
		uint32_t mask = 0;

		get_differences(&moment->values[site], is_new ? &zero : &previous->values[site],
				differences);
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			mask |= (differences[i] != 0 ? 1u : 0) << i;
		if (mask == 0) {
			unchanged++;
			continue;
		}
		tally_output_split_chunk(out, TALLY_VALUES);
		tally_output_put(out, unchanged);
		unchanged = 0;
		tally_output_put(out, mask);
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			if ((mask >> i & 1) != 0)
				tally_output_put_signed(out, (int64_t)differences[i]);
	}
	tally_output_end_chunk(out, TALLY_VALUES);
}

void
tally_moments_decode_values(struct tally_draft *draft, struct varint_input *input)
{
	struct profile *profile = draft->profile;
	struct profile_moment *moment;

	if (profile->moment_count == 0) {
		input->bad = true;
		return;
	}
	moment = &profile->moments[profile->moment_count - 1];
	while (varint_has_more(input)) {
		uint64_t differences[TALLY_VALUE_COUNT] = {0};
		uint64_t site = draft->next_value + varint_get(input);
		uint64_t mask = varint_get(input);

		if (input->bad || site >= moment->site_count) {
			input->bad = true;
			return;
		}
		if (!tally_draft_take_known(draft, mask >> TALLY_VALUE_COUNT == 0))
			return;
		for (int i = 0; i < TALLY_VALUE_COUNT; i++)
			if ((mask >> i & 1) != 0)
				differences[i] = varint_get_signed(input);
		add_differences(&moment->values[site], differences);
		draft->next_value = (uint32_t)site + 1;
	}
}

static void
write_moment(struct tally_output *out, const struct profile_moment *moment,
	     const struct profile_moment *previous)
{
	tally_output_put_text(out, moment->label);
	tally_output_put(out, moment->time_ns);
	tally_output_put(out, moment->peak_time_ns);
	tally_output_put(out, moment->site_count);
	tally_output_end_chunk(out, TALLY_MOMENT);
	write_values(out, moment, previous);
}

void
tally_moments_decode_moment(struct tally_draft *draft, struct varint_input *input)
{
	struct profile *profile = draft->profile;
	const struct profile_moment *previous =
		profile->moment_count != 0 ? &profile->moments[profile->moment_count - 1] : NULL;
	struct profile_moment moment = {0};
	const char *label = tally_draft_get_text(draft, input);
	uint64_t bytes;

	memcpy(moment.label, label, strnlen(label, sizeof(moment.label) - 1));
	moment.time_ns = varint_get(input);
	moment.peak_time_ns = varint_get(input);
	moment.site_count = varint_get_32(input);
	if (input->bad || moment.site_count > draft->sites.count ||
	    (previous != NULL && moment.site_count < previous->site_count)) {
		input->bad = true;
		return;
	}
	bytes = sizeof(moment) + (uint64_t)moment.site_count * sizeof(*moment.values);
	if (!tally_draft_has_room(draft, bytes) ||
	    (previous != NULL && draft->values_bytes + bytes > TALLY_VALUES_MAX)) {
		draft->too_big = true;
		return;
	}
	draft->values_bytes += bytes;
	moment.values = xcalloc(moment.site_count, sizeof(*moment.values));
	if (previous != NULL && previous->site_count != 0)
		memcpy(moment.values, previous->values,
		       previous->site_count * sizeof(*moment.values));
	profile->moments = xreallocarray(profile->moments, profile->moment_count + 1,
					 sizeof(*profile->moments));
	profile->moments[profile->moment_count++] = moment;
	draft->next_value = 0;
}

static void
write_samples(struct tally_output *out, const struct profile *profile)
{
	struct profile_sample previous = {0};

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];

		tally_output_split_chunk(out, TALLY_SAMPLES);
		tally_output_put(out, sample->time_ns - previous.time_ns);
		tally_output_put_signed(out, (int64_t)((uint64_t)sample->live_bytes -
						       (uint64_t)previous.live_bytes));
		tally_output_put_signed(out, (int64_t)(sample->rss_bytes - previous.rss_bytes));
		previous = *sample;
	}
	tally_output_end_chunk(out, TALLY_SAMPLES);
}

void
tally_moments_decode_samples(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct profile_sample sample = {0};

		if (draft->samples.count != 0)
			sample = draft->samples.items[draft->samples.count - 1];
		if (__builtin_add_overflow(sample.time_ns, varint_get(input), &sample.time_ns))
			input->bad = true;
		sample.live_bytes =
			(int64_t)((uint64_t)sample.live_bytes + varint_get_signed(input));
		sample.rss_bytes += varint_get_signed(input);
		*array_push(&draft->samples) = sample;
	}
}

void
tally_moments_encode(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->moment_count; i++)
		write_moment(out, &profile->moments[i], i != 0 ? &profile->moments[i - 1] : NULL);
	write_samples(out, profile);
}
