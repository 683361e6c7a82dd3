/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_process.h"

#include "model/profile.h"
#include "read/tally_draft.h"
#include "read/tally_format.h"
#include "read/tally_output.h"
#include "util/varint.h"

void
tally_process_encode(struct tally_output *out, const struct profile *profile)
{
	tally_output_put(out, profile->pid);
	tally_output_put(out, profile->parent_pid);
	tally_output_put_text(out, profile->command);
	tally_output_put_text(out, profile->executable);
	tally_output_put_text(out, profile->allocator);
	tally_output_put_text(out, profile->version);
	tally_output_put(out, profile->start_realtime_ns);
	tally_output_put(out, profile->frames_limit);
	tally_output_put_flag(out, profile->realloc_origin);
	tally_output_end_chunk(out, TALLY_PROCESS);
}

void
tally_process_decode(struct tally_draft *draft, struct varint_input *input)
{
	struct profile *profile = draft->profile;

	profile->pid = varint_get_32(input);
	profile->parent_pid = varint_get_32(input);
	profile->command = tally_draft_get_text(draft, input);
	profile->executable = tally_draft_get_text(draft, input);
	profile->allocator = tally_draft_get_text(draft, input);
	profile->version = tally_draft_get_text(draft, input);
	profile->start_realtime_ns = varint_get(input);
	profile->frames_limit = varint_get_32(input);
	profile->realloc_origin = tally_draft_get_flag(draft, input);
}

static void
write_marks(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		tally_output_split_chunk(out, TALLY_MARKS);
		tally_output_put(out, tally_format_mark_kind(mark->kind));
		tally_output_put_text(out, mark->label);
		tally_output_put(out, mark->time_ns);
		tally_output_put_signed(out, mark->live_bytes);
		tally_output_put_signed(out, mark->peak_bytes);
	}
	if (profile->mark_count != 0)
		tally_output_end_chunk(out, TALLY_MARKS);
	if (profile->pause == PROFILE_GOES_ON)
		return;
	tally_output_put(out, tally_format_pause(profile->pause));
	tally_output_end_chunk(out, TALLY_PAUSE);
}

void
tally_process_decode_marks(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input)) {
		struct profile_mark mark = {0};

		if (!tally_draft_take_known(draft,
					    tally_parse_mark_kind(varint_get(input), &mark.kind)))
			return;
		mark.label = tally_draft_get_text(draft, input);
		mark.time_ns = varint_get(input);
		mark.live_bytes = (int64_t)varint_get_signed(input);
		mark.peak_bytes = (int64_t)varint_get_signed(input);
		*array_push(&draft->marks) = mark;
	}
}

void
tally_process_decode_pause(struct tally_draft *draft, struct varint_input *input)
{
	tally_draft_take_known(draft, tally_parse_pause(varint_get(input), &draft->profile->pause));
}

static void
write_notes(struct tally_output *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->note_count; i++)
		tally_output_put_text(out, profile->notes[i]);
	if (profile->note_count != 0)
		tally_output_end_chunk(out, TALLY_NOTES);
}

void
tally_process_decode_notes(struct tally_draft *draft, struct varint_input *input)
{
	while (varint_has_more(input))
		profile_insert_note(draft->profile, tally_draft_get_text(draft, input));
}

static void
write_arguments_and_resident(struct tally_output *out, const struct profile *profile)
{
	if (profile->arguments[0] != '\0') {
		tally_output_put_text(out, profile->arguments);
		tally_output_end_chunk(out, TALLY_ARGUMENTS);
	}
	if (profile->anonymous_bytes != 0) {
		tally_output_put(out, profile->anonymous_bytes);
		tally_output_put(out, profile->anonymous_last_bytes);
		tally_output_end_chunk(out, TALLY_RESIDENT);
	}
}

void
tally_process_decode_arguments(struct tally_draft *draft, struct varint_input *input)
{
	draft->profile->arguments = tally_draft_get_text(draft, input);
}

void
tally_process_decode_resident(struct tally_draft *draft, struct varint_input *input)
{
	draft->profile->anonymous_bytes = varint_get(input);
	draft->profile->anonymous_last_bytes = varint_get(input);
}

