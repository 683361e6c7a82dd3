/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/owner.h - how reports write who holds blocks from outside the heap
 */
#ifndef VIEW_OWNER_H
#define VIEW_OWNER_H

#include <stdbool.h>

#include "model/owner.h"

struct json_writer;

/* "global g_cache", "thread-local buffer of thread 12", "stack of thread 12". Safe for terminals;
 * to free. */
char *view_owner_name(const struct owner *owner);

/* Where that is: "(server, src/cache.c:20)", or "". To free. */
char *view_owner_position(const struct owner *owner, bool full_names);

/* The members of an object. */
void view_owner_json(struct json_writer *json, const struct owner *owner);

#endif
