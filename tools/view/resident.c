/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/resident.h"

#include <stdbool.h>
#include <stddef.h>

#include "model/managed.h"
#include "model/memory.h"
#include "model/profile.h"
#include "model/resident.h"
#include "model/trouble.h"
#include "util/human.h"
#include "util/xalloc.h"

/* Resident memory beyond so many heaps, and beyond what every program has of stacks and data. */
#define TIMES 3
#define USUAL ((uint64_t)16 << 20)

/* Of a managed heap less will do: that part of it is unseen is known. */
#define MANAGED_USUAL ((uint64_t)2 << 20)

#define LAST_LOOKS    3

static const struct profile_values *
get_totals(const struct profile *profile)
{
	return &profile->moments[profile->moment_count - 1].sum;
}

static uint64_t
unsigned_of(int64_t bytes)
{
	return bytes > 0 ? (uint64_t)bytes : 0;
}

static uint64_t
less(uint64_t bytes, uint64_t part)
{
	return bytes > part ? bytes - part : 0;
}

static char *
explain_managed(const struct profile *profile, const struct managed *managed)
{
	uint64_t peak = unsigned_of(get_totals(profile)->peak_bytes);
	char resident[HUMAN_BYTES], heap[HUMAN_BYTES];

	if (profile->anonymous_bytes < peak + peak / 4 + MANAGED_USUAL)
		return NULL;
	return xasprintf("%s %s: %s were resident, the peak of what malloc gave is %s; %s",
			 managed->name, managed->what,
			 human_size((int64_t)profile->anonymous_bytes, resident),
			 human_size((int64_t)peak, heap), managed->help);
}

/* More than malloc ever gave: it came from elsewhere. */
static char *
explain_mapped(const struct profile *profile)
{
	uint64_t peak = unsigned_of(get_totals(profile)->peak_bytes);
	char resident[HUMAN_BYTES], heap[HUMAN_BYTES];

	if (profile->anonymous_bytes < TIMES * peak + USUAL)
		return NULL;
	human_size((int64_t)profile->anonymous_bytes, resident);
	if ((profile->trouble & (PROFILE_TROUBLE_FOREIGN_MALLOC | PROFILE_TROUBLE_NOTHING_SEEN)) !=
	    0)
		return xasprintf("resident memory reached %s without files: what the program's own "
				 "allocator gave is part of it, and is not seen",
				 resident);
	return xasprintf("resident memory reached %s without files, the heap %s: most of it was "
			 "mapped without malloc",
			 resident, human_size((int64_t)peak, heap));
}

/* Snapshots know what it was: nothing has to be guessed. What is ours is not the program's. */
static char *
explain_parts(const struct profile *profile)
{
	const struct profile_resident *last = profile_find_resident(profile, UINT64_MAX);
	char resident[HUMAN_BYTES], live[HUMAN_BYTES], pinned[HUMAN_BYTES], kept[HUMAN_BYTES];
	char other[HUMAN_BYTES], time[HUMAN_BYTES], ours[HUMAN_BYTES];
	uint64_t bytes;

	if (last == NULL)
		return NULL;
	bytes = less(last->resident_bytes, last->parts[RESIDENT_TRACER]);
	if (bytes < TIMES * last->live_bytes + USUAL)
		return NULL;
	return xasprintf(
		"of %s resident at %s without heaptally's %s, %s were live, %s free on pages "
		"with live blocks, %s free pages, %s mapped without malloc; `heaptally resident` "
		"has all parts",
		human_size((int64_t)bytes, resident), human_duration(last->time_ns, time),
		human_size((int64_t)last->parts[RESIDENT_TRACER], ours),
		human_size((int64_t)last->parts[RESIDENT_LIVE], live),
		human_size((int64_t)last->parts[RESIDENT_PINNED], pinned),
		human_size((int64_t)(last->parts[RESIDENT_KEPT] + last->parts[RESIDENT_UNSEEN]),
			   kept),
		human_size(
			(int64_t)(last->parts[RESIDENT_ANONYMOUS] + last->parts[RESIDENT_MAPPED]),
			other));
}

/*
 * What was live when resident memory was seen last, and a few looks before: at its end a program
 * may free much at once, and is gone before the next look. False if it was not looked at so often.
 */
static bool
get_live_at_last(const struct profile *profile, uint64_t *ret_bytes)
{
	uint32_t found = 0;

	*ret_bytes = 0;
	for (uint32_t i = profile->sample_count; i > 0 && found < LAST_LOOKS; i--) {
		const struct profile_sample *sample = &profile->samples[i - 1];

		if (sample->rss_bytes == 0)
			continue;
		if (unsigned_of(sample->live_bytes) > *ret_bytes)
			*ret_bytes = unsigned_of(sample->live_bytes);
		found++;
	}
	return found == LAST_LOOKS;
}

static const char *
get_help(const struct profile *profile)
{
	return profile->allocator != NULL &&
			       memory_get_allocator(profile->allocator) == MEMORY_GLIBC
		       ? "malloc_trim(3) and MALLOC_ARENA_MAX may help"
		       : "`heaptally resident`, while it lives, says what would come back";
}

/* Malloc gave it, it was freed, and it is still there. */
static char *
explain_kept(const struct profile *profile)
{
	uint64_t live, last = profile->anonymous_last_bytes;
	char resident[HUMAN_BYTES], heap[HUMAN_BYTES];

	if (!get_live_at_last(profile, &live) || last < TIMES * live + USUAL)
		return NULL;
	return xasprintf("%s stayed resident for %s that were live: the allocator keeps what was "
			 "freed, in its caches or between small blocks; %s",
			 human_size((int64_t)last, resident), human_size((int64_t)live, heap),
			 get_help(profile));
}

char *
view_resident_explain(const struct profile *profile)
{
	const struct managed *managed;
	char *sentence = NULL;

	if (profile->moment_count != 0)
		sentence = explain_parts(profile);
	if (sentence != NULL)
		return sentence;
	if (profile->moment_count == 0 || profile->anonymous_bytes == 0)
		return NULL;
	managed = managed_find(profile);
	if (managed != NULL)
		sentence = explain_managed(profile, managed);
	if (sentence == NULL)
		sentence = explain_mapped(profile);
	return sentence != NULL ? sentence : explain_kept(profile);
}
