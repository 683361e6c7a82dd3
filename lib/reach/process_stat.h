/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process_stat.h - numbers of /proc/self/stat
 */
#ifndef PROCESS_STAT_H
#define PROCESS_STAT_H

#include "base/base.h"

/* By the places that proc(5) gives them. */
enum process_stat {
	PROCESS_STAT_THREADS = 20,
	PROCESS_STAT_HEAP = 47, /* where the memory of brk(2) begins */
};

/* 0 if it is not known. [signal] */
uint64_t process_stat_get(enum process_stat place);

#endif