static void
write_unseen(struct tally_output *out, const struct profile *profile)
{
	if (profile->unseen == 0)
		return;
	tally_output_put(out, profile->unseen);
	tally_output_end_chunk(out, TALLY_UNSEEN);
}

void
tally_process_decode_unseen(struct tally_draft *draft, struct varint_input *input)
{
	uint64_t count = varint_get(input);

	input->bad |= count == 0 || count > UINT32_MAX;
	draft->profile->unseen = (uint32_t)count;
}

static void
write_python(struct tally_output *out, const struct profile *profile)
{
	if (profile->python == PROFILE_PYTHON_NONE)
		return;
	tally_output_put(out, tally_format_python(profile->python));
	tally_output_put(out, profile->python_version);
	tally_output_end_chunk(out, TALLY_PYTHON);
}

void
tally_process_decode_python(struct tally_draft *draft, struct varint_input *input)
{
	tally_draft_take_known(draft,
			       tally_parse_python(varint_get(input), &draft->profile->python));
	draft->profile->python_version = varint_get_32(input);
}

void
tally_process_encode_more(struct tally_output *out, const struct profile *profile)
{
	write_marks(out, profile);
	write_notes(out, profile);
	write_arguments_and_resident(out, profile);
	write_unseen(out, profile);
	write_python(out, profile);
}

void
tally_process_encode_done(struct tally_output *out, const struct profile *profile)
{
	const uint64_t counts[] = {
		profile->module_count, profile->location_count, profile->frame_count,
		profile->node_count,   profile->site_count,     profile->moment_count,
		profile->sample_count,
	};
	const uint64_t numbers[] = {
		tally_format_state(profile->state),
		profile->has_wait_status ? TALLY_YES : TALLY_NO,
		(uint32_t)profile->wait_status,
		profile->duration_ns,
		profile->symbolized ? TALLY_YES : TALLY_NO,
		tally_format_troubles(profile->trouble),
		profile->dropped_events,
		profile->cut_stacks,
		profile->nested_events,
		profile->unknown_frees,
		profile->failed_allocations,
		profile->reallocs,
		profile->tracer_bytes,
		profile->tracer_cpu_ns,
		profile->crosschecks,
		profile->crosscheck_differences,
		profile->full_walks,
		profile->rules,
		(uint64_t)profile->peak_error_bytes,
		profile->threads,
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		tally_output_put(out, counts[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		tally_output_put(out, numbers[i]);
	tally_output_end_chunk(out, TALLY_DONE);
}

void
tally_process_decode_done(struct tally_draft *draft, struct varint_input *input)
{
	struct profile *profile = draft->profile;
	const uint64_t counts[] = {
		draft->modules.count, draft->locations.count, draft->frames.count,
		draft->nodes.count,   draft->sites.count,     profile->moment_count,
		draft->samples.count,
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (varint_get(input) != counts[i])
			input->bad = true;
	tally_draft_take_known(draft, tally_parse_state(varint_get(input), &profile->state));
	profile->has_wait_status = tally_draft_get_flag(draft, input);
	profile->wait_status = (int)varint_get_32(input);
	profile->duration_ns = varint_get(input);
	profile->symbolized = tally_draft_get_flag(draft, input);
	profile->trouble = tally_parse_troubles(varint_get(input));
	profile->dropped_events = varint_get(input);
	profile->cut_stacks = varint_get(input);
	profile->nested_events = varint_get(input);
	profile->unknown_frees = varint_get(input);
	profile->failed_allocations = varint_get(input);
	profile->reallocs = varint_get(input);
	profile->tracer_bytes = varint_get(input);
	profile->tracer_cpu_ns = varint_get(input);
	profile->crosschecks = varint_get(input);
	profile->crosscheck_differences = varint_get(input);
	profile->full_walks = varint_get(input);
	profile->rules = varint_get(input);
	profile->peak_error_bytes = (int64_t)varint_get(input);
	profile->threads = varint_get_32(input);
}
