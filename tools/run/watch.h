/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.h - what there is to do while a traced program runs
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

struct collector;
struct launch;

struct watch {
	struct launch *launch; /* started */
	struct collector *collector;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t every_ns; /* between moments, or 0: none but at marks */
};

/* Sample and take moments until the program has ended; `launch->wait_status` says how. */
void watch_until_end(struct watch *watch);

#endif
