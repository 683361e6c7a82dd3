/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reach.h - which blocks can still be reached, in memcheck's kinds
 *
 *     reachable   from a root, by pointers to starts of blocks only
 *     possible    else, but from a root by pointers into blocks
 *     definite    from no root; of blocks that hold each other, or a chain, the one to begin with
 *     indirect    from no root, but from a definite one
 *
 * A definite block is the head of what hangs on it. A component of the unreached blocks that no
 * other one points into has its block of lowest address for a head.
 */
#ifndef REACH_H
#define REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct graph;

enum reach_kind {
	REACH_DEFINITE,
	REACH_INDIRECT,
	REACH_POSSIBLE,
	REACH_REACHABLE,
	REACH_KINDS
};

/* Why a block is only possible. */
enum reach_reason {
	REACH_REASON_INTERIOR,      /* of pointers into it */
	REACH_REASON_DEAD_STACK,    /* what callees left on a stack */
	REACH_REASON_NOT_INHERITED, /* memory that was not seen may hold it */
	REACH_REASON_ONE_LOOK,      /* an earlier look did not find it lost */
	REACH_REASON_CHANGED,       /* it has changed since: somebody writes to it */
	REACH_REASONS
};

/* Which pointers into a block count as pointers to its start. */
enum reach_heuristics {
	REACH_HEURISTICS_NONE,
	REACH_HEURISTICS_MEMCHECK, /* its four */
	REACH_HEURISTICS_ALL,      /* and one offset that nearly all blocks of a site are held by */
};

#define REACH_HANDLE_MOST    64 /* bytes */
#define REACH_HANDLE_BLOCKS  8  /* fewer say nothing of their site */
#define REACH_HANDLE_PERCENT 95

struct reach_options {
	enum reach_heuristics heuristics;
	/* By site, whose blocks are roots themselves; or NULL. */
	const bool *root_sites;
	uint32_t root_site_count;
	/* By block, of an earlier look: why it may not be lost, else REACH_REASONS; or NULL. */
	const uint8_t *doubts_before;
	bool doubts; /* memory was not seen: what is not reached is possible */
};

#define REACH_NO_HEAD UINT32_MAX

struct reach {
	uint8_t *kinds;   /* enum reach_kind, by block */
	uint8_t *reasons; /* enum reach_reason, of the possible ones */
	uint32_t *heads;  /* of definite and indirect blocks, the definite one; or REACH_NO_HEAD */
	uint32_t *rings;  /* of a head, the blocks of its component if that is a cycle, else 0 */
	bool *in_rings;   /* whether an indirect block is in the cycle of its head */
	uint8_t *handles; /* by site: an offset that counts as the start, or 0 */
	uint32_t site_count;
};

void reach_init(struct reach *reach, const struct graph *graph,
		const struct reach_options *options);
void reach_release(struct reach *reach);

/* `doubts_before` of a graph, from an earlier look at the same process. To free. */
uint8_t *reach_find_doubts(const struct graph *graph, const struct graph *earlier,
			   const struct reach *reach);

/* "definite", "indirect", "possible", "reachable". */
extern const char *const reach_kind_names[];

#endif
