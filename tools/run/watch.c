/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/watch.h"

#include <time.h>

#include "run/collect.h"
#include "run/launch.h"
#include "util/clock.h"

/* The curve: a sample every thousandth of the time so far, within these bounds. */
#define SAMPLE_MIN_NS ((uint64_t)2000000)
#define SAMPLE_MAX_NS CLOCK_SECOND_NS
/* Looking may cost this share of one processor, about as much again goes to waking up. */
#define COST_SHARE 200

static uint64_t
max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
take_moment(struct watch *watch, uint64_t now, uint64_t *next_moment_ns)
{
	if (collector_snapshot(watch->collector))
		watch->every_ns *= 2;
	*next_moment_ns += watch->every_ns;
	if (*next_moment_ns < now)
		*next_moment_ns = now + watch->every_ns;
}

/* Returns how long to wait before the next look. */
static uint64_t
look(struct watch *watch, uint64_t *next_moment_ns)
{
	uint64_t now = clock_get_ns(CLOCK_MONOTONIC), interval;
	uint64_t cost = collector_tick(watch->collector, true);

	if (watch->every_ns != 0 && now >= *next_moment_ns)
		take_moment(watch, now, next_moment_ns);
	interval = max_of(SAMPLE_MIN_NS, min_of(SAMPLE_MAX_NS, (now - watch->start_ns) / 1000));
	interval = max_of(interval, cost * COST_SHARE);
	if (watch->every_ns != 0)
		interval = min_of(interval, *next_moment_ns > now ? *next_moment_ns - now : 0);
	return interval;
}

void
watch_until_end(struct watch *watch)
{
	uint64_t next_moment_ns = watch->start_ns + watch->every_ns;
	uint64_t interval = SAMPLE_MIN_NS;

	while (launch_wait(watch->launch, interval) == 0)
		interval = look(watch, &next_moment_ns);
	launch_release(watch->launch);
}
