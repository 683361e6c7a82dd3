/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_stacks.h"

#include "model/profile.h"
#include "read/tally_draft.h"
#include "read/tally_format.h"
#include "read/tally_output.h"
#include "util/varint.h"

static void
write_frames(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		tally_output_split_chunk(out, TALLY_FRAMES);
		tally_output_put(out, tally_format_frame_kind(frame->kind));
		tally_output_put(out, (uint32_t)(frame->module + 1)); /* no module is 0 */
		tally_output_put(out, tally_format_offset(frame));
		tally_output_put(out, frame->location_count);
		if (frame->location_count != 0)
			tally_output_put(out, frame->location);
		if (frame->kind == PROFILE_FRAME_ALLOCATOR)
			tally_output_put_name(out, frame->name);
	}
	tally_output_end_chunk(out, TALLY_FRAMES);
}

void
tally_stacks_decode_frames(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct profile_frame frame = {0};

		if (!tally_draft_take_known(draft,
					    tally_parse_frame_kind(varint_get(input), &frame.kind)))
			return;
		frame.module = varint_get_32(input) - 1;
		frame.offset = tally_parse_offset(frame.kind, varint_get(input));
		frame.location_count = varint_get_32(input);
		if (frame.location_count != 0)
			frame.location = varint_get_32(input);
		if (frame.kind == PROFILE_FRAME_ALLOCATOR)
			frame.name = tally_draft_get_name(draft, input);
		*array_push(&draft->frames) = frame;
	}
}

/* Names of threads, by frame. */
static void
write_threads(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind != PROFILE_FRAME_THREAD || frame->name == NULL)
			continue;
		tally_output_split_chunk(out, TALLY_THREADS);
		tally_output_put(out, i);
		tally_output_put_name(out, frame->name);
	}
	if (out->chunk.length != 0)
		tally_output_end_chunk(out, TALLY_THREADS);
}

void
tally_stacks_decode_threads(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		uint32_t index = varint_get_32(input);
		const char *name = tally_draft_get_name(draft, input);

		if (index < draft->frames.count && name != NULL &&
		    draft->frames.items[index].kind == PROFILE_FRAME_THREAD)
			draft->frames.items[index].name = name;
		else
			input->bad = true;
	}
}

/* Most nodes are the child of the node before them, which is one byte this way. */
static void
write_nodes(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->node_count; i++) {
		tally_output_split_chunk(out, TALLY_NODES);
		tally_output_put(out, i - profile->nodes[i].parent);
		tally_output_put(out, profile->nodes[i].frame);
	}
	tally_output_end_chunk(out, TALLY_NODES);
}

void
tally_stacks_decode_nodes(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		uint32_t index = (uint32_t)draft->nodes.count;
		uint32_t distance = varint_get_32(input);
		struct profile_node node = {.parent = index - distance,
					    .frame = varint_get_32(input)};

		if (distance > index || (distance == 0 && index != 0))
			input->bad = true;
		*array_push(&draft->nodes) = node;
	}
}

static void
write_sites(struct tally_output *out, const struct profile *profile)
{
	int64_t previous = 0;

	for (uint32_t i = 0; i < profile->site_count; i++) {
		tally_output_split_chunk(out, TALLY_SITES);
		tally_output_put_signed(out, (int64_t)profile->sites[i] - previous);
		previous = profile->sites[i];
	}
	tally_output_end_chunk(out, TALLY_SITES);
}

void
tally_stacks_decode_sites(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		uint64_t previous =
			draft->sites.count != 0 ? draft->sites.items[draft->sites.count - 1] : 0;
		uint64_t leaf = previous + varint_get_signed(input);

		if (leaf > UINT32_MAX)
			input->bad = true;
		*array_push(&draft->sites) = (uint32_t)leaf;
	}
}

void
tally_stacks_encode(struct tally_output *out, const struct profile *profile)
{
	write_frames(out, profile);
	write_threads(out, profile);
	write_nodes(out, profile);
	write_sites(out, profile);
}
