/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * merge.h - several processes as one profile
 *
 * The sum has at most two moments: the one that was asked for, which is each process's own, and the
 * last. Peaks are added up too, whenever each of them was, and what each process lost. Samples,
 * marks, single blocks and what is about one address space are left out.
 */
#ifndef MERGE_H
#define MERGE_H

#include <stdbool.h>

#include "model/profile.h"

struct merge;

/* by_process: every stack begins with a PROFILE_FRAME_PROCESS. Never NULL. */
struct merge *merge_new(bool by_process);

/* NULL is accepted. */
void merge_free(struct merge *merge);

/*
 * Add a profile as of a moment of it, and as of its last one; it is not needed any more then. The
 * moment is the last of all or none of them.
 */
void merge_insert(struct merge *merge, const struct profile *profile,
		  const struct profile_moment *moment);

/*
 * The sum, to be freed by `profile_free`; NULL if nothing was inserted. label is the name of the
 * moment, or NULL for the last one. The merge is to be freed after it.
 */
struct profile *merge_finish(struct merge *merge, const char *label);

#endif
