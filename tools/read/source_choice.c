/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source_choice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/merge.h"
#include "model/moment.h"
#include "model/profile.h"
#include "read/operand.h"
#include "read/source_explain.h"
#include "read/source_request.h"
#include "util/xalloc.h"

static bool
is_wanted(const struct profile *profile, const struct source_request *request)
{
	if (profile->unseen != 0)
		return false;
	if (request->graph != NULL && !leak_set_is_of(&profile->leaks, request->graph))
		return false;
	return request->process == NULL ||
	       operand_is_process(request->process, profile->pid, profile->command);
}

/* The name of a moment that is not the last one. */
static const char *
get_label(const struct source_choice *choice)
{
	const char *moment = choice->moment;

	return moment == NULL || moment_is_always_there(moment) ? NULL : moment;
}

/* A process that has no such moment adds nothing; when none has it, that is an error. */
static void
add(struct source_choice *choice, const struct profile *profile)
{
	const char *moment = choice->moment != NULL ? choice->moment : "exit";
	struct profile_at at;
	int result = profile_find_moment(profile, moment, &at);

	if (result == 0) {
		merge_insert(choice->merge, profile, at.moment);
		return;
	}
	free(choice->why);
	choice->moment_error = result;
	choice->why = source_explain_moment(choice->name, moment, profile, result);
}

void
source_choice_init(struct source_choice *choice, const struct source_request *request,
		   const char *name, const char *moment)
{
	*choice = (struct source_choice){.request = request, .name = name, .moment = moment};
	if (request->sums)
		choice->merge = merge_new(request->by_process);
}

void
source_choice_insert(struct source_choice *choice, struct profile *profile)
{
	process_list_insert(&choice->processes, profile);
	if (choice->merge != NULL) {
		if (is_wanted(profile, choice->request))
			add(choice, profile);
		profile_free(profile);
		return;
	}
	if (is_wanted(profile, choice->request) &&
	    (choice->best == NULL || profile_get_peak(profile) > profile_get_peak(choice->best))) {
		profile_free(choice->best);
		choice->best = profile;
		choice->best_index = choice->processes.all.count - 1;
		return;
	}
	profile_free(profile);
}

/* The sum, NULL of nothing. It is called after the process that a report would be about. */
static struct profile *
finish_sum(struct source_choice *choice)
{
	struct profile *sum = merge_finish(choice->merge, get_label(choice));

	choice->best_index = process_list_choose(&choice->processes);
	return sum;
}

/* Its own moment is the first one of a sum, whatever the name is. */
static int
find_moment(const struct source_choice *choice, const struct profile *profile, const char *moment,
	    struct profile_at *ret_at)
{
	if (choice->merge == NULL || get_label(choice) == NULL)
		return profile_find_moment(profile, moment, ret_at);
	*ret_at = (struct profile_at){.moment = &profile->moments[0]};
	return 0;
}

int
source_choice_finish(struct source_choice *choice, struct source *source, char **ret_why)
{
	const char *moment = choice->moment;
	int result;

	if (choice->merge != NULL)
		choice->best = finish_sum(choice);
	source->profile = choice->best;
	choice->best = NULL;
	source->processes = choice->processes;
	choice->processes = (struct process_list){0};
	source->chosen = choice->best_index;
	if (source->profile == NULL && choice->why != NULL) {
		*ret_why = choice->why;
		choice->why = NULL;
		return choice->moment_error;
	}
	if (source->profile == NULL) {
		*ret_why = choice->request->process != NULL
				   ? source_explain_process(source->name, choice->request->process,
							    &source->processes)
			   : choice->request->graph != NULL
				   ? xasprintf("%s: the graph is not of the same run", source->name)
				   : xasprintf("%s: contains no process", source->name);
		return -ENOENT;
	}
	source->is_named = moment != NULL;
	if (moment == NULL)
		moment = moment_get_default(source->profile);
	result = find_moment(choice, source->profile, moment, &source->at);
	if (result != 0)
		*ret_why = source_explain_moment(source->name, moment, source->profile, result);
	return result;
}

void
source_choice_release(struct source_choice *choice)
{
	profile_free(choice->best);
	process_list_release(&choice->processes);
	merge_free(choice->merge);
	free(choice->why);
}
