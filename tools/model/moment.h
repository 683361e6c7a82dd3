/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * moment.h - the moment that is meant when none is named
 *
 * Whoever looks at a process that lives, or at a snapshot that was taken while it lived, asks what
 * it holds now; of a run that ended, what it held when it held most. Two sides of a comparison have
 * the same kind of moment, or the difference says nothing. Every report asks here.
 */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>

#include "model/profile.h"

/* The name of the moment that is meant, as `profile_find_moment` has it: "now" or "peak". */
const char *moment_get_default(const struct profile *profile);

/* Whether it is the name of a moment that every profile has: "peak", "exit" or "now". */
bool moment_is_always_there(const char *name);

/* One side of a comparison. */
struct moment_side {
	const struct profile *profile; /* with at least one moment */
	struct profile_at at;
	bool is_named; /* the user chose it, and it stays */
};

/*
 * Give the sides that are not named a moment of the kind of the other one: the peak when both mean
 * that, else the last one. A named peak of one process against that process itself, same_process,
 * means what came after the peak.
 */
void moment_fit_sides(struct moment_side sides[2], bool same_process);

#endif
