/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * selection.h - which stacks a report is about, and which of their frames may name a site
 */
#ifndef SELECTION_H
#define SELECTION_H

#include <stdbool.h>

#include "model/filter.h"
#include "model/suppress.h"
#include "model/wrapper.h"

struct selection {
	struct filter_list filters;
	struct suppress_list suppressions;
	struct wrapper_patterns wrappers;
	bool system_rules; /* what system libraries keep is apart, of a run at its end */
	bool raw_frames;   /* wrappers name sites too */
	bool whole_stacks; /* stacks keep the wrappers at their inner end, and the allocator */
	bool native;       /* what Python has called names a site, not its line of Python */
};

#endif
