/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/intern.h"
#include "util/wrap.h"
#include "util/xalloc.h"

#define RESIDENTS_MAX 1024

struct profile *
profile_new(void)
{
	struct profile *profile = xcalloc(1, sizeof(*profile));

	profile->strings = intern_new();
	profile->command = profile->executable = intern_insert(profile->strings, "", 0);
	profile->allocator = profile->version = profile->arguments = profile->command;
	return profile;
}

void
profile_free(struct profile *profile)
{
	if (profile == NULL)
		return;
	for (uint32_t i = 0; i < profile->moment_count; i++)
		free(profile->moments[i].values);
	free(profile->modules);
	free(profile->frames);
	free(profile->locations);
	free(profile->nodes);
	free(profile->sites);
	free(profile->moments);
	free(profile->samples);
	free(profile->marks);
	free(profile->residents);
	free(profile->mapped);
	free(profile->notes);
	block_set_release(&profile->blocks);
	leak_set_release(&profile->leaks);
	intern_free(profile->strings);
	free(profile);
}

static bool
frame_is_valid(const struct profile *profile, const struct profile_frame *frame)
{
	if (frame->kind > PROFILE_FRAME_PROCESS)
		return false;
	if (frame->kind == PROFILE_FRAME_CODE ? frame->module >= profile->module_count
					      : frame->module != PROFILE_NO_MODULE)
		return false;
	if ((frame->kind == PROFILE_FRAME_PYTHON || frame->kind == PROFILE_FRAME_PROCESS) &&
	    frame->location_count == 0)
		return false;
	if (frame->kind == PROFILE_FRAME_ALLOCATOR && frame->name == NULL)
		return false;
	return frame->location <= profile->location_count &&
	       frame->location_count <= profile->location_count - frame->location;
}

static bool
tables_are_valid(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->frame_count; i++)
		if (!frame_is_valid(profile, &profile->frames[i]))
			return false;
	for (uint32_t i = 0; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];

		if (node->frame >= profile->frame_count ||
		    (i == 0 ? node->parent != 0 : node->parent >= i))
			return false;
	}
	for (uint32_t i = 0; i < profile->site_count; i++)
		if (profile->sites[i] >= profile->node_count)
			return false;
	for (uint32_t i = 0; i < profile->moment_count; i++)
		if (profile->moments[i].site_count > profile->site_count)
			return false;
	for (uint32_t i = 0; i < profile->mark_count; i++)
		if (profile->marks[i].kind < PROFILE_MARK_CLEAR ||
		    profile->marks[i].kind >= PROFILE_MARK_KINDS || profile->marks[i].label == NULL)
			return false;
	return profile->pause < PROFILE_PAUSES &&
	       block_set_is_valid(&profile->blocks, profile->site_count) &&
	       leak_set_is_valid(&profile->leaks, profile->site_count);
}

void
profile_values_add(struct profile_values *sum, const struct profile_values *values)
{
	sum->live_bytes = wrap_add(sum->live_bytes, values->live_bytes);
	sum->live_blocks = wrap_add(sum->live_blocks, values->live_blocks);
	sum->rounding_bytes = wrap_add(sum->rounding_bytes, values->rounding_bytes);
	sum->peak_bytes = wrap_add(sum->peak_bytes, values->peak_bytes);
	sum->peak_blocks = wrap_add(sum->peak_blocks, values->peak_blocks);
	sum->lost_bytes = wrap_add(sum->lost_bytes, values->lost_bytes);
	sum->lost_blocks = wrap_add(sum->lost_blocks, values->lost_blocks);
	sum->total_bytes += values->total_bytes;
	sum->total_blocks += values->total_blocks;
	sum->freed_bytes += values->freed_bytes;
	sum->freed_blocks += values->freed_blocks;
	sum->temporary_blocks += values->temporary_blocks;
}

void
profile_values_subtract(struct profile_values *rest, const struct profile_values *values)
{
	rest->live_bytes = profile_get_change(values->live_bytes, rest->live_bytes);
	rest->live_blocks = profile_get_change(values->live_blocks, rest->live_blocks);
	rest->rounding_bytes = profile_get_change(values->rounding_bytes, rest->rounding_bytes);
	rest->peak_bytes = profile_get_change(values->peak_bytes, rest->peak_bytes);
	rest->peak_blocks = profile_get_change(values->peak_blocks, rest->peak_blocks);
	rest->lost_bytes = profile_get_change(values->lost_bytes, rest->lost_bytes);
	rest->lost_blocks = profile_get_change(values->lost_blocks, rest->lost_blocks);
	rest->total_bytes -= values->total_bytes;
	rest->total_blocks -= values->total_blocks;
	rest->freed_bytes -= values->freed_bytes;
	rest->freed_blocks -= values->freed_blocks;
	rest->temporary_blocks -= values->temporary_blocks;
}

