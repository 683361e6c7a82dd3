/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "util/clock.h"

uint64_t
clock_get_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return clock_from(now);
}
