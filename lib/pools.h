/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pools.h - blocks of the program's own pools, as it tells of them through heaptally.h
 *
 * A hash table under a lock: (domain, address) -> site, bytes. Each domain has a frame of its own,
 * the leaf of its stacks, as malloc has.
 */
#ifndef POOLS_H
#define POOLS_H

#include "base/base.h"
#include "record.h"

/* Remember a block; one that is known already is replaced. 0; -ENOMEM; -EAGAIN when the table is
 * busy. */
int pools_track(struct thread *t, unsigned domain, uintptr_t address, size_t bytes,
		const struct caller *caller);

/* Forget it; an unknown one is ignored. 0; -EAGAIN when the table is busy. */
int pools_untrack(struct thread *t, unsigned domain, uintptr_t address);

/*
 * What reports call the domain. 0; -EEXIST when it has a name or a block already; -EAGAIN when
 * there are too many or the call interrupted this very function.
 */
int pools_name_domain(unsigned domain, const char *name);

/* Start empty. [init] */
void pools_reset(void);

#endif
