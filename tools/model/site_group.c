/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/site_group.h"

#include <stdlib.h>
#include <string.h>

#include "model/graph.h"
#include "model/profile.h"
#include "model/suppress.h"
#include "model/system_library.h"
#include "model/system_rules.h"
#include "util/array.h"
#include "util/hash_map.h"
#include "util/xalloc.h"

/* Of one place, and of whether the system keeps it, and whether the filters do. */
struct group_key {
	uint32_t place;
	uint32_t is_system, is_kept;
};

struct found_group {
	UT_hash_handle hh;
	struct group_key key;
	uint32_t group;
};

struct making {
	struct site_group_set *set;
	const struct profile *profile;
	struct attribution *attribution;
	const struct group_options *options;
	struct found_group *found;
	ARRAY(struct site_group) groups;
	ARRAY(uint64_t) most; /* by group, bytes of the site that it shows */
};

/* What each site has in the graph. */
struct site_amount {
	uint64_t blocks, bytes;
};

static uint32_t
get_place(const struct making *making, const struct attribution_site *site)
{
	static const enum place_key keys[] = {
		[GROUP_BY_LINE] = PLACE_KEY_LINE,
		[GROUP_BY_FUNCTION] = PLACE_KEY_FUNCTION,
		[GROUP_BY_FILE] = PLACE_KEY_FILE,
		[GROUP_BY_MODULE] = PLACE_KEY_MODULE,
	};

	return place_table_insert_key(making->attribution->table, site->position->place,
				      keys[making->options->by]);
}

static uint32_t
find_group(struct making *making, const struct group_key *key)
{
	struct found_group *found;

	HASH_FIND(hh, making->found, key, sizeof(*key), found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found));
		found->key = *key;
		found->group = (uint32_t)making->groups.count;
		HASH_ADD(hh, making->found, key, sizeof(*key), found);
		*array_push(&making->groups) = (struct site_group){
			.is_system = key->is_system,
			.is_kept = key->is_kept,
		};
		*array_push(&making->most) = 0;
	}
	return found->group;
}

static void
add_site(struct making *making, uint32_t number, const struct site_amount *amount)
{
	uint32_t leaf = making->profile->sites[number - 1], group;
	const struct attribution_node *node = &making->attribution->nodes[leaf];
	struct attribution_site site;
	struct group_key key;

	attribution_get_site(making->attribution, leaf, &site);
	key = (struct group_key){
		.place = get_place(making, &site),
		.is_system =
			node->kept != SYSTEM_RULE_NONE || node->system == ATTRIBUTION_ALL_SYSTEM,
		.is_kept = node->rule == SUPPRESS_NONE &&
			   attribution_keep(making->attribution, &site, NULL),
	};
	group = find_group(making, &key);
	making->set->of_site[number] = group;
	making->groups.items[group].blocks += amount->blocks;
	making->groups.items[group].bytes += amount->bytes;
	if (making->most.items[group] != 0 && amount->bytes <= making->most.items[group])
		return;
	making->most.items[group] = amount->bytes + 1;
	making->groups.items[group].caller = attribution_find_caller(making->attribution, &site);
	making->groups.items[group].stack = attribution_make_stack(making->attribution, &site);
}

void
site_group_set_init(struct site_group_set *set, const struct graph *graph,
		    const struct profile *profile, struct attribution *attribution,
		    const struct group_options *options)
{
	struct making making = {
		.set = set, .profile = profile, .attribution = attribution, .options = options};
	struct site_amount *amounts = xcalloc(profile->site_count + 1u, sizeof(*amounts));
	struct found_group *found, *next;

	*set = (struct site_group_set){.site_count = profile->site_count + 1};
	set->of_site = xmalloc(set->site_count * sizeof(*set->of_site));
	memset(set->of_site, 0xff, set->site_count * sizeof(*set->of_site));
	for (size_t i = 0; i < graph->block_count; i++) {
		uint32_t site = graph->blocks[i].site;

		if (site < graph->site_base || site >= set->site_count)
			continue;
		amounts[site].blocks++;
		amounts[site].bytes += graph_get_bytes(&graph->blocks[i]);
	}
	for (uint32_t i = 1; i < set->site_count; i++)
		if (amounts[i].blocks != 0)
			add_site(&making, i, &amounts[i]);
	set->groups = making.groups.items;
	set->count = (uint32_t)making.groups.count;
	HASH_ITER (hh, making.found, found, next) {
		HASH_DEL(making.found, found);
		free(found);
	}
	array_release(&making.most);
	free(amounts);
}

void
site_group_set_release(struct site_group_set *set)
{
	free(set->groups);
	free(set->of_site);
	memset(set, 0, sizeof(*set));
}

uint32_t
site_group_find(const struct site_group_set *set, const struct graph *graph, size_t block)
{
	uint32_t site = graph->blocks[block].site;

	return site < set->site_count ? set->of_site[site] : SITE_GROUP_NONE;
}

uint32_t *
site_group_list(const struct site_group_set *set, const struct graph *graph)
{
	uint32_t *groups = xmalloc((graph->block_count + 1) * sizeof(*groups));

	for (size_t i = 0; i < graph->block_count; i++)
		groups[i] = site_group_find(set, graph, i);
	return groups;
}

bool *
site_group_find_loaders(const struct profile *profile)
{
	bool *sites = xcalloc(profile->site_count + 2u, sizeof(*sites));

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_node *leaf = &profile->nodes[profile->sites[i]];
		const struct profile_frame *caller =
			&profile->frames[profile->nodes[leaf->parent].frame];
		const char *library;

		if (leaf->parent == 0 || caller->kind != PROFILE_FRAME_CODE ||
		    caller->module >= profile->module_count)
			continue;
		library = system_library_find_module(profile->modules[caller->module].path);
		sites[i + 1] = library != NULL && strcmp(library, "ld.so") == 0;
	}
	return sites;
}
