/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/compare.h"

#include <stddef.h>

/* What is shown when nothing of what is meant changed. */
struct choice {
	bool keeps_moments, peak;
	const char *column;
};

static const struct choice choices[] = {
	{false, false, "live_bytes"},
	{false, true, "live_bytes"},
	{true, false, "total_bytes"},
};

static void
fill(struct comparison *comparison, const struct compare_options *options)
{
	const struct place_options places = {.across_builds = true};

	comparison->table = place_table_new(&places);
	diff_profiles(&comparison->sides[0], &comparison->sides[1], options->group,
		      options->match_moved, comparison->table, &comparison->diff);
}

static bool
has_changes(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->diff.count; i++)
		if (diff_row_has_changed(&comparison->diff.rows[i], comparison->column))
			return true;
	return false;
}

static void
choose_moment(struct diff_side *side, bool peak)
{
	const struct profile *profile = side->profile;

	side->at = (struct profile_at){
		.moment = &profile->moments[profile->moment_count - 1],
		.peak = peak,
	};
	/* That of then is not known here. */
	side->mapped = NULL;
	side->mapped_count = 0;
}

/* False when it does not change either; then nothing is kept of it. */
static bool
try_choice(const struct comparison *meant, const struct compare_options *options,
	   const struct choice *choice, struct comparison *ret_other)
{
	struct comparison other = {
		.sides = {meant->sides[0], meant->sides[1]},
		.column = column_find(choice->column),
		.is_other = true,
	};

	if (!choice->keeps_moments) {
		choose_moment(&other.sides[0], choice->peak);
		choose_moment(&other.sides[1], choice->peak);
	}
	fill(&other, options);
	if (has_changes(&other)) {
		*ret_other = other;
		return true;
	}
	compare_release(&other);
	return false;
}

void
compare_init(struct comparison *comparison, const struct compare_options *options)
{
	struct comparison other;

	fill(comparison, options);
	comparison->is_other = false;
	if (has_changes(comparison) || options->keeps_column)
		return;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		if (options->keeps_moments && !choices[i].keeps_moments)
			continue;
		if (try_choice(comparison, options, &choices[i], &other)) {
			compare_release(comparison);
			*comparison = other;
			return;
		}
	}
}

void
compare_release(struct comparison *comparison)
{
	diff_release(&comparison->diff);
	place_table_free(comparison->table);
	comparison->table = NULL;
}
