/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * std_node.c - which sites allocate the nodes of containers of the C++ library
 *
 *     std::__new_allocator<std::_Rb_tree_node<std::pair<int const, long> > >::allocate(...)
 *
 * is what calls operator new, however much is inlined into what. Other libraries call their nodes
 * differently, in the same place.
 */
#include "config.h"
#include "model/std_node.h"

#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "util/text.h"
#include "util/xalloc.h"

const char *const std_node_names[STD_NODES] = {
	[STD_NODE_LIST] = "std::list",
	[STD_NODE_FORWARD_LIST] = "std::forward_list",
	[STD_NODE_MAP] = "std::map",
	[STD_NODE_SET] = "std::set",
	[STD_NODE_UNORDERED_MAP] = "std::unordered_map",
	[STD_NODE_UNORDERED_SET] = "std::unordered_set",
};

static const struct {
	const char *name;
	enum std_node node;
	bool has_keys; /* what it holds says whether it is a map: then it is the next one */
} node_types[] = {
	{"_List_node<", STD_NODE_LIST, false},
	{"__list_node<", STD_NODE_LIST, false},
	{"_Fwd_list_node<", STD_NODE_FORWARD_LIST, false},
	{"__forward_list_node<", STD_NODE_FORWARD_LIST, false},
	{"_Rb_tree_node<", STD_NODE_SET, true},
	{"__tree_node<", STD_NODE_SET, true},
	{"_Hash_node<", STD_NODE_UNORDERED_SET, true},
	{"__hash_node<", STD_NODE_UNORDERED_SET, true},
};

static bool
take(const char **next, const char *word)
{
	if (!text_starts_with(*next, word))
		return false;
	*next += strlen(word);
	return true;
}

/* "std::", and namespaces that nobody writes. */
static bool
take_std(const char **next)
{
	static const char *const inner[] = {"__1::", "__cxx11::", "__detail::", "__debug::"};

	if (!take(next, "std::") && !take(next, "__gnu_cxx::"))
		return false;
	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++)
		take(next, inner[i]);
	return true;
}

/* Pairs whose first part is constant are what maps hold. */
static bool
is_pair(const char *held)
{
	unsigned depth = 0;

	take_std(&held);
	if (take(&held, "__value_type<") || take(&held, "__hash_value_type<"))
		return true;
	if (!take(&held, "pair<"))
		return false;
	if (text_starts_with(held, "const "))
		return true;
	for (; *held != '\0' && (depth != 0 || (*held != ',' && *held != '>')); held++) {
		depth += *held == '<' || *held == '(';
		depth -= depth != 0 && (*held == '>' || *held == ')');
		if (depth == 0 && text_starts_with(held, " const,"))
			return true;
	}
	return false;
}

/* What an allocator is for. */
static enum std_node
parse_held(const char *held)
{
	while (take_std(&held))
		if (!take(&held, "allocator<"))
			break;
	for (size_t i = 0; i < sizeof(node_types) / sizeof(*node_types); i++)
		if (take(&held, node_types[i].name))
			return node_types[i].has_keys && is_pair(held)
				       ? (enum std_node)(node_types[i].node - 1)
				       : node_types[i].node;
	return STD_NODE_NONE;
}

bool
std_node_parse(const char *name, enum std_node *ret_node)
{
	static const char *const allocators[] = {
		"allocator<",        "__new_allocator<", "new_allocator<",
		"allocator_traits<", "__alloc_traits<",  "__allocator_base<",
	};
	/* Of libc++, which passes sizes through. */
	static const char *const passing[] = {"__libcpp_allocate", "__libcpp_operator_new",
					      "__allocate_at_least<"};
	const char *next = name;

	if (text_starts_with(name, "operator new"))
		return false;
	*ret_node = STD_NODE_NONE;
	if (!take_std(&next))
		return true;
	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
		if (text_starts_with(next, passing[i]))
			return false;
	for (size_t i = 0; i < sizeof(allocators) / sizeof(*allocators); i++)
		if (take(&next, allocators[i])) {
			*ret_node = parse_held(next);
			break;
		}
	return true;
}

/* Of one frame; false when its callers have to say. */
static bool
ask_frame(const struct profile *profile, const struct profile_frame *frame, bool *is_new,
	  enum std_node *ret_node)
{
	*ret_node = STD_NODE_NONE;
	for (uint32_t i = 0; i < frame->location_count; i++) {
		const struct profile_location *location = &profile->locations[frame->location + i];

		if (location->function == NULL)
			break;
		if (text_starts_with(location->function, "operator new["))
			return true;
		if (text_starts_with(location->function, "operator new"))
			*is_new = true;
		else if (std_node_parse(location->function, ret_node) &&
			 (*ret_node != STD_NODE_NONE || location->line != 0))
			return true;
		else if (location->line == 0)
			break;
		if (i + 1 == frame->location_count)
			return false;
	}
	*ret_node = *is_new ? STD_NODE_UNKNOWN : STD_NODE_NONE;
	return true;
}

static enum std_node
ask_stack(const struct profile *profile, uint32_t leaf)
{
	enum std_node node = STD_NODE_NONE;
	bool is_new = false;

	for (uint32_t i = leaf; i != 0; i = profile->nodes[i].parent) {
		const struct profile_frame *frame = &profile->frames[profile->nodes[i].frame];

		if (frame->kind == PROFILE_FRAME_ALLOCATOR)
			continue;
		if (frame->kind != PROFILE_FRAME_CODE || ask_frame(profile, frame, &is_new, &node))
			return node;
	}
	return STD_NODE_NONE;
}

enum std_node *
std_node_find_sites(const struct profile *profile)
{
	enum std_node *sites = xcalloc(profile->site_count + 1u, sizeof(*sites));

	for (uint32_t i = 0; i < profile->site_count; i++)
		sites[i + 1] = ask_stack(profile, profile->sites[i]);
	return sites;
}
