/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * budget.c - limits on what may have changed
 */
#include "config.h"

#include "budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/human.h"
#include "util/xalloc.h"

static int
parse_percent(const char *text, double *ret_percent)
{
	size_t length = strlen(text);
	char *end;

	if (length < 2 || text[length - 1] != '%' || strspn(text, "0123456789.") != length - 1)
		return -EINVAL;
	*ret_percent = strtod(text, &end);
	return *end == '%' ? 0 : -EINVAL;
}

static int
parse_limit(const char *text, struct budget *budget)
{
	budget->is_change = *text == '+' || *text == '-';
	if (budget->is_change)
		text++;
	budget->is_percent = parse_percent(text, &budget->percent) == 0;
	if (budget->is_percent)
		return budget->is_change ? 0 : -EINVAL;
	return human_parse_size(text, &budget->limit);
}

int
budget_parse(const char *text, struct budget *ret_budget, char **ret_why)
{
	const char *equals = strchr(text, '=');
	struct budget budget = {.text = text};
	char *name;

	if (!equals || !equals[1]) {
		*ret_why = xasprintf("%s: a budget is NAME=LIMIT, such as peak=+5%%", text);
		return -EINVAL;
	}
	name = xstrndup(text, (size_t)(equals - text));
	budget.column = column_find(name);
	if (!budget.column) {
		*ret_why = xasprintf("%s: no such budget; there are live, blocks, peak, "
				     "peak-blocks, total, allocs and temporary",
				     name);
		free(name);
		return -EINVAL;
	}
	free(name);
	if (parse_limit(equals + 1, &budget) < 0) {
		*ret_why = xasprintf("%s: the limit is a size such as 64MiB, a change such as "
				     "+1MiB, or a share such as +5%%",
				     text);
		return -EINVAL;
	}
	if (equals[1] == '-') {
		budget.limit = -budget.limit;
		budget.percent = -budget.percent;
	}
	*ret_budget = budget;
	return 0;
}

bool
budget_is_broken(const struct budget *budget, int64_t old, int64_t new)
{
	double change = (double)new - (double)old;

	if (budget->is_percent)
		return change > (double)old * budget->percent / 100;
	if (budget->is_change)
		return change > (double)budget->limit;
	return new > budget->limit;
}
