/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owner_names.h - which variable an address of a process is in
 */
#ifndef OWNER_NAMES_H
#define OWNER_NAMES_H

#include <stdbool.h>

#include "model/owner.h"

struct graph;
struct owner_names;
struct profile;

/* Of the modules of profile and the threads of graph; both must outlive it. Never NULL. */
struct owner_names *owner_names_new(const struct profile *profile, const struct graph *graph,
				    bool online);

/* NULL is accepted. */
void owner_names_free(struct owner_names *names);

/* How to look them up; valid until it is freed. */
struct owner_naming owner_names_get(struct owner_names *names);

#endif
