/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/graph_place.h - how reports write what is in a graph: sites of blocks, owners, and paths
 */
#ifndef VIEW_GRAPH_PLACE_H
#define VIEW_GRAPH_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/graph.h"
#include "model/group.h"
#include "model/likeness.h"
#include "model/owner.h"
#include "model/owner_path.h"
#include "model/site_group.h"

struct json_writer;
struct term;

struct view_graph {
	const struct graph *graph;
	const struct owner_set *owners;
	const struct owner_paths *paths; /* for those functions that are about paths */
	const struct site_group_set *groups;
	const struct likeness_set *likeness; /* and of the groups; or NULL */
	const struct likeness_sum *likeness_of_groups;
	const struct attribution *attribution;
	const struct group_options *options;
	bool full_names;
};

/* A group, or SITE_GROUP_NONE; an owner, or OWNER_NONE: a dead stack. */
void view_graph_place_text(const struct term *term, const struct view_graph *view, uint32_t group);
void view_graph_owner_text(const struct term *term, const struct view_graph *view, uint32_t owner);

/* "global g_cache (server, src/cache.c:20) -> cache_new src/cache.c:12 -> " and `last`; false, and
 * nothing, when none leads to the block. */
bool view_graph_path_text(const struct term *term, const struct view_graph *view, uint32_t block,
			  const char *last);

/* ", which looks like Session", of a block; the same of a group. Nothing, when it is not known. */
void view_graph_likeness_text(const struct term *term, const struct view_graph *view, size_t block);
void view_graph_likeness_of_group_text(const struct term *term, const struct view_graph *view,
				       uint32_t group);

/* Members of these keys: "looks_like", a string or null; an array of "name" and "blocks". */
void view_graph_likeness_json(struct json_writer *json, const struct view_graph *view,
			      size_t block);
void view_graph_likeness_of_group_json(struct json_writer *json, const struct view_graph *view,
				       uint32_t group);

/* Members of these keys: "frames"; the block; the owner, or null; the path, or null, where
 * neighbours of one place are one. */
void view_graph_frames_json(struct json_writer *json, const struct view_graph *view,
			    uint32_t group);
void view_graph_block_json(struct json_writer *json, const struct view_graph *view, const char *key,
			   size_t block);
void view_graph_owner_json(struct json_writer *json, const struct view_graph *view, const char *key,
			   uint32_t owner);
void view_graph_path_json(struct json_writer *json, const struct view_graph *view, const char *key,
			  uint32_t block);

#endif
