/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owner_path.h - a shortest way from an owner to each block
 *
 * Ways from what lasts come before those from a stack or registers, where an old pointer may stand
 * to anything; and ways by pointers to starts before those by pointers into blocks; however short.
 */
#ifndef OWNER_PATH_H
#define OWNER_PATH_H

#include <stddef.h>
#include <stdint.h>

struct graph;
struct owner_set;

#define OWNER_PATH_NONE UINT32_MAX

struct owner_paths {
	uint32_t *from; /* by block: a block, or block_count + an owner, or OWNER_PATH_NONE */
	uint32_t block_count;
};

void owner_paths_init(struct owner_paths *paths, const struct graph *graph,
		      const struct owner_set *owners);
void owner_paths_release(struct owner_paths *paths);

/* The steps to a block, from the owner on: *ret_owner, and count blocks, the last of which it is,
 * to free. 0, and no owner, if none leads there. */
size_t owner_paths_get(const struct owner_paths *paths, uint32_t block, uint32_t *ret_owner,
		       uint32_t **ret_blocks);

#endif
