/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter.h - which stacks a report is about
 *
 * A filter is a conjunction of conditions. If there are include filters, a stack stays only if at
 * least one of them matches. It is then dropped if any exclude filter matches.
 *
 *     GLOB            the file of a frame; `*` matches `/` too, as Python's fnmatch has it
 *     GLOB:LINE       file and line of the same frame
 *     KEY=GLOB        file, function, module of the same frame; thread, allocator, domain of the
 *                     stack; line=N
 *     size=1K..64K    single blocks of so many bytes; also size=64, size=1M.., size=..16
 *     age=10s..       that have lived so long; generation=0..1, that survived so many marks
 *     A,B             both; a comma inside [] is a plain one
 *
 * Conditions on a frame look at the frame that names the site, or with any_frame at all frames.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/filter_condition.h"
#include "model/place.h"

#define FILTERS_MAX 64 /* one bit each */

struct filter_list {
	struct filter *filters;
	size_t count;
};

/*
 * Add the filter in text. 0; -EINVAL with a sentence in *ret_why, to free; -E2BIG beyond
 * FILTERS_MAX.
 */
int filter_list_insert(struct filter_list *list, const char *text, bool inclusive, bool any_frame,
		       char **ret_why);

void filter_list_release(struct filter_list *list);

/* Whether any condition looks at the thread. */
bool filter_list_has_thread(const struct filter_list *list);

/* Whether any condition looks at the whole stack: thread, allocator, domain. */
bool filter_list_has_stack(const struct filter_list *list);

/* Whether any condition looks at single blocks. */
bool filter_list_has_block(const struct filter_list *list);

/* One bit for each filter all of whose frame conditions hold for this place. */
uint64_t filter_list_match_place(const struct filter_list *list, const struct place *place);

/*
 * Whether a stack stays: site are the bits of the place that names the site, any the union over all
 * places of the stack.
 */
bool filter_list_keep(const struct filter_list *list, uint64_t site, uint64_t any,
		      const struct filter_stack *stack);

#endif
