/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/top_tree_json.c - callers down to sites, or a function and its callers, as JSON
 *
 * The nodes are a flat array: stacks are deeper than readers of JSON can nest.
 */
#include "config.h"

#include "view/top.h"

#include "model/tree.h"
#include "util/json_writer.h"
#include "view/json.h"
#include "view/place_json.h"

static void
write_values(struct json_writer *json, const struct view_top *view,
	     const struct profile_values *values)
{
	for (size_t i = 0; i < column_count; i++)
		if (view_top_is_known(view, &columns[i]))
			json_writer_signed(json, columns[i].name, column_get(&columns[i], values));
}

static void
write_cut(struct json_writer *json, const struct view_top *view, const struct profile_values *cut,
	  uint32_t count)
{
	json_writer_begin_object(json, "cut");
	write_values(json, view, cut);
	json_writer_unsigned(json, "group_count", count);
	json_writer_end_object(json);
}

static void
write_node(struct json_writer *json, const struct view_top *view, const struct tree_node *node)
{
	json_writer_begin_object(json, NULL);
	write_values(json, view, &node->values);
	view_json_optional(json, "parent", node->parent != TREE_NONE, node->parent);
	json_writer_begin_object(json, "own");
	write_values(json, view, &node->own);
	json_writer_end_object(json);
	write_cut(json, view, &node->cut, node->cut_count);
	view_place_json(json, view->table, node->stack,
			node->several ? GROUP_BY_FUNCTION : GROUP_BY_STACK);
	json_writer_end_object(json);
}

void
view_top_tree_json(struct json_writer *json, const struct view_top *view)
{
	const struct tree *tree = view->tree;

	json_writer_begin_object(json, "tree");
	json_writer_string(json, "callers_of", view->callers_of);
	write_values(json, view, &tree->sum);
	write_cut(json, view, &tree->cut, tree->cut_count);
	json_writer_end_object(json);
	json_writer_begin_array(json, "groups");
	for (size_t i = 0; i < tree->count; i++)
		write_node(json, view, &tree->nodes[i]);
	json_writer_end_array(json);
}
