/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * statistics_driver.c - what heaptally makes of traces that another program invented
 *
 * Reads cases from standard input, so that `tests/cli/tracemalloc_oracle.py` can give the same
 * numbers to CPython's tracemalloc:
 *
 *     trace SIDE DOMAIN BYTES STACK     SIDE is 0 (old) or 1 (new), STACK as in `fixture.h`
 *     filter INCLUSIVE ANY_FRAME TEXT
 *     cumulative
 *     run                               print all reports, then forget the case
 *
 * Printed are, for the keys line, file and stack, the statistics of the filtered new side, and the
 * differences between both sides; cumulative cases leave out the key stack.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/tracemalloc.h"
#include "model/diff.h"
#include "fixture.h"
#include "model/rank.h"
#include "util/array.h"
#include "util/term.h"
#include "view/diff.h"
#include "view/top.h"

struct driver {
	ARRAY(struct fixture_site) sites[2];
	struct group_options options;
};

static void
print_top(const struct driver *driver, const struct profile *profile)
{
	struct place_options places = {.exact = false};
	struct place_table *table = place_table_new(&places);
	struct profile_at at = fixture_at(profile, false);
	struct group_set set;

	group_profile(profile, &at, &driver->options, table, NULL, &set);
	rank_groups(&set, driver->options.by, column_find("live"), table);
	export_tracemalloc_top(&(struct term){.stream = stdout},
			       &(struct view_top){
				       .profile = profile,
				       .at = at,
				       .options = &driver->options,
				       .column = column_find("live"),
				       .set = &set,
				       .table = table,
			       });
	group_set_release(&set);
	place_table_free(table);
}

static void
print_diff(const struct driver *driver, const struct profile *old, const struct profile *new)
{
	struct place_options places = {.across_builds = true};
	struct place_table *table = place_table_new(&places);
	struct diff_side sides[2] = {{.profile = old, .at = fixture_at(old, false)},
				     {.profile = new, .at = fixture_at(new, false)}};
	struct diff diff;

	diff_profiles(&sides[0], &sides[1], &driver->options, false, table, &diff);
	diff_rank(&diff, driver->options.by, column_find("live"), table);
	export_tracemalloc_diff(&(struct term){.stream = stdout},
				&(struct view_diff){
					.options = &driver->options,
					.column = column_find("live"),
					.diff = &diff,
					.table = table,
				});
	diff_release(&diff);
	place_table_free(table);
}

static void
run_case(struct driver *driver)
{
	static const enum group_by keys[] = {GROUP_BY_LINE, GROUP_BY_FILE, GROUP_BY_STACK};
	struct profile *profiles[2];

	for (size_t side = 0; side < 2; side++)
		profiles[side] =
			fixture_profile(driver->sites[side].items, driver->sites[side].count);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		driver->options.by = keys[i];
		if (driver->options.cumulative && keys[i] == GROUP_BY_STACK)
			continue;
		printf("top %s\n", group_by_names[keys[i]]);
		print_top(driver, profiles[1]);
		printf("diff %s\n", group_by_names[keys[i]]);
		print_diff(driver, profiles[0], profiles[1]);
	}
	puts("end");
	for (size_t side = 0; side < 2; side++) {
		array_each (&driver->sites[side], site)
			free((char *)site->stack);
		array_release(&driver->sites[side]);
		profile_free(profiles[side]);
	}
	filter_list_release(&driver->options.selection.filters);
	memset(&driver->options, 0, sizeof(driver->options));
}

static void
read_trace(struct driver *driver, const char *line)
{
	int side, domain, used = 0;
	long long bytes;

	if (sscanf(line, "trace %d %d %lld %n", &side, &domain, &bytes, &used) != 3 || side < 0 ||
	    side > 1)
		abort();
	*array_push(&driver->sites[side]) =
		(struct fixture_site){strdup(line + used), bytes, 1, domain ? "tracked" : "malloc"};
}

static void
read_filter(struct driver *driver, const char *line)
{
	int inclusive, any_frame, used = 0;
	char *why;

	if (sscanf(line, "filter %d %d %n", &inclusive, &any_frame, &used) != 2 ||
	    filter_list_insert(&driver->options.selection.filters, line + used, inclusive,
			       any_frame, &why) < 0)
		abort();
}

int
main(void)
{
	struct driver driver = {.options = {.by = GROUP_BY_LINE}};
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "trace ", 6) == 0)
			read_trace(&driver, line);
		else if (strncmp(line, "filter ", 7) == 0)
			read_filter(&driver, line);
		else if (strcmp(line, "cumulative") == 0)
			driver.options.cumulative = true;
		else if (strcmp(line, "run") == 0)
			run_case(&driver);
		else
			abort();
	}
	free(line);
	return 0;
}
