/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/massif.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/export.h"
#include "export/massif_tree.h"
#include "model/curve.h"
#include "util/array.h"
#include "util/term.h"

#define POINTS 100 /* of the curve: as many as massif keeps */

struct entry {
	uint64_t time_ns;
	int64_t bytes;
	const struct profile_moment *moment; /* NULL: a point of the curve, without a tree */
	bool is_peak;                        /* up to the moment */
};

struct entries {
	struct entry *items;
	size_t count, capacity;
};

/* The moment that the file ends with: the peak is in its middle. */
static const struct profile_moment *
get_last(const struct export_input *input)
{
	return input->at.moment;
}

static bool
is_filtered(const struct export_input *input)
{
	return input->options->selection.filters.count > 0 ||
	       input->options->selection.suppressions.count > 0 || input->set->by_blocks;
}

static void
insert_curve(const struct export_input *input, struct entries *entries)
{
	uint64_t end_ns = get_last(input)->time_ns + 1, part = UINT64_MAX;
	struct curve curve;

	curve_init(&curve, input->profile);
	for (size_t i = 0; i < curve.count && curve.points[i].time_ns < end_ns; i++) {
		const struct curve_point *point = &curve.points[i];
		uint64_t own = (uint64_t)((double)point->time_ns / (double)end_ns * POINTS);
		struct entry *last =
			entries->count > 0 ? &entries->items[entries->count - 1] : NULL;

		/* Of each part of the time the largest. */
		if (own != part)
			*array_push(entries) = (struct entry){.time_ns = point->time_ns,
							      .bytes = point->live_bytes};
		else if (last != NULL && point->live_bytes > last->bytes)
			*last = (struct entry){.time_ns = point->time_ns,
					       .bytes = point->live_bytes};
		part = own;
	}
	curve_release(&curve);
}

/* Of one time, those with a tree come last, so that what is drawn before does not hide them. */
static int
compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	if ((left->moment == NULL) != (right->moment == NULL))
		return left->moment == NULL ? -1 : 1;
	if (left->is_peak != right->is_peak)
		return left->is_peak ? -1 : 1;
	return left->moment < right->moment ? -1 : left->moment > right->moment;
}

static void
collect_entries(const struct export_input *input, struct entries *entries)
{
	const struct profile_moment *last = get_last(input);

	if (!is_filtered(input))
		insert_curve(input, entries);
	for (const struct profile_moment *moment = input->profile->moments; moment <= last;
	     moment++)
		if (!input->set->by_blocks || moment == last)
			*array_push(entries) =
				(struct entry){.time_ns = moment->time_ns, .moment = moment};
	/* Single blocks are known at the last moment only. */
	if (!input->set->by_blocks)
		*array_push(entries) = (struct entry){
			.time_ns = last->peak_time_ns, .moment = last, .is_peak = true};
	qsort(entries->items, entries->count, sizeof(*entries->items), compare_entries);
}

static void
write_values(FILE *stream, const struct entry *entry, size_t number, int64_t bytes)
{
	/* How much the allocator rounds up is known of the moments only. */
	fprintf(stream,
		"#-----------\nsnapshot=%zu\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRId64
		"\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=%s\n",
		number, entry->time_ns / 1000000, bytes > 0 ? bytes : 0,
		entry->moment == NULL ? "empty"
		: entry->is_peak      ? "peak"
				      : "detailed");
}

static void
write_entry(FILE *stream, const struct export_input *input, const struct entry *entry,
	    size_t number)
{
	struct profile_at at = {.moment = entry->moment, .peak = entry->is_peak};
	struct group_set set;

	if (entry->moment == NULL) {
		write_values(stream, entry, number, entry->bytes);
		return;
	}
	group_profile(input->profile, &at, input->options, input->table, NULL, &set);
	write_values(stream, entry, number, set.sum.live_bytes);
	export_massif_tree(stream, input, &set);
	group_set_release(&set);
}

void
export_massif(const struct term *term, const struct export_input *input)
{
	const struct profile *profile = input->profile;
	char *command =
		export_escape(*profile->executable ? profile->executable : profile->command);
	struct entries entries = {0};

	fprintf(term->stream, "desc: heaptally %s\ncmd: %s\ntime_unit: ms\n", PACKAGE_VERSION,
		command);
	collect_entries(input, &entries);
	for (size_t i = 0; i < entries.count; i++)
		write_entry(term->stream, input, &entries.items[i], i);
	array_release(&entries);
	free(command);
}
