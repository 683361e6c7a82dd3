/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_tally.c - the tally of a run: where it goes, what it may replace, what is in it
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/run_session.h"
#include "model/card.h"
#include "model/leak_report.h"
#include "model/profile.h"
#include "read/tally.h"
#include "read/tally_file.h"
#include "run/collect.h"
#include "run/spool.h"
#include "symbols/class_names.h"
#include "symbols/symbolize.h"
#include "util/error.h"
#include "util/output.h"
#include "util/term.h"
#include "util/xalloc.h"

#define RENAMES 100

/* The program and the words of its command line: any of them may be a file that it reads. */
static const char *const *
get_inputs(const struct run *run, size_t *ret_count)
{
	const char **inputs;
	size_t count = 0;

	while (run->options.arguments[count] != NULL)
		count++;
	inputs = xcalloc(count + 1, sizeof(*inputs));
	for (size_t i = 0; i < count; i++)
		inputs[i] = run->options.arguments[i];
	inputs[count] = run->program_path;
	*ret_count = count + 1;
	return inputs;
}

struct output_rule
run_get_rule(const struct run *run)
{
	struct output_rule rule = {
		.force = run->options.force,
		.no_stdout = "standard output is the program's; --output needs a name",
	};

	rule.inputs = get_inputs(run, &rule.input_count);
	return rule;
}

char *
run_make_path_with_recordings(const struct run *run)
{
	char *name = tally_file_make_path(run->name, run->launch.pid);
	char *path = xasprintf("%s/%s", run->directory, name);

	free(name);
	return path;
}

static void
count_lost(struct run *run, const struct profile *profile)
{
	struct leak_values sum;

	if (!run->options.leaks_fail || profile->unseen != 0)
		return;
	if (!leak_set_has_answer(&profile->leaks)) {
		run->unknown_leaks |= profile->has_wait_status;
		return;
	}
	leak_report_sum(profile, &sum);
	run->lost_blocks += leak_values_get_lost_blocks(&sum);
}

/* Symbolize and write all profiles; those for the card are kept. */
static int
write_profiles(struct run *run, struct tally_writer *writer)
{
	struct term_progress progress;
	struct symbolize_options options = {
		.cache = run->debuginfo,
		.names = run->names,
		.progress = term_progress_update,
		.context = &progress,
	};
	struct profile *profile;
	struct card_choice choice;
	size_t number = 0;
	int result;

	card_choose(run->card.processes, &choice);
	run->card.chosen = choice.chosen;
	term_progress_init(&progress, "reading symbols", run->options.quiet);
	while ((result = spool_next(collector_get_spool(run->collector), &profile)) == 1) {
		symbolize_profile(profile, &options);
		class_names_take_leaks(profile, false);
		count_lost(run, profile);
		if (profile->has_wait_status)
			profile->tracer_cpu_ns = run->cpu_ns;
		result = tally_writer_insert(writer, profile);
		block_set_drop(&profile->blocks);
		if (profile->unseen == 0)
			card_take_profile(&run->card, &choice, number++, profile);
		else
			profile_free(profile);
		if (result != 0)
			break;
	}
	term_progress_release(&progress);
	return result == 0 ? tally_writer_finish(writer) : result;
}

/* Whether another name is as good: a process of the same number, of another namespace, may have
 * ended in the same directory meanwhile. */
static bool
may_rename(const struct run *run)
{
	return run->options.output == NULL && run->path_error == 0;
}

/* Returns 0, or -errno after it was said; -EEXIST of a name that we chose is not. */
static int
write_tally(struct run *run)
{
	struct output_rule rule = run_get_rule(run);
	struct tally_writer *writer;
	struct output output;
	char *why;
	int result = output_begin(run->path, &rule, &output, &why);

	free((void *)rule.inputs);
	if (result == 0) {
		writer = tally_writer_new(output.fd);
		result = write_profiles(run, writer);
		tally_writer_free(writer);
		if (result == 0 && run->card.profile != NULL) {
			result = output_commit(&output);
		} else {
			output_abandon(&output);
		}
	}
	if (result == -EEXIST && may_rename(run))
		; /* it will have another one */
	else if (why != NULL)
		warn("%s", why);
	else if (result != 0)
		warn_errno(result, "%s: cannot be written", run->path);
	free(why);
	return result;
}

/* The place of the tally turned out to be full, or taken: put it where the recordings were. */
static int
write_elsewhere(struct run *run)
{
	int result = spool_rewind(collector_get_spool(run->collector));

	card_drop_profiles(&run->card);
	free(run->path);
	run->path = run_make_path_with_recordings(run);
	return result == 0 ? write_tally(run) : result;
}

/* Under a name that is free by now, until none came first. */
static int
write_under_other_name(struct run *run)
{
	int result = -EEXIST;

	for (int i = 0; i < RENAMES && result == -EEXIST; i++) {
		if (spool_rewind(collector_get_spool(run->collector)) != 0)
			break;
		card_drop_profiles(&run->card);
		free(run->path);
		run->path = tally_file_make_path(run->name, run->launch.pid);
		run->is_renamed = true;
		result = write_tally(run);
	}
	return result;
}

/* Returns the error of the first place that was tried. */
int
run_write(struct run *run)
{
	int result = write_tally(run);

	if (result == -EEXIST && may_rename(run))
		result = write_under_other_name(run);
	if (result != 0 && run->path_error == 0)
		write_elsewhere(run);
	run_move_graphs(run);
	return result;
}
