/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_layout.h - how glibc finds the thread-local variables of a loaded object
 *
 * Objects that have some are numbered from 1 on, by the slots of a list. Some have theirs at the
 * same distance from the control block of each thread; the others at an address that the table of
 * the thread has, under the number of the object, once the thread has used them:
 *
 *     control block -> table:  [-2] its length  [0] generation  [2 * number] address
 *
 * A table whose generation is before that of a slot may have there what an object had that has been
 * unloaded.
 */
#ifndef HEAPTALLY_THREAD_LAYOUT_H
#define HEAPTALLY_THREAD_LAYOUT_H

#include <stdint.h>

/* Addresses are 0, or `slots` is, where it is not known. */
struct thread_layout {
	uint64_t slots;    /* address of the address of the first struct thread_slots */
	uint64_t lists[2]; /* heads of rings of all threads */
	uint32_t distance; /* in a link map: how far below the control block they are */
	uint32_t table;    /* in a control block: address of the table */
	uint32_t link;     /* in a control block: the next of the ring */
	uint32_t id;       /* in a control block: number of the thread, of 32 bits */
};

struct thread_slots {
	uint64_t count;
	uint64_t next; /* address of more, or 0 */
};

/* Behind each of these, `count` times. The first of all is not used. */
struct thread_slot {
	uint64_t generation;
	uint64_t object; /* address of its link map; 0: none */
};

#define THREAD_SLOTS_MAX   4096u /* of all */
#define THREAD_TABLE_WORDS 2u    /* of an object */

/* Of objects that have no such distance. */
static inline int
thread_layout_is_distance(uint64_t distance)
{
	return distance != 0 && distance < (uint64_t)1 << 40;
}

_Static_assert(sizeof(struct thread_layout) == 40, "layout of thread_layout");
_Static_assert(sizeof(struct thread_slot) == 16, "layout of thread_slot");

#endif
