/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_start.c - what is to be known and made before a program runs traced
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/run_session.h"
#include "read/locate.h"
#include "read/tally_file.h"
#include "run/collect.h"
#include "run/exec_reader.h"
#include "run/target.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/output.h"
#include "util/text.h"
#include "util/xalloc.h"

static void
inspect(struct run *run)
{
	static const int statuses[] = {
		[TARGET_NOT_FOUND] = LAUNCH_NOT_FOUND,
		[TARGET_NOT_EXECUTABLE] = LAUNCH_NOT_EXECUTABLE,
		[TARGET_UNTRACEABLE] = LAUNCH_FAILED,
	};
	struct target target;

	target_inspect(run->options.arguments, &target);
	if (target.verdict == TARGET_RUNS_NOTHING) {
		execvp(run->options.arguments[0], run->options.arguments);
		die_errno(LAUNCH_NOT_EXECUTABLE, -errno, "%s", run->options.arguments[0]);
	}
	/* The reason names what cannot be traced: the program, or what interprets it. */
	if (target.verdict == TARGET_UNTRACEABLE)
		die(statuses[target.verdict], "cannot be traced: %s", target.reason);
	if (target.verdict != TARGET_TRACEABLE)
		die(statuses[target.verdict], "%s", target.reason);
	if (target.warning != NULL)
		warn("warning: %s", target.warning);
	run->program_path = xstrdup(target.path);
	run->name = xstrdup(target.name != NULL ? target.name
						: text_base_name(run->options.arguments[0]));
	target_release(&target);
}

/* Refuse before the start what is not to be replaced, and say it when the tally cannot be written;
 * the program runs all the same. */
static void
check_output(struct run *run)
{
	char *probe = run->options.output != NULL ? xstrdup(run->options.output)
						  : tally_file_make_path(run->name, getpid());
	struct output_rule rule = run_get_rule(run);
	char *why;

	run->path_error = output_check(probe, &rule, &why);
	if (why == NULL && run->options.graph && run->options.output != NULL)
		run_check_graph(run, probe, &why);
	if (why != NULL)
		die(LAUNCH_FAILED, "%s", why);
	free((void *)rule.inputs);
	free(probe);
}

/* Nothing can be recorded here. The program is worth more than the recording. */
static _Noreturn void
run_untraced(char *const *arguments, int why)
{
	warn_errno(why, "no directory for recordings can be created; %s runs untraced",
		   arguments[0]);
	execvp(arguments[0], arguments);
	die_errno(errno == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE, -errno, "%s",
		  arguments[0]);
}

static void
warn_of_path(const struct run *run)
{
	if (run->path_error != 0)
		warn_errno(run->path_error, "%s: cannot be written, the tally will be in %s",
			   run->options.output != NULL ? run->options.output : ".", run->directory);
}

/* A link is put beside the run's own directory, which goes with the run. */
static char *
make_preload(const struct run *run, const char *library)
{
	const char *slash = strrchr(run->directory, '/');
	char *parent = xstrndup(run->directory, (size_t)(slash - run->directory)), *preload;
	int result = launch_make_library_path(library, parent, &preload);

	if (result != 0)
		rmdir(run->directory);
	if (result == -EINVAL)
		die(LAUNCH_FAILED, "%s: LD_PRELOAD cannot hold this path, nor a link to it in %s",
		    library, parent);
	if (result != 0)
		die_errno(LAUNCH_FAILED, result, "%s: no link to %s can be created", parent,
			  library);
	free(parent);
	return preload;
}

void
run_prepare(struct run *run)
{
	char *library, *preload, *options, *why;
	int result;

	inspect(run);
	check_output(run);
	library = launch_find_library();
	if (library == NULL)
		die(LAUNCH_FAILED, "libheaptally.so: not found; HEAPTALLY_LIBRARY can name it");
	result = locate_make_run_directory(&run->directory, &run->directory_lock);
	if (result != 0)
		run_untraced(run->options.arguments, result);
	run->options.launch.directory = run->directory;
	warn_of_path(run);
	if (launch_make_options(&run->options.launch, getenv("HEAPTALLY"), &options, &why) != 0) {
		rmdir(run->directory);
		die(LAUNCH_FAILED, "%s", why);
	}
	preload = make_preload(run, library);
	if (!run->options.launch.no_children)
		exec_reader_make_file(run->directory);
	result = launch_prepare(&run->launch, run->options.arguments, preload, options);
	if (result != 0)
		die_errno(LAUNCH_FAILED, result, "%s: cannot be started",
			  run->options.arguments[0]);
	free(library);
	free(preload);
	free(options);
}

/* The directory of the tally, where there is room for as much again. */
static char *
get_spool_directory(const struct run *run)
{
	const char *slash = run->options.output != NULL ? strrchr(run->options.output, '/') : NULL;

	return slash == NULL
		       ? xstrdup(".")
		       : xstrndup(run->options.output, (size_t)(slash - run->options.output) + 1);
}

void
run_start(struct run *run)
{
	char *spool = get_spool_directory(run);
	int result;

	if (run->path_error != 0)
		run->path = run_make_path_with_recordings(run);
	else if (run->options.output != NULL)
		run->path = xstrdup(run->options.output);
	else
		run->path = tally_file_make_path(run->name, run->launch.pid);
	result = collector_new(run->directory, spool, run->launch.pid, &run->collector);
	free(spool);
	if (result != 0)
		die_errno(LAUNCH_FAILED, result, "%s: cannot be written", run->directory);
	if (run->options.graph)
		collector_keep_graphs(run->collector);
	if (!run->options.quiet)
		warn("recording %s (pid %d) to %s", run->options.arguments[0], (int)run->launch.pid,
		     run->path);
	run->start_ns = clock_get_ns(CLOCK_MONOTONIC);
	result = launch_start(&run->launch);
	if (result != 0) {
		exec_reader_remove_file(run->directory);
		rmdir(run->directory);
		die_errno(result == -ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE, result,
			  "%s", run->options.arguments[0]);
	}
	/* From here on only for us: a limit of the program's is no reason to lose its status. */
	signal(SIGXFSZ, SIG_IGN);
}
