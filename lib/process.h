/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - how far the runtime has come in this process, and whether it is a forked child
 *
 *   first allocation, or     first allocation in
 *   our constructor          a forked child
 *          |                      |
 *          v                      v
 *     PROCESS_RAW             PROCESS_NEW
 *          |                      |
 *          +---------+------------+
 *                    v
 *            PROCESS_STARTING ---> PROCESS_READY
 *                    \-----------> PROCESS_OFF   no recording to be had, or not wanted
 *
 * The state is in a page that the kernel wipes in a forked child (MADV_WIPEONFORK), so a child
 * knows that it is one without asking, however it was made; a vfork child shares it and counts as
 * its parent. Who changes the state is `start.h`.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "base/base.h"

enum process_state {
	PROCESS_NEW, /* a forked child that has not allocated yet: what a wiped page reads as */
	PROCESS_RAW, /* before the constructor */
	PROCESS_STARTING,
	PROCESS_READY,
	PROCESS_OFF,
};

/* What the process was before is visible to who reads the state. [signal] */
enum process_state process_state(void);
void process_set_state(enum process_state state);

/* Whether events can be recorded. [signal] */
static inline bool
process_is_ready(void)
{
	return process_state() == PROCESS_READY;
}

/* Leave PROCESS_RAW, for PROCESS_OFF. True for the one caller that does. [init] */
bool process_leave_raw(void);

/* Make the page for the state, false if it cannot be had; then move the state there, as
 * PROCESS_STARTING. A child that was forked in between sees PROCESS_OFF. [init] */
bool process_make_page(void);
void process_enter_page(void);

/* Of the threads of a forked child one starts it, and the others wait. False when the caller has to
 * go on without. [signal] */
bool process_take_start(void);
void process_drop_start(void);

/* In a forked child: leave the parent's recording. False in any other process, and when that has
 * been done. [signal] */
bool process_detach(void);

/* exit() was reached. */
void process_end(void);

/* Count an event that is passed through: those that came before the start are early. */
void process_count_early(void);
uint64_t process_early_events(void);
uint64_t process_other_events(void);

#endif
