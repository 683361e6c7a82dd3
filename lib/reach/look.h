/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look.h - one look at who points at whom, from the table of blocks to the file
 */
#ifndef LOOK_H
#define LOOK_H

#include "base/base.h"
#include "include/graph.h"
#include "reach/roots.h"

struct look {
	const char *recording;      /* path: the graph gets its name beside it */
	struct graph_header header; /* what is known of it beforehand */
	struct roots_input roots;
	const struct graph_thread *threads; /* those that live */
	size_t thread_count;
	const struct memory_map *outer; /* of the process that this is a copy of, or NULL */
	uint32_t parent;                /* of a copy, which ends when that has gone; or 0 */
	uint64_t deadline_ns;           /* monotonic; 0: none */
	uint32_t key;                   /* of the sums of what blocks hold; 0: there are none */
};

/*
 * Look, and leave the file. The table of blocks is held, and no other thread runs, or this is a
 * copy of the process. 0 also when the file says why there is no graph; -errno when there is no
 * file. [signal]
 */
int look_make(const struct look *look);

/* Leave a file that says why there is no graph. 0; -errno when there is none. [signal] */
int look_refuse(const struct look *look, int error);

#endif
