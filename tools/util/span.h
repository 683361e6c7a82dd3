/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * span.h - arrays of things that begin with where they start and end: `uint64_t start, end`
 */
#ifndef SPAN_H
#define SPAN_H

#include <stddef.h>
#include <stdint.h>

/* By their starts. */
void span_sort(void *items, size_t count, size_t item_bytes);

/* Of items in order, without overlaps, the first that ends above an address: its number, or the
 * count. */
size_t span_find(const void *items, size_t count, size_t item_bytes, uint64_t address);

#endif
