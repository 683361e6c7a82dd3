/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * path_map.h - source files that lie elsewhere on the other side of a comparison
 *
 * Two checkouts of one program have the same files below different folders. What one folder is on
 * the other side is told by the user, or by the files themselves: a file that only one side has
 * and one that only the other has are the same if they agree in the longest end of their paths.
 */
#ifndef PATH_MAP_H
#define PATH_MAP_H

#include <stddef.h>

struct profile;

struct path_rule {
	char *from, *to; /* folders without / at their ends; "" is the current one */
	size_t files;    /* that it maps */
};

struct path_map {
	struct path_rule *rules;
	size_t count;
};

/* Add the rule "OLD=NEW". 0, or -EINVAL. */
int path_map_insert(struct path_map *map, const char *text);

/* Rename the files of profile by the rules, the longest folder first. Returns how many it were. */
size_t path_map_apply(struct path_map *map, struct profile *profile);

/* Rename files of old for which new has the same one elsewhere, and note the rules. */
void path_map_match(struct path_map *map, struct profile *old, const struct profile *new);

void path_map_release(struct path_map *map);

#endif
