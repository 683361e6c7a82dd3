/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/top_options.h - the command line of `heaptally top`
 */
#ifndef TOP_OPTIONS_H
#define TOP_OPTIONS_H

#include <stdbool.h>

#include "cmd/report_options.h"

struct top_options {
	struct report_options report;
	const char *operand;    /* or NULL */
	const char *callers_of; /* or NULL */
	bool no_system_rules, show_system_rules;
	double refresh_seconds; /* 0: once */
	unsigned long count;    /* 0: no limit */
};

/* Ends the program where the words are wrong, or only help is wanted. */
void top_options_parse(struct top_options *options, int argc, char **argv);
void top_options_release(struct top_options *options);

#endif
