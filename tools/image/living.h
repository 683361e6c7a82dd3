/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * living.h - the memory of a process that goes on, and is not asked
 *
 * Nothing is stopped, and no page is touched that was not there. What is read is of no single
 * moment.
 */
#ifndef LIVING_H
#define LIVING_H

#include <stdbool.h>
#include <sys/types.h>

struct image;

/* 0 with an image to release; -ESRCH if the process does not live; -EPERM if its memory may not be
 * read. */
int living_open(struct image *image, pid_t pid);

/* Ask again where its threads wait: one that has moved was at work, and its stack counts as a
 * whole. -ESRCH when the process has ended, or become another program. */
int living_confirm(struct image *image);

#endif
