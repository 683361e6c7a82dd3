/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "cmd/diff_budgets.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/report_load.h"
#include "cmd/report_options.h"
#include "model/budget.h"
#include "model/diff.h"
#include "model/filter_hint.h"
#include "model/leak_report.h"
#include "util/error.h"
#include "util/human.h"
#include "util/xalloc.h"

void
diff_budgets_insert(struct diff_budgets *budgets, const char *word)
{
	budgets->words = xreallocarray(budgets->words, budgets->count + 1, sizeof(*budgets->words));
	budgets->words[budgets->count++] = word;
}

void
diff_budgets_parse(struct diff_budgets *budgets, bool any_frame, struct argp_state *state)
{
	char *why;

	budgets->items = xcalloc(budgets->count + 1, sizeof(*budgets->items));
	for (size_t i = 0; i < budgets->count; i++) {
		if (budget_parse(budgets->words[i], any_frame, &budgets->items[i], &why) < 0)
			argp_error(state, "%s", why);
	}
}

/* Whether any site of the profile passes the filter of a budget; *ret_sum is what they hold. */
static bool
add_up(const struct group_options *grouping, const struct profile *profile,
       const struct profile_at *at, const struct diff *diff, struct place_table *table,
       struct profile_values *ret_sum)
{
	struct group_set set;
	bool any;

	group_profile(profile, at, grouping, table, diff->alias, &set);
	*ret_sum = set.sum;
	any = set.count > 0;
	group_set_release(&set);
	return any;
}

/* What the sites that pass the filter of a budget hold on one side; false if there are none. */
static bool
measure_sites(const struct budget *budget, const struct report_options *options,
	      const struct diff_side *side, const struct diff *diff, struct place_table *table,
	      int64_t *ret_value)
{
	const struct profile *profile = side->profile;
	const struct profile_at end = {.moment = &profile->moments[profile->moment_count - 1]};
	struct group_options grouping = options->group;
	struct profile_at at = side->at;
	struct profile_values sum;
	bool any;

	grouping.by = GROUP_BY_LINE;
	grouping.cumulative = false;
	grouping.selection.filters = budget->filters;
	grouping.selection.system_rules = false;
	/* A column that was named is that of the end, as for the whole program. */
	if (budget->column)
		at.peak = false;
	any = add_up(&grouping, profile, &at, diff, table, &sum);
	*ret_value = column_get(budget->column ? budget->column : options->column, &sum);
	/* There may be sites that allocate later than at the moment shown. */
	return any ||
	       (at.moment != end.moment && add_up(&grouping, profile, &end, diff, table, &sum));
}

/* A misspelt name or a renamed file must not turn a gate green for good. */
static void
refuse_budget(const struct budget *budget, const struct place_table *table)
{
	char *hint = filter_hint(&budget->filters, table);

	die(COMMAND_TROUBLE, "%s: nothing matches this budget, in OLD or NEW%s%s", budget->name,
	    hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

/* As `heaptally leaks` counts it: less what system libraries keep. */
static int64_t
count_lost(const struct profile *profile, const struct column *column)
{
	struct leak_values sum;

	leak_report_sum(profile, &sum);
	return (int64_t)(column->unit == COLUMN_BYTES ? leak_values_get_lost_bytes(&sum)
						      : leak_values_get_lost_blocks(&sum));
}

void
diff_budgets_check_looks(const struct diff_budgets *budgets, const struct source *sources)
{
	for (size_t i = 0; i < budgets->count; i++)
		if (budgets->items[i].column != NULL && column_is_of_look(budgets->items[i].column))
			for (size_t k = 0; k < 2; k++)
				report_load_need_look(&sources[k]);
}

void
diff_budgets_judge(struct diff_budgets *budgets, const struct report_options *options,
		   const struct diff_side *sides, const struct diff *diff,
		   struct place_table *table)
{
	for (size_t i = 0; i < budgets->count; i++) {
		struct budget *budget = &budgets->items[i];
		int64_t values[2];
		bool any = false;

		for (size_t k = 0; k < 2; k++) {
			if (budget->filters.count > 0)
				any |= measure_sites(budget, options, &sides[k], diff, table,
						     &values[k]);
			else if (column_is_of_look(budget->column))
				values[k] = count_lost(sides[k].profile, budget->column);
			else
				values[k] = column_get(budget->column, &sides[k].at.moment->sum);
		}
		if (budget->filters.count > 0 && !any)
			refuse_budget(budget, table);
		budget_judge(budget, values[0], values[1]);
	}
}

int
diff_budgets_report(const struct diff_budgets *budgets, const struct column *sorted)
{
	int status = COMMAND_OK;

	for (size_t i = 0; i < budgets->count; i++) {
		const struct budget *budget = &budgets->items[i];
		const struct column *column = budget->column ? budget->column : sorted;
		char from[HUMAN_BYTES], to[HUMAN_BYTES], share[HUMAN_BYTES];
		bool bytes = column->unit == COLUMN_BYTES;

		if (!budget->is_broken)
			continue;
		status = COMMAND_EXCEEDED;
		human_percent_change((double)budget->new - (double)budget->old, (double)budget->old,
				     share);
		warn("%s went from %s to %s (%s%s), the budget is %s", budget->name,
		     bytes ? human_size(budget->old, from)
			   : human_count((uint64_t)budget->old, from),
		     bytes ? human_size(budget->new, to) : human_count((uint64_t)budget->new, to),
		     share, strcmp(share, "new") == 0 ? "" : " %", budget->limit_text);
	}
	return status;
}

void
diff_budgets_release(struct diff_budgets *budgets)
{
	for (size_t i = 0; i < budgets->count; i++)
		budget_release(&budgets->items[i]);
	free(budgets->items);
	free(budgets->words);
}