void
profile_insert_note(struct profile *profile, const char *sentence)
{
	const char *note = intern_insert_string(profile->strings, sentence);

	if (profile->note_count == PROFILE_NOTES_MAX)
		return;
	for (uint32_t i = 0; i < profile->note_count; i++)
		if (profile->notes[i] == note)
			return;
	profile->notes =
		xreallocarray(profile->notes, profile->note_count + 1, sizeof(*profile->notes));
	profile->notes[profile->note_count++] = note;
}

int64_t
profile_get_peak(const struct profile *profile)
{
	if (profile->moment_count == 0)
		return -1;
	return profile->moments[profile->moment_count - 1].sum.peak_bytes;
}

int
profile_finish(struct profile *profile)
{
	if (!tables_are_valid(profile))
		return -EBADMSG;
	for (uint32_t i = 0; i < profile->moment_count; i++) {
		struct profile_moment *moment = &profile->moments[i];

		memset(&moment->sum, 0, sizeof(moment->sum));
		for (uint32_t site = 0; site < moment->site_count; site++)
			profile_values_add(&moment->sum, &moment->values[site]);
	}
	return 0;
}

uint64_t
profile_get_resident_peak(const struct profile *profile)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < profile->sample_count; i++)
		if (profile->samples[i].rss_bytes > most)
			most = profile->samples[i].rss_bytes;
	return most;
}

void
profile_drop_moments(struct profile *profile, uint32_t kept)
{
	uint32_t dropped = profile->moment_count > kept ? profile->moment_count - kept : 0;

	if (dropped == 0)
		return;
	for (uint32_t i = 0; i < dropped; i++)
		free(profile->moments[i].values);
	profile->moment_count = kept;
	memmove(profile->moments, profile->moments + dropped, kept * sizeof(*profile->moments));
}

static bool
is_earlier_view(const struct profile *profile, const struct profile *from)
{
	if (from->pid != profile->pid || from->start_realtime_ns != profile->start_realtime_ns ||
	    from->site_count > profile->site_count)
		return false;
	for (uint32_t i = 0; i < from->moment_count && profile->moment_count > 0; i++)
		if (from->moments[i].time_ns > profile->moments[0].time_ns)
			return false;
	return true;
}

static void
append_residents(struct profile *to, const struct profile *from, uint64_t before_ns)
{
	const struct profile_mapped *sites;
	uint32_t count;

	for (uint32_t i = 0; i < from->resident_count; i++) {
		const struct profile_resident *resident = &from->residents[i];

		if (resident->time_ns >= before_ns)
			return;
		profile_insert_resident(to, resident);
		count = profile_find_mapped(from, resident, &sites);
		profile_insert_mapped(to, sites, count);
	}
}

/* What is known of both, in the order of times. */
static void
join_residents(struct profile *profile, const struct profile *from)
{
	uint64_t first_ns =
		profile->resident_count != 0 ? profile->residents[0].time_ns : UINT64_MAX;
	struct profile all = {0};

	append_residents(&all, from, first_ns);
	append_residents(&all, profile, UINT64_MAX);
	free(profile->residents);
	free(profile->mapped);
	profile->residents = all.residents;
	profile->resident_count = all.resident_count;
	profile->mapped = all.mapped;
	profile->mapped_count = all.mapped_count;
}

int
profile_insert_history(struct profile *profile, struct profile *from)
{
	uint32_t count = from->moment_count;

	if (!is_earlier_view(profile, from))
		return -EINVAL;
	profile->moments =
		xreallocarray(profile->moments, (size_t)profile->moment_count + count + 1,
			      sizeof(*profile->moments));
	memmove(profile->moments + count, profile->moments,
		profile->moment_count * sizeof(*profile->moments));
	memcpy(profile->moments, from->moments, count * sizeof(*profile->moments));
	profile->moment_count += count;
	from->moment_count = 0;
	if (profile->sample_count == 0 && from->sample_count > 0) {
		free(profile->samples);
		profile->samples = from->samples;
		profile->sample_count = from->sample_count;
		from->samples = NULL;
		from->sample_count = 0;
	}
	if (from->resident_count != 0)
		join_residents(profile, from);
	return 0;
}

