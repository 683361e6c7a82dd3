/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * annotate.h - what each line of one source file allocated
 *
 * The file is named as the user sees it, the groups as the debug information has them. A name means
 * the file that it is on this machine; else the one whose path ends like it. A file that exists
 * needs only its base name in common, because a source tree may have moved since the build.
 */
#ifndef ANNOTATE_H
#define ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"

struct annotate_line {
	uint32_t line; /* 0: the file is known, the line is not */
	struct profile_values values;
	struct block_histogram
		lifetimes; /* of the freed blocks; without them if the set has none */
};

struct annotation {
	bool same;                   /* `file` is the file of that name on this machine */
	const char *file;            /* as in the debug information; belongs to the place table */
	const char *other;           /* after -ENOTUNIQ, a second file that is meant as well */
	const char *module;          /* of the largest group */
	struct annotate_line *lines; /* ascending, each once */
	size_t count;
	struct profile_values sum; /* over the lines */
};

/* The path of a file of this machine without links and dots, to free; NULL if there is none. */
typedef char *annotate_resolve(const char *path);

/*
 * Collect the groups of a set of profile, by line, that are in the file called name. 0; -ENOENT if
 * there is none; -ENOTUNIQ if name fits several files equally well: `file` and `other` are two of
 * them.
 */
int annotate_groups(const struct profile *profile, const struct group_set *set,
		    const struct place_table *table, const char *name, annotate_resolve *resolve,
		    struct annotation *ret_annotation);

void annotation_release(struct annotation *annotation);

#endif
