/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/not_freed.h"

#include <stdlib.h>

#include "model/attribution.h"
#include "model/group.h"
#include "model/place.h"
#include "model/system_rules.h"
#include "util/xalloc.h"

void
not_freed_get_attributed(struct attribution *attribution, bool with_rules, struct not_freed *ret)
{
	const struct profile *profile = attribution->profile;
	const struct group_options options = {
		.by = GROUP_BY_LINE,
		.selection = {.system_rules = with_rules,
			      .wrappers = attribution->selection->wrappers},
	};
	const struct profile_at at = {.moment = &profile->moments[profile->moment_count - 1]};
	struct group_set set;

	group_attributed(attribution, &at, &options, &set);
	*ret = (struct not_freed){.values = set.sum};
	group_get_kept(&set, &ret->kept);
	if (set.kept != NULL)
		ret->kept_by_rule = xcalloc(system_rule_count, sizeof(*ret->kept_by_rule));
	for (uint32_t i = 0; set.kept != NULL && i < system_rule_count; i++)
		ret->kept_by_rule[i] = set.kept[i].values;
	for (size_t i = 0; i < set.count; i++)
		ret->lines += set.groups[i].values.live_blocks > 0;
	group_set_release(&set);
}

void
not_freed_get(const struct profile *profile, const struct selection *selection,
	      struct not_freed *ret)
{
	const struct place_options places = {0};
	const struct selection used = {.wrappers = selection->wrappers};
	struct place_table *table = place_table_new(&places);
	struct attribution attribution;

	attribution_init(&attribution, profile, &used, table, NULL);
	not_freed_get_attributed(&attribution, selection->system_rules, ret);
	attribution_release(&attribution);
	place_table_free(table);
}

void
not_freed_release(struct not_freed *not_freed)
{
	free(not_freed->kept_by_rule);
	not_freed->kept_by_rule = NULL;
}
