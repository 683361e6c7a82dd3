/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * budget.h - limits on what may have changed
 *
 *     peak=+5%      at most 5 % more than before
 *     live=+1MiB    at most 1 MiB more than before
 *     total=64MiB   at most 64 MiB in all
 *     blocks=1000   at most 1000 blocks in all
 *
 * The names are those of columns and their aliases. `live` and `blocks` are what is left at the end
 * of each side, whichever moment the report shows; `peak` is the highest up to then.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>

#include "column.h"

struct budget {
	const struct column *column;
	const char *text; /* as given */
	bool is_change;   /* the limit is on new - old */
	double percent;   /* of old, when is_percent */
	bool is_percent;
	int64_t limit;
};

/* 0; -EINVAL with a sentence to free. text is kept. */
int budget_parse(const char *text, struct budget *ret_budget, char **ret_why);

/* Whether new breaks the budget, compared with old. */
bool budget_is_broken(const struct budget *budget, int64_t old, int64_t new);

#endif
