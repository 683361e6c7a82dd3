/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leak_look.h - from a graph to kinds by site, for the profile that it belongs to
 */
#ifndef LEAK_LOOK_H
#define LEAK_LOOK_H

#include "model/leak.h"

struct profile;

/* The set is to be released; `graph` is of the process of profile. */
void leak_look(struct leak_set *set, const struct graph *graph, const struct profile *profile,
	       enum reach_heuristics heuristics);

/* The same by two looks: lost is what both have found lost. */
void leak_look_twice(struct leak_set *set, const struct graph *earlier, const struct graph *graph,
		     const struct profile *profile, enum reach_heuristics heuristics);

#endif
