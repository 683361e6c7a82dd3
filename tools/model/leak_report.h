/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * leak_report.h - what is lost, by line: rows of a report, worst first
 */
#ifndef LEAK_REPORT_H
#define LEAK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attribution.h"
#include "model/group.h"
#include "model/leak.h"

/* Worst first; each row has one. */
enum leak_verdict {
	LEAK_LOST,     /* nothing points at some of its blocks */
	LEAK_PART,     /* some hang on lost ones of other rows, and none is lost for itself */
	LEAK_GROWING,  /* between two looks more have come than gone */
	LEAK_MAYBE,    /* some are only held by what may be no pointer */
	LEAK_HELD,     /* all can be reached */
	LEAK_PLATEAU,  /* likewise, and between two looks there were not more */
	LEAK_START_UP, /* likewise, none has come or gone, and none was ever freed */
	LEAK_VERDICTS
};

struct leak_row {
	uint32_t stack, caller; /* of the site with the most bytes: as `attribution_make_stack` */
	uint32_t site;          /* that one */
	uint32_t place;         /* that it is known by */
	struct leak_values values;
	struct leak_change change; /* 0 without two looks */
	uint64_t freed_blocks;     /* that there were, up to the last moment */
	enum leak_verdict verdict;
	bool is_system;            /* libraries of the system keep it by design */
	uint32_t part, part_count; /* in `parts`, largest first */
	uint32_t look, look_count; /* in `looks`, most lost ones first, then most */
};

/* What hangs on the lost blocks of a row. */
struct leak_row_part {
	uint32_t row, other; /* rows; they may be the same */
	bool in_ring;
	uint64_t blocks, bytes;
};

/* What blocks of a row look like. */
struct leak_row_look {
	uint32_t row;
	const char *name; /* of a class, or a kind of container of the C++ library */
	bool is_array, is_node;
	uint64_t blocks, lost; /* all, and lost ones */
};

struct leak_report {
	struct leak_row *rows; /* what the system keeps comes last */
	struct leak_row_part *parts;
	struct leak_row_look *looks;
	size_t row_count, part_count, look_count;
	struct leak_values sum;        /* of the rows that are not the system's */
	struct leak_values system;     /* of those that are */
	struct leak_values suppressed; /* of what is no row */
};

/* From `profile->leaks`; the attribution has been made with the selection of options. */
void leak_report_init(struct leak_report *report, const struct profile *profile,
		      struct attribution *attribution, const struct group_options *options);
void leak_report_release(struct leak_report *report);

/* What is lost in a report and not in an earlier one, whose attribution has the same table: of each
 * place what there is more, and no place that has no more. */
void leak_report_subtract(struct leak_report *report, const struct leak_report *earlier);

/* The sum of all of a symbolized profile, less what the system keeps; nothing when nobody looked.
 */
void leak_report_sum(const struct profile *profile, struct leak_values *ret_sum);

/* "lost", "part", "growing", "maybe", "held", "plateau", "start-up". */
extern const char *const leak_verdict_names[];

#endif
