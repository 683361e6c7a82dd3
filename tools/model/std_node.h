/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * std_node.h - which sites allocate the nodes of containers of the C++ library
 *
 * The functions on the stack tell it, also those that were inlined, where there is debug
 * information.
 */
#ifndef STD_NODE_H
#define STD_NODE_H

#include <stdbool.h>

struct profile;

enum std_node {
	STD_NODE_NONE,    /* something else */
	STD_NODE_UNKNOWN, /* allocated by operator new; what called it has no debug information */
	STD_NODE_LIST,
	STD_NODE_FORWARD_LIST,
	STD_NODE_MAP, /* or multimap; likewise the others */
	STD_NODE_SET,
	STD_NODE_UNORDERED_MAP,
	STD_NODE_UNORDERED_SET,
	STD_NODES
};

/* "std::list", ...; NULL for the first two. */
extern const char *const std_node_names[STD_NODES];

/* By the number of a site in a graph of profile, which is symbolized. To free. */
enum std_node *std_node_find_sites(const struct profile *profile);

/* What a function that is called `name`, demangled, allocates by operator new: true with a node, or
 * with STD_NODE_NONE; false when its callers have to say. */
bool std_node_parse(const char *name, enum std_node *ret_node);

static inline bool
std_node_is_known(enum std_node node)
{
	return node > STD_NODE_UNKNOWN;
}

#endif
