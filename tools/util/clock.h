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

#endif
