/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * budget.h - limits on what may have changed
 *
 *     peak=+5%                    at most 5 % more than before
 *     live=+1MiB                  at most 1 MiB more than before
 *     total=64MiB                 at most 64 MiB in all
 *     blocks=1000                 at most 1000 blocks in all
 *     *cache.c=+10%               what these sites hold, in the column and at the moment shown
 *     total:function=parse_*=1M   the same in a column of its own
 *
 * The names are those of columns and their aliases, or a filter, or both. Without a filter they are
 * about the whole program: limits on single groups flap when code moves. `live` and `blocks` are
 * what is left at the end of each side, whichever moment the report shows; `peak` is the highest up
 * to then.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>

#include "model/column.h"
#include "model/filter.h"

struct budget {
	char *name;                  /* as given */
	const char *limit_text;      /* as given */
	const struct column *column; /* NULL: that of the report */
	struct filter_list filters;  /* one, or none for the whole program */
	bool is_change;              /* the limit is on new - old */
	double percent;              /* of old, when is_percent */
	bool is_percent;
	int64_t limit;

	/* once it is measured */
	int64_t old, new;
	bool is_broken;
};

/*
 * 0; -EINVAL with a sentence to free. text is kept. any_frame is for the filter. What was parsed is
 * released with `budget_release`.
 */
int budget_parse(const char *text, bool any_frame, struct budget *ret_budget, char **ret_why);

void budget_release(struct budget *budget);

/* Take over the measured values, and whether new breaks the budget, compared with old. */
void budget_judge(struct budget *budget, int64_t old, int64_t new);

#endif
