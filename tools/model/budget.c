/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/budget.h"

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

/* A word without any of these is no pattern but a column that was misspelt. */
static bool
is_pattern(const char *text)
{
	return strpbrk(text, "*?[/.:=") != NULL;
}

static int
parse_filter(const char *text, bool any_frame, struct budget *budget, char **ret_why)
{
	int result;

	if (!is_pattern(text)) {
		*ret_why =
			xasprintf("%s: no such budget; there are live, blocks, peak, "
				  "peak-blocks, total, allocs, temporary, lost, lost-blocks, and "
				  "filters",
				  budget->name);
		return -EINVAL;
	}
	result = filter_list_insert(&budget->filters, text, true, any_frame, ret_why);
	if (result < 0)
		return result;
	if (filter_list_has_block(&budget->filters) || filter_list_has_thread(&budget->filters)) {
		*ret_why = xasprintf("%s: a budget is not for threads, nor for sizes, ages and "
				     "generations of single blocks",
				     text);
		return -EINVAL;
	}
	return 0;
}

/* COLUMN, FILTER or COLUMN:FILTER. */
static int
parse_name(const char *text, bool any_frame, struct budget *budget, char **ret_why)
{
	size_t length = strcspn(text, ":");
	char *word = xstrndup(text, length);

	budget->column = column_find(word);
	free(word);
	if (!budget->column)
		return parse_filter(text, any_frame, budget, ret_why);
	if (!text[length])
		return 0;
	return parse_filter(text + length + 1, any_frame, budget, ret_why);
}

int
budget_parse(const char *text, bool any_frame, struct budget *ret_budget, char **ret_why)
{
	const char *equals = strrchr(text, '=');
	struct budget budget = {.limit_text = equals ? equals + 1 : NULL};
	int result = 0;

	if (!equals || equals == text || !equals[1]) {
		*ret_why = xasprintf("%s: a budget is NAME=LIMIT, such as peak=+5%%", text);
		return -EINVAL;
	}
	budget.name = xstrndup(text, (size_t)(equals - text));
	if (parse_limit(equals + 1, &budget) < 0) {
		*ret_why = xasprintf("%s: the limit is a size such as 64MiB, a change such as "
				     "+1MiB, or a share such as +5%%",
				     text);
		result = -EINVAL;
	}
	if (result == 0)
		result = parse_name(budget.name, any_frame, &budget, ret_why);
	if (result < 0) {
		budget_release(&budget);
		return result;
	}
	if (equals[1] == '-') {
		budget.limit = -budget.limit;
		budget.percent = -budget.percent;
	}
	*ret_budget = budget;
	return 0;
}

void
budget_release(struct budget *budget)
{
	filter_list_release(&budget->filters);
	free(budget->name);
	memset(budget, 0, sizeof(*budget));
}

void
budget_judge(struct budget *budget, int64_t old, int64_t new)
{
	double change = (double)new - (double)old;

	budget->old = old;
	budget->new = new;
	if (budget->is_percent)
		budget->is_broken = change > (double)old * budget->percent / 100;
	else if (budget->is_change)
		budget->is_broken = change > (double)budget->limit;
	else
		budget->is_broken = new > budget->limit;
}
