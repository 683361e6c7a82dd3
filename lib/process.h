/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - the life of the runtime in one process
 *
 *   first allocation, or     first allocation in
 *   our constructor          a forked child
 *          |                      |
 *          v                          v
 *     PROCESS_RAW ---> PROCESS_STARTING ---> PROCESS_READY
 *                               \--> PROCESS_OFF   no recording to be had, or not wanted
 *
 * The state is in a page that the kernel wipes in a forked child (MADV_WIPEONFORK), so a child
 * knows that it is one without asking, however it was made; a vfork child shares it and counts as
 * its parent.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "base/base.h"

/* Start recording in this process, unless that has been done or it is too early for it. [init] */
void process_start(void);

/* Whether events can be recorded. In a forked child the first event that allocates starts its own
 * recording. [signal] */
bool process_is_ready(bool allocates);

/* Around fork() and _Fork(). A child made otherwise finds out at its first event. [signal] */
void process_before_fork(void);
void process_after_fork_in_parent(void);

/* In the child: detach from the parent's recording. */
void process_after_fork(void);

/* exit() was reached. */
void process_end(void);

/* How many threads get a shard of their own. */
uint32_t process_shard_limit(void);

/* Count an event that came before the start. */
void process_count_early(void);

#endif
