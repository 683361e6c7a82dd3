/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/retained_report.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/owner.h"
#include "model/site_group.h"
#include "util/xalloc.h"

struct making {
	struct retained_report *report;
	const struct site_group_set *groups;
	const struct dominators_progress *progress;
	uint32_t *group_of; /* by block */
	struct retained retained;
};

/* By what they retain, then by `number`, so that no two are equal. */
static int
compare(const struct retained_amount *left, const struct retained_amount *right, uint32_t one,
	uint32_t other)
{
	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	if (left->blocks != right->blocks)
		return left->blocks < right->blocks ? 1 : -1;
	return (one > other) - (one < other);
}

static int
compare_owners(const void *a, const void *b)
{
	const struct retained_owner_row *left = a, *right = b;

	return compare(&left->retained, &right->retained, left->owner, right->owner);
}

static int
compare_sites(const void *a, const void *b)
{
	const struct retained_site_row *left = a, *right = b;

	return compare(&left->retained, &right->retained, left->group, right->group);
}

static size_t
limit(size_t count, size_t rows)
{
	return rows != 0 && rows < count ? rows : count;
}

static void
note_progress(const struct making *making, size_t done, size_t all)
{
	if (making->progress != NULL && making->progress->report != NULL)
		making->progress->report(making->progress->context, done, all);
}

/* --- owners --- */

static void
make_owners(struct making *making, size_t rows)
{
	struct retained_report *report = making->report;
	const struct owner_set *owners = making->retained.owners;
	struct retained_first *firsts = xcalloc((size_t)owners->count + 1, sizeof(*firsts));

	retained_find_first(&making->retained, making->group_of, firsts);
	report->owners = xcalloc((size_t)owners->count + 1, sizeof(*report->owners));
	report->owner_count = owners->count;
	for (uint32_t i = 0; i < owners->count; i++)
		report->owners[i] = (struct retained_owner_row){
			.owner = i,
			.retained = *retained_get_owner(&making->retained, i),
			.first = firsts[i],
		};
	qsort(report->owners, report->owner_count, sizeof(*report->owners), compare_owners);
	report->shown_owners = limit(report->owner_count, rows);
	free(firsts);
}

static void
reach_owners(struct making *making)
{
	struct retained_report *report = making->report;
	struct retained_amount amounts[RETAINED_REACH_MOST];
	uint32_t owners[RETAINED_REACH_MOST];

	for (size_t i = 0; i < report->shown_owners; i += RETAINED_REACH_MOST) {
		size_t count = limit(report->shown_owners - i, RETAINED_REACH_MOST);

		for (size_t j = 0; j < count; j++)
			owners[j] = report->owners[i + j].owner;
		retained_reach_owners(&making->retained, owners, (unsigned)count, amounts);
		for (size_t j = 0; j < count; j++)
			report->owners[i + j].reachable = amounts[j];
		note_progress(making, i, report->shown_owners);
	}
}

/* --- sites --- */

static void
make_sites(struct making *making, size_t rows)
{
	const struct site_group_set *groups = making->groups;
	struct retained_report *report = making->report;
	struct retained_amount *amounts = xcalloc((size_t)groups->count + 1, sizeof(*amounts));
	struct retained_amount *own = xcalloc((size_t)groups->count + 1, sizeof(*own));

	retained_sum_groups(&making->retained, making->group_of, groups->count, amounts, own);
	report->sites = xcalloc((size_t)groups->count + 1, sizeof(*report->sites));
	for (uint32_t i = 0; i < groups->count; i++)
		if (groups->groups[i].is_kept && own[i].blocks != 0)
			report->sites[report->site_count++] = (struct retained_site_row){
				.group = i, .own = own[i], .retained = amounts[i]};
	qsort(report->sites, report->site_count, sizeof(*report->sites), compare_sites);
	report->shown_sites = limit(report->site_count, rows);
	free(amounts);
	free(own);
}

static void
reach_sites(struct making *making)
{
	struct retained_report *report = making->report;
	struct retained_amount amounts[RETAINED_REACH_MOST];
	uint32_t groups[RETAINED_REACH_MOST];

	for (size_t i = 0; i < report->shown_sites; i += RETAINED_REACH_MOST) {
		size_t count = limit(report->shown_sites - i, RETAINED_REACH_MOST);

		for (size_t j = 0; j < count; j++)
			groups[j] = report->sites[i + j].group;
		retained_reach_groups(&making->retained, making->group_of, groups, (unsigned)count,
				      amounts);
		for (size_t j = 0; j < count; j++)
			report->sites[i + j].reachable = amounts[j];
		note_progress(making, i, report->shown_sites);
	}
}

void
retained_report_init(struct retained_report *report, const struct graph *graph,
		     const struct owner_set *owners, const struct site_group_set *groups,
		     size_t rows, const struct dominators_progress *progress)
{
	struct making making = {.report = report, .groups = groups, .progress = progress};

	*report = (struct retained_report){0};
	making.group_of = site_group_list(groups, graph);
	retained_init(&making.retained, graph, owners, progress);
	report->live = making.retained.live;
	report->held = making.retained.held;
	report->shared = making.retained.shared;
	make_owners(&making, rows);
	reach_owners(&making);
	make_sites(&making, rows);
	reach_sites(&making);
	retained_release(&making.retained);
	free(making.group_of);
}

void
retained_report_release(struct retained_report *report)
{
	free(report->owners);
	free(report->sites);
	memset(report, 0, sizeof(*report));
}
