/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/parts.h"

#include <stdio.h>
#include <string.h>

#include "model/profile.h"
#include "model/resident.h"
#include "util/human.h"
#include "util/term.h"

#define LINES_MOST 10
#define BAR        48 /* columns, where there is room */
#define BAR_LEAST  8
#define LABELS     32 /* before it */
#define LETTERS    "LRPKFMOH"

void
view_parts_sum(const uint64_t *parts, uint64_t ret_groups[VIEW_PARTS_GROUPS])
{
	static const enum view_parts_group groups[RESIDENT_PARTS] = {
		[RESIDENT_LIVE] = VIEW_PARTS_LIVE,        [RESIDENT_ROUNDING] = VIEW_PARTS_OVERHEAD,
		[RESIDENT_HEADERS] = VIEW_PARTS_OVERHEAD, [RESIDENT_PINNED] = VIEW_PARTS_PINNED,
		[RESIDENT_KEPT] = VIEW_PARTS_KEPT,        [RESIDENT_UNSEEN] = VIEW_PARTS_KEPT,
		[RESIDENT_STACKS] = VIEW_PARTS_FILES,     [RESIDENT_TEXT] = VIEW_PARTS_FILES,
		[RESIDENT_DATA] = VIEW_PARTS_FILES,       [RESIDENT_SHARED] = VIEW_PARTS_FILES,
		[RESIDENT_JIT] = VIEW_PARTS_FILES,        [RESIDENT_MAPPED] = VIEW_PARTS_MAPPED,
		[RESIDENT_ANONYMOUS] = VIEW_PARTS_OTHER,  [RESIDENT_TRACER] = VIEW_PARTS_TRACER,
	};

	memset(ret_groups, 0, VIEW_PARTS_GROUPS * sizeof(*ret_groups));
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		ret_groups[groups[part]] += parts[part];
}

const char *
view_parts_name(enum view_parts_group group)
{
	static const char *const names[VIEW_PARTS_GROUPS] = {
		[VIEW_PARTS_LIVE] = "live",
		[VIEW_PARTS_OVERHEAD] = "rounding and headers",
		[VIEW_PARTS_PINNED] = "pinned free",
		[VIEW_PARTS_KEPT] = "free pages kept",
		[VIEW_PARTS_FILES] = "files and stacks",
		[VIEW_PARTS_MAPPED] = "mapped by the program",
		[VIEW_PARTS_OTHER] = "other anonymous",
		[VIEW_PARTS_TRACER] = "heaptally",
	};

	return names[group];
}

static unsigned
get_bar(const struct term *term)
{
	if (term->width == 0 || term->width >= LABELS + BAR)
		return BAR;
	return term->width > LABELS + BAR_LEAST ? term->width - LABELS : BAR_LEAST;
}

static void
print_bar(FILE *stream, const struct profile_resident *resident, double whole, unsigned bar)
{
	uint64_t groups[VIEW_PARTS_GROUPS], sum = 0;
	unsigned used = 0;

	view_parts_sum(resident->parts, groups);
	for (unsigned group = 0; group < VIEW_PARTS_GROUPS; group++) {
		unsigned to;

		sum += groups[group];
		to = (unsigned)((double)sum / whole * bar + 0.5);
		for (; used < to && used < bar; used++)
			putc(LETTERS[group], stream);
	}
}

static void
print_legend(const struct term *term, const uint64_t *seen)
{
	fprintf(term->stream, "%-10s", "");
	for (unsigned group = 0; group < VIEW_PARTS_GROUPS; group++)
		if (seen[group] != 0)
			fprintf(term->stream, " %c %s%s", LETTERS[group], view_parts_name(group),
				group + 1 < VIEW_PARTS_GROUPS ? "," : "");
	putc('\n', term->stream);
}

void
view_parts_text(const struct term *term, const struct profile *profile, uint64_t from_ns,
		uint64_t to_ns)
{
	uint32_t count = profile->resident_count, step = (count + LINES_MOST - 1) / LINES_MOST;
	uint64_t seen[VIEW_PARTS_GROUPS] = {0}, groups[VIEW_PARTS_GROUPS];
	double whole = 1;
	const char *title = "parts";

	for (uint32_t i = 0; i < count; i++)
		if ((double)profile->residents[i].resident_bytes > whole)
			whole = (double)profile->residents[i].resident_bytes;
	/* The last one is always among them. */
	for (uint32_t i = count != 0 ? (count - 1) % step : 0; i < count; i += step) {
		const struct profile_resident *resident = &profile->residents[i];
		char time[HUMAN_BYTES], size[HUMAN_BYTES];

		if (resident->time_ns < from_ns || resident->time_ns > to_ns)
			continue;
		fprintf(term->stream, "%-10s %8s %10s  ", title,
			human_duration(resident->time_ns, time),
			human_size((int64_t)resident->resident_bytes, size));
		print_bar(term->stream, resident, whole, get_bar(term));
		putc('\n', term->stream);
		view_parts_sum(resident->parts, groups);
		for (unsigned group = 0; group < VIEW_PARTS_GROUPS; group++)
			seen[group] += groups[group];
		title = "";
	}
	if (title[0] == '\0')
		print_legend(term, seen);
}
