/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twin.h - a copy of the process, which looks at its memory while the process goes on
 *
 * The copy shares all pages until they are written to, so it sees the memory of one moment, however
 * many threads run. It runs nothing but the look and ends.
 *
 *     - no signal comes at its end, and nobody who waits for children learns of it
 *     - it has no descriptors of the program's, and all signals blocked
 *     - it is the first that is killed when memory is out, and leaves no core
 *     - it ends when the process has ended, and after a minute
 */
#ifndef TWIN_H
#define TWIN_H

#include "base/base.h"
#include "reach/look.h"
#include "reach/parked.h"

/* Make one; the table of blocks is held. parked may be NULL. Its number, or -errno: there is none.
 * [signal] */
int twin_start(struct look *look, struct parked *parked, uint64_t *ret_pause_ns);

/* Wait for it to end. As `look_make`; -ECHILD when it was killed. */
int twin_wait(int twin);

/* Take notice of the end of what `twin_start` has made: false while it goes on. [signal] */
bool twin_collect(void);

/* The process ends, and so does its copy. */
void twin_end(void);

#endif
