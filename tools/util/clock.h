/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.h - the time as one number
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND_NS ((uint64_t)1000000000)

uint64_t clock_get_ns(clockid_t clock);

/* Between the form of system calls and one number. */
static inline uint64_t
clock_from(struct timespec time)
{
	return (uint64_t)time.tv_sec * CLOCK_SECOND_NS + (uint64_t)time.tv_nsec;
}

static inline struct timespec
clock_to(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / CLOCK_SECOND_NS), (long)(ns % CLOCK_SECOND_NS)};
}

#endif
