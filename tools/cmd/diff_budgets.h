/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diff_budgets.h - the budgets of a diff: what NEW may hold, of all or of some sites
 */
#ifndef DIFF_BUDGETS_H
#define DIFF_BUDGETS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct budget;
struct column;
struct diff;
struct diff_side;
struct place_table;
struct report_options;
struct source;

/* All zero at first. */
struct diff_budgets {
	const char **words;
	struct budget *items; /* from diff_budgets_parse() on */
	size_t count;
};

/* The word is kept, and looked at later. */
void diff_budgets_insert(struct diff_budgets *budgets, const char *word);
void diff_budgets_parse(struct diff_budgets *budgets, bool any_frame, struct argp_state *state);
void diff_budgets_release(struct diff_budgets *budgets);

/* Ends the command where a budget is about what nobody has looked for in one of both. */
void diff_budgets_check_looks(const struct diff_budgets *budgets, const struct source *sources);

/* Measures both sides; ends the command where a budget is of sites that neither has. */
void diff_budgets_judge(struct diff_budgets *budgets, const struct report_options *options,
			const struct diff_side *sides, const struct diff *diff,
			struct place_table *table);

/* Says each that is broken in a line; `sorted` is the column of those that name none. Returns the
 * status of the command. */
int diff_budgets_report(const struct diff_budgets *budgets, const struct column *sorted);

#endif
