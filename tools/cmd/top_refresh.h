/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top_refresh.h - heaptally top --refresh: the report of a process, again and again
 */
#ifndef CMD_TOP_REFRESH_H
#define CMD_TOP_REFRESH_H

#include <stdint.h>

struct report_options;

/*
 * Report until the process ends, `count` reports are made (0: no limit) or the user has enough. On
 * a terminal the report is drawn in place, else one is printed after the other. Returns the exit
 * status.
 */
int cmd_top_refresh(const struct report_options *report, const char *operand, uint64_t interval_ns,
		    unsigned long count);

#endif
