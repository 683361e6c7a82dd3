/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_choice.h - of the processes of a file, the one that is meant, or the sum of those
 *
 *     each profile --insert--> the best so far, or added up;  all are counted  --finish--> source
 */
#ifndef SOURCE_CHOICE_H
#define SOURCE_CHOICE_H

#include <stddef.h>

#include "model/process.h"

struct merge;
struct profile;
struct source;
struct source_request;

struct source_choice {
	const struct source_request *request;
	const char *moment; /* as named, or NULL */
	const char *name;   /* of the file */
	struct profile *best;
	size_t best_index;
	struct process_list processes;
	struct merge *merge; /* instead of `best`, or NULL */
	int moment_error;    /* of the last process that has no such moment, and the sentence */
	char *why;
};

/* The request and the texts are to live as long. */
void source_choice_init(struct source_choice *choice, const struct source_request *request,
			const char *name, const char *moment);

/* Take the profile over: keep it if it is the best so far, or add it up. */
void source_choice_insert(struct source_choice *choice, struct profile *profile);

/*
 * Give source the profile, its moment, NULL for the one that is meant, and the processes. 0, or
 * -errno with a sentence to free.
 */
int source_choice_finish(struct source_choice *choice, struct source *source, char **ret_why);

void source_choice_release(struct source_choice *choice);

#endif
