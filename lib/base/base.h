/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base.h - the few words that every file of the runtime uses
 *
 * Context tags in declarations: [hot] takes no lock and calls nothing outside lib/, [signal] may be
 * called at any moment, a signal handler included, [init] runs once and may block.
 */
#ifndef BASE_H
#define BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define COLD        __attribute__((cold, noinline))
#define HOT         __attribute__((hot))
/* With link-time optimization into other files, too. */
#define ALWAYS_INLINE    inline __attribute__((always_inline))
#define HEAPTALLY_EXPORT __attribute__((visibility("default")))

#define CACHE_LINE       64

/* Relaxed unless the name says otherwise: enough for a counter or for a hint that is checked. */
#define load(p)             __atomic_load_n((p), __ATOMIC_RELAXED)
#define store(p, v)         __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define fetch_add(p, v)     __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define fetch_or(p, v)      __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)

static inline size_t
round_up(size_t value, size_t multiple)
{
	return (value + multiple - 1) & ~(multiple - 1);
}

/* Where the page of an address begins. */
static inline uintptr_t
page_of(uintptr_t address)
{
	return address & ~(uintptr_t)(PAGE_BYTES - 1);
}

#endif