const struct profile_resident *
profile_find_resident(const struct profile *profile, uint64_t time_ns)
{
	const struct profile_resident *found = NULL;

	for (uint32_t i = 0; i < profile->resident_count; i++)
		if (profile->residents[i].time_ns <= time_ns)
			found = &profile->residents[i];
	return found;
}

/* Those of moments that are gone go, too. */
static void
drop_mapped(struct profile *profile)
{
	uint32_t kept = 0, resident = 0;

	for (uint32_t i = 0; i < profile->mapped_count; i++) {
		uint64_t time_ns = profile->mapped[i].time_ns;

		while (resident < profile->resident_count &&
		       profile->residents[resident].time_ns < time_ns)
			resident++;
		if (resident < profile->resident_count &&
		    profile->residents[resident].time_ns == time_ns)
			profile->mapped[kept++] = profile->mapped[i];
	}
	profile->mapped_count = kept;
}

void
profile_insert_resident(struct profile *profile, const struct profile_resident *resident)
{
	uint32_t kept = 0;

	if (profile->residents == NULL)
		profile->residents = xcalloc(RESIDENTS_MAX, sizeof(*profile->residents));
	if (profile->resident_count == RESIDENTS_MAX) {
		for (uint32_t i = 0; i < RESIDENTS_MAX; i += 2)
			profile->residents[kept++] = profile->residents[i];
		profile->resident_count = kept;
		drop_mapped(profile);
	}
	profile->residents[profile->resident_count++] = *resident;
}

void
profile_insert_mapped(struct profile *profile, const struct profile_mapped *sites, uint32_t count)
{
	if (count == 0)
		return;
	profile->mapped = xreallocarray(profile->mapped, (size_t)profile->mapped_count + count,
					sizeof(*profile->mapped));
	memcpy(&profile->mapped[profile->mapped_count], sites, count * sizeof(*sites));
	profile->mapped_count += count;
}

uint32_t
profile_find_mapped(const struct profile *profile, const struct profile_resident *resident,
		    const struct profile_mapped **ret_sites)
{
	uint32_t first = 0, end;

	while (first < profile->mapped_count && profile->mapped[first].time_ns < resident->time_ns)
		first++;
	end = first;
	while (end < profile->mapped_count && profile->mapped[end].time_ns == resident->time_ns)
		end++;
	*ret_sites = profile->mapped + first;
	return end - first;
}

const char *
profile_mark_name(enum profile_mark_kind kind)
{
	static const char *const names[PROFILE_MARK_KINDS] = {
		[PROFILE_MARK_CLEAR] = "clear",   [PROFILE_MARK_RESET_PEAK] = "reset-peak",
		[PROFILE_MARK_LABEL] = "mark",    [PROFILE_MARK_PAUSE] = "pause",
		[PROFILE_MARK_RESUME] = "resume", [PROFILE_MARK_STOP] = "stop",
	};

	return names[kind];
}

const struct profile_mark *
profile_find_mark(const struct profile *profile, const char *label)
{
	for (uint32_t i = profile->mark_count; i > 0; i--) {
		const struct profile_mark *mark = &profile->marks[i - 1];

		if (mark->kind == PROFILE_MARK_LABEL && strcmp(mark->label, label) == 0)
			return mark;
	}
	return NULL;
}

bool
profile_mark_ends_peak(const struct profile_mark *mark)
{
	return mark->kind == PROFILE_MARK_CLEAR || mark->kind == PROFILE_MARK_STOP ||
	       mark->kind == PROFILE_MARK_RESET_PEAK;
}

const struct profile_mark *
profile_find_earlier_peak(const struct profile *profile)
{
	int64_t most = profile->moments[profile->moment_count - 1].sum.peak_bytes;
	const struct profile_mark *largest = NULL;

	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (profile_mark_ends_peak(mark) && mark->peak_bytes > most) {
			most = mark->peak_bytes;
			largest = mark;
		}
	}
	return largest;
}

static uint64_t
get_span(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

/*
 * That it was started switched off is no mark. But then it was resumed before anything was live.
 */
static bool
began_switched_off(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (mark->peak_bytes != 0 || mark->kind == PROFILE_MARK_PAUSE ||
		    mark->kind == PROFILE_MARK_STOP)
			return false;
		if (mark->kind == PROFILE_MARK_RESUME)
			return true;
	}
	return profile->pause == PROFILE_STOPPED;
}

