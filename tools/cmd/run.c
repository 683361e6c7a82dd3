/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run.c - heaptally run: start a program, record it and its descendants, write a tally
 *
 *     before   can it be traced, can the tally be written, where do recordings go   run_start.c
 *     while    wait; in between sample, take moments, and put aside who ended       run/watch.c
 *              beside that, find names                                              run_early.c
 *     after    symbolize, write, print the card, return the program's status        run_tally.c
 *              beside that, keep graphs                                             run_graphs.c
 *
 * Whatever goes wrong with our part after the start, the program runs on and its status counts.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/run_early.h"
#include "cmd/run_session.h"
#include "model/profile.h"
#include "run/collect.h"
#include "run/elf_facts.h"
#include "run/exec_reader.h"
#include "run/interfaces.h"
#include "run/spool.h"
#include "run/watch.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/name_cache.h"
#include "symbols/symbolize.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/card.h"

/* Exit statuses of --leaks=fail. */
#define RUN_LOST    1
#define RUN_UNKNOWN 3 /* nobody could look */

static void
wait_for_end(struct run *run)
{
	struct watch watch = {
		.launch = &run->launch,
		.collector = run->collector,
		.start_ns = run->start_ns,
		.every_ns = run->options.every_ns,
	};
	const struct symbolize_options symbols = {.cache = run->debuginfo, .names = run->names};
	struct run_early *early = run_early_start(run->directory, &symbols);
	uint64_t early_ns;

	watch_until_end(&watch);
	run->card.duration_ns = clock_get_ns(CLOCK_MONOTONIC) - run->start_ns;
	early_ns = run_early_stop(early);
	run->cpu_ns = clock_get_ns(CLOCK_PROCESS_CPUTIME_ID) - early_ns;
	run->card.wait_status = run->launch.wait_status;
}

/* Nothing was recorded: say so, and why if it can be seen. Returns the exit status. */
static int
explain_nothing(const struct run *run, int status)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	getrlimit(RLIMIT_FSIZE, &limit);
	if (limit.rlim_cur != RLIM_INFINITY) {
		warn("%s: no recording appeared: the limit on the size of files (ulimit -f) is "
		     "%llu bytes",
		     run->options.arguments[0], (unsigned long long)limit.rlim_cur);
		return status;
	}
	warn("%s: no recording appeared: the runtime was not loaded, could not write to %s, "
	     "or the environment was cleared",
	     run->options.arguments[0], run->directory);
	return status != 0 ? status : LAUNCH_FAILED;
}

/* An allocator inside the executable bypasses ours, and its blocks are missing everywhere. */
static char *
describe_allocator(const struct run *run)
{
	const struct profile *profile = run->card.profile;
	char *name = elf_facts_find_allocator(profile->executable), *sentence = NULL;

	if (name != NULL)
		sentence = xasprintf("%s has %s inside: blocks that it takes from there are not "
				     "seen",
				     profile->executable, name);
	free(name);
	return sentence;
}

static void
print_card(struct run *run)
{
	struct term term;
	char *allocator = describe_allocator(run);

	if (allocator == NULL)
		allocator = interfaces_describe_unseen(run->card.profile);
	term_init(&term, stderr, TERM_COLOR_AUTO);
	run->card.command = run->options.arguments[0];
	run->card.path = run->path;
	run->card.wants_leaks = run->options.launch.leaks;
	run->card.wrappers.globs = run->options.wrappers;
	run->card.wrappers.count = run->options.wrapper_count;
	run->card.warning = allocator;
	if (!run->options.quiet) {
		term_fresh_line(&term);
		view_card(&term, &run->card);
	} else if (allocator != NULL) {
		warn("warning: %s", allocator);
	}
	free(allocator);
}

/* The recordings that stay are those of processes that go on, and damaged ones. */
static void
clean_up(struct run *run)
{
	exec_reader_remove_file(run->directory);
	if (collector_get_left(run->collector) == 0)
		rmdir(run->directory);
}

/* Returns the exit status. */
static int
finish(struct run *run)
{
	int status = launch_get_exit_status(run->launch.wait_status);
	int result = collector_finish(run->collector, run->launch.wait_status);
	size_t left = collector_get_left(run->collector);

	if (result != 0)
		warn_errno(result, "%s: not all recordings could be read", run->directory);
	run->card.processes = spool_get_processes(collector_get_spool(run->collector));
	result = run_write(run);
	if (run->path_error == 0)
		run->path_error = result;
	clean_up(run);
	if (run->card.profile == NULL && left == 0)
		return explain_nothing(run, status);
	if (run->card.profile == NULL)
		return status != 0 ? status : LAUNCH_FAILED;
	print_card(run);
	if (run->path_error != 0 || run->is_renamed)
		warn("the tally is %s", run->path);
	/* The program's own failure says more. */
	if (status == 0 && run->lost_blocks != 0)
		return RUN_LOST;
	return status == 0 && run->unknown_leaks ? RUN_UNKNOWN : status;
}

int
cmd_run(int argc, char **argv)
{
	struct run run = {0};
	int status;

	run_options_parse(&run.options, argc, argv);
	run_prepare(&run);
	run_start(&run);
	run.debuginfo = debuginfo_cache_new();
	run.names = run.options.no_cache ? NULL : name_cache_new();
	wait_for_end(&run);
	status = finish(&run);
	card_drop_profiles(&run.card);
	/* Written when nobody waits for it any more. */
	name_cache_free(run.names);
	debuginfo_cache_free(run.debuginfo);
	collector_free(run.collector);
	free(run.directory);
	free(run.path);
	free(run.program_path);
	free(run.name);
	return status;
}
