/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_room.h - how much memory may still be used before somebody is killed for it
 *
 * What the machine has, and what the control group of the process and those above it leave.
 */
#ifndef MEMORY_ROOM_H
#define MEMORY_ROOM_H

#include "base/base.h"

/* Bytes; UINT64_MAX if that cannot be told. [signal] */
uint64_t memory_room_get(void);

/* The same of other files: what /proc/meminfo and /proc/self/cgroup are for us, and where control
 * groups are mounted. [signal] */
uint64_t memory_room_get_of(const char *memory, const char *groups, const char *mount);

#endif
