/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc_status.h - numbers of /proc/PID/status
 */
#ifndef PROC_STATUS_H
#define PROC_STATUS_H

#include <stdint.h>
#include <sys/types.h>

/* The number in a base that is the word of this place, from 0 on, behind a title as "Uid:"; 0 if
 * there is none, or no such process. A pid of 0 is this process. */
uint64_t proc_status_read(pid_t pid, const char *title, unsigned place, int base);

#endif