void
profile_get_gaps(const struct profile *profile, struct profile_gaps *ret_gaps)
{
	struct profile_gaps gaps = {.off_at_start = began_switched_off(profile)};
	bool paused = gaps.off_at_start;
	uint64_t since_ns = 0;

	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];
		bool stops = mark->kind == PROFILE_MARK_PAUSE || mark->kind == PROFILE_MARK_STOP;

		if (mark->kind == PROFILE_MARK_CLEAR || mark->kind == PROFILE_MARK_STOP) {
			gaps.cleared = true;
			gaps.cleared_ns = mark->time_ns;
			gaps.peak_reset = false;
		}
		if (mark->kind == PROFILE_MARK_RESET_PEAK) {
			gaps.peak_reset = true;
			gaps.peak_reset_ns = mark->time_ns;
		}
		gaps.by_pause |= mark->kind == PROFILE_MARK_PAUSE;
		gaps.by_stop |= mark->kind == PROFILE_MARK_STOP;
		if (paused && mark->kind == PROFILE_MARK_RESUME)
			gaps.paused_ns += get_span(since_ns, mark->time_ns);
		if (!paused && stops)
			since_ns = mark->time_ns;
		paused = stops || (paused && mark->kind != PROFILE_MARK_RESUME);
	}
	if (paused)
		gaps.paused_ns += get_span(since_ns, profile->duration_ns);
	gaps.paused = paused;
	*ret_gaps = gaps;
}

bool
profile_has_threads(const struct profile *profile)
{
	/* There are threads on no stack, which are known for their names. */
	for (uint32_t i = 1; i < profile->node_count; i++)
		if (profile->frames[profile->nodes[i].frame].kind == PROFILE_FRAME_THREAD)
			return true;
	return false;
}

const char *
profile_state_name(enum profile_state state)
{
	static const char *const names[] = {
		[PROFILE_RUNNING] = "running",
		[PROFILE_EXITED] = "exited",
		[PROFILE_ENDED] = "ended",
	};

	return names[state];
}

/* "1" is the first moment, "-1" the last. */
static int
find_numbered(const struct profile *profile, const char *number, uint32_t *ret_index)
{
	char *end;
	long index;

	errno = 0;
	index = strtol(number, &end, 10);
	if (end == number || *end != '\0' || index == 0 || errno != 0)
		return -EINVAL;
	if (index < 0)
		index += (long)profile->moment_count + 1;
	if (index < 1 || (unsigned long)index > profile->moment_count)
		return -ENOENT;
	*ret_index = (uint32_t)index - 1;
	return 0;
}

static int
find_labelled(const struct profile *profile, const char *label, uint32_t *ret_index)
{
	for (uint32_t i = profile->moment_count; i > 0; i--) {
		if (strcmp(profile->moments[i - 1].label, label) == 0) {
			*ret_index = i - 1;
			return 0;
		}
	}
	return profile_find_mark(profile, label) != NULL ? -ENODATA : -ENOENT;
}

static int
find_timed(const struct profile *profile, const char *name, uint32_t *ret_index)
{
	char *end;
	double seconds;

	if (name[0] < '0' || name[0] > '9')
		return -EINVAL;
	seconds = strtod(name, &end);
	if (strcmp(end, "s") != 0 || !isfinite(seconds))
		return -EINVAL;
	for (uint32_t i = profile->moment_count; i > 0; i--) {
		if ((double)profile->moments[i - 1].time_ns <= seconds * 1e9) {
			*ret_index = i - 1;
			return 0;
		}
	}
	return -ENOENT;
}

int
profile_find_moment(const struct profile *profile, const char *name, struct profile_at *ret_at)
{
	bool peak = strcmp(name, "peak") == 0;
	uint32_t index = profile->moment_count - 1;
	int result = 0;

	if (strncmp(name, "snap:", 5) == 0)
		result = find_numbered(profile, name + 5, &index);
	else if (strncmp(name, "mark:", 5) == 0)
		result = name[5] != '\0' ? find_labelled(profile, name + 5, &index) : -EINVAL;
	else if (!peak && strcmp(name, "exit") != 0 && strcmp(name, "now") != 0)
		result = find_timed(profile, name, &index);
	if (result == 0 && profile->moment_count == 0)
		result = -ENOENT;
	if (result == 0)
		*ret_at = (struct profile_at){
			.moment = &profile->moments[index],
			.peak = peak,
			.by_mark = strncmp(name, "mark:", 5) == 0,
		};
	return result;
}
