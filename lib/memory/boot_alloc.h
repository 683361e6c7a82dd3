/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * boot_alloc.h - memory for the callers that come before the real allocator is known
 *
 * Blocks are handed out from a static area and recognised by their address for ever.
 */
#ifndef BOOT_ALLOC_H
#define BOOT_ALLOC_H

#include "base/base.h"

/* Zeroed; NULL when the area is used up. [signal] */
void *boot_allocate(size_t alignment, size_t bytes);

/* Whether block came from here. [hot] [signal] */
bool boot_owns(const void *block);

/* Size that was asked for, rounded up. */
size_t boot_usable_size(const void *block);

#endif
