/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run.c - heaptally run: start a program, record it and its descendants, write a tally
 *
 *     before   can it be traced, can the tally be written, where do recordings go
 *     while    wait; in between sample, take moments, and put aside who ended
 *     after    symbolize, write, print the card, return the program's status
 *
 * Whatever goes wrong with our part after the start, the program runs on and its status counts.
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/collect.h"
#include "cmd/command.h"
#include "symbols/debuginfo_cache.h"
#include "run/launch.h"
#include "read/locate.h"
#include "model/profile.h"
#include "symbols/symbolize.h"
#include "read/tally.h"
#include "read/tally_file.h"
#include "run/target.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/output.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/card.h"

/* The curve: a sample every thousandth of the time so far, within these bounds. */
#define SAMPLE_MIN_NS ((uint64_t)2000000)
#define SAMPLE_MAX_NS CLOCK_SECOND_NS
/* Looking may cost this share of one processor, about as much again goes to waking up. */
#define COST_SHARE 200

enum option_key {
	OPTION_FRAMES = 256,
	OPTION_EVERY,
	OPTION_NO_CHILDREN,
	OPTION_REALLOC,
	OPTION_THREADS,
	OPTION_BLOCKS,
	OPTION_START,
};

struct run {
	/* from the command line */
	const char *output;
	uint64_t every_ns; /* 0: only at the end */
	bool force, quiet;
	struct launch_options options;
	char **arguments;

	/* of this run */
	char *directory;
	int directory_lock; /* held until the end */
	char *path;         /* of the tally */
	char *program_path; /* of the file that exec will load */
	char *name;         /* of the process */
	int path_error;
	struct launch launch;
	struct collector *collector;
	uint64_t start_ns;
	uint64_t cpu_ns; /* ours, while the program ran */
	struct card card;
};

static const struct argp_option option_table[] = {
	{"output", 'o', "FILE", 0, "write FILE instead of heaptally.NAME.PID.tally", 0},
	{"force", 'f', NULL, 0, "replace FILE if it exists", 0},
	{"frames", OPTION_FRAMES, "N", 0, "keep the N innermost frames of each stack", 0},
	{"every", OPTION_EVERY, "SECONDS", 0, "take a snapshot every so many seconds", 0},
	{"no-children", OPTION_NO_CHILDREN, NULL, 0, "record the command only", 0},
	{"realloc", OPTION_REALLOC, "last|origin", 0,
	 "whose block it is after a realloc: that of the last call (default) or of the first", 0},
	{"threads", OPTION_THREADS, NULL, 0, "note which thread allocates, for --by thread", 0},
	{"blocks", OPTION_BLOCKS, NULL, 0,
	 "note size, birth and thread of every block, for heaptally block and blocks", 0},
	{"start", OPTION_START, "on|off", 0,
	 "off: record nothing until `heaptally resume PID` (default: on)", 0},
	{"quiet", 'q', NULL, 0, "print no card", 0},
	{0},
};

/* --- command line --- */

static uint32_t
parse_frames(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long frames;

	errno = 0;
	frames = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || frames < 1 ||
	    frames > 65535)
		argp_error(state, "--frames %s: not a number from 1 to 65535", text);
	return (uint32_t)frames;
}

static uint64_t
parse_seconds(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0.001 || seconds > 1e9)
		argp_error(state, "--every %s: not a number of seconds from 0.001 on", text);
	return (uint64_t)(seconds * 1e9);
}

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case 'o':
		run->output = argument;
		return 0;
	case 'f':
		run->force = true;
		return 0;
	case 'q':
		run->quiet = true;
		return 0;
	case OPTION_FRAMES:
		run->options.frames = parse_frames(argument, state);
		return 0;
	case OPTION_EVERY:
		run->every_ns = parse_seconds(argument, state);
		return 0;
	case OPTION_NO_CHILDREN:
		run->options.no_children = true;
		return 0;
	case OPTION_REALLOC:
		if (strcmp(argument, "last") != 0 && strcmp(argument, "origin") != 0)
			argp_error(state, "--realloc %s: neither last nor origin", argument);
		run->options.realloc = argument;
		return 0;
	case OPTION_THREADS:
		run->options.threads = true;
		return 0;
	case OPTION_BLOCKS:
		run->options.blocks = true;
		return 0;
	case OPTION_START:
		if (strcmp(argument, "on") != 0 && strcmp(argument, "off") != 0)
			argp_error(state, "--start %s: neither on nor off", argument);
		run->options.start = argument;
		return 0;
	case ARGP_KEY_ARG:
		/* The first word that is no option begins the command; the rest is its own. */
		run->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
parse_command_line(struct run *run, int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "COMMAND [ARG...]",
		.doc = "Run a program and record what it and its descendants allocate.\v"
		       "Examples:\n"
		       "  heaptally run -- ./server --port 80\n"
		       "  heaptally run --every 1 -o build.tally -- make -j4\n"
		       "  heaptally run --frames 8 python3 script.py\n",
	};

	argp_err_exit_status = LAUNCH_FAILED;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, run);
}

/* --- before --- */

static void
inspect(struct run *run)
{
	static const int statuses[] = {
		[TARGET_NOT_FOUND] = LAUNCH_NOT_FOUND,
		[TARGET_NOT_EXECUTABLE] = LAUNCH_NOT_EXECUTABLE,
		[TARGET_UNTRACEABLE] = LAUNCH_FAILED,
	};
	struct target target;

	target_inspect(run->arguments, &target);
	if (target.verdict == TARGET_RUNS_NOTHING) {
		execvp(run->arguments[0], run->arguments);
		die_errno(LAUNCH_NOT_EXECUTABLE, -errno, "%s", run->arguments[0]);
	}
	/* The reason names what cannot be traced: the program, or what interprets it. */
	if (target.verdict == TARGET_UNTRACEABLE)
		die(statuses[target.verdict], "cannot be traced: %s", target.reason);
	if (target.verdict != TARGET_TRACEABLE)
		die(statuses[target.verdict], "%s", target.reason);
	if (target.warning != NULL)
		warn("warning: %s", target.warning);
	run->program_path = xstrdup(target.path);
	run->name = xstrdup(target.name != NULL ? target.name : text_base_name(run->arguments[0]));
	target_release(&target);
}

/* The program and the words of its command line: any of them may be a file that it reads. */
static const char *const *
get_inputs(const struct run *run, size_t *ret_count)
{
	const char **inputs;
	size_t count = 0;

	while (run->arguments[count] != NULL)
		count++;
	inputs = xcalloc(count + 1, sizeof(*inputs));
	for (size_t i = 0; i < count; i++)
		inputs[i] = run->arguments[i];
	inputs[count] = run->program_path;
	*ret_count = count + 1;
	return inputs;
}

static struct output_rule
get_rule(const struct run *run)
{
	struct output_rule rule = {
		.force = run->force,
		.no_stdout = "standard output is the program's; --output needs a name",
	};

	rule.inputs = get_inputs(run, &rule.input_count);
	return rule;
}

/* Refuse before the start what is not to be replaced, and say it when the tally cannot be written;
 * the program runs all the same. */
static void
check_output(struct run *run)
{
	char *probe = run->output != NULL ? xstrdup(run->output)
					  : tally_file_make_path(run->name, getpid());
	struct output_rule rule = get_rule(run);
	char *why;

	run->path_error = output_check(probe, &rule, &why);
	if (why != NULL)
		die(LAUNCH_FAILED, "%s", why);
	free((void *)rule.inputs);
	free(probe);
}

/* Nothing can be recorded here. The program is worth more than the recording. */
static _Noreturn void
run_untraced(char *const *arguments, int why)
{
	warn_errno(why, "no directory for recordings can be made, %s runs untraced", arguments[0]);
	execvp(arguments[0], arguments);
	die_errno(errno == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE, -errno, "%s",
		  arguments[0]);
}

static void
warn_of_path(const struct run *run)
{
	if (run->path_error != 0)
		warn_errno(run->path_error, "%s: cannot be written, the tally will be in %s",
			   run->output != NULL ? run->output : ".", run->directory);
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
		die_errno(LAUNCH_FAILED, result, "%s: no link to %s can be made", parent, library);
	free(parent);
	return preload;
}

static void
make_process(struct run *run)
{
	char *library = launch_find_library(), *preload, *options, *why;
	int result;

	check_output(run);
	if (library == NULL)
		die(LAUNCH_FAILED, "libheaptally.so: not found; HEAPTALLY_LIBRARY can name it");
	result = locate_make_run_directory(&run->directory, &run->directory_lock);
	if (result != 0)
		run_untraced(run->arguments, result);
	run->options.directory = run->directory;
	warn_of_path(run);
	if (launch_make_options(&run->options, getenv("HEAPTALLY"), &options, &why) != 0) {
		rmdir(run->directory);
		die(LAUNCH_FAILED, "%s", why);
	}
	preload = make_preload(run, library);
	result = launch_prepare(&run->launch, run->arguments, preload, options);
	if (result != 0)
		die_errno(LAUNCH_FAILED, result, "%s: cannot be started", run->arguments[0]);
	free(library);
	free(preload);
	free(options);
}

static char *
make_path_with_recordings(const struct run *run)
{
	char *name = tally_file_make_path(run->name, run->launch.pid);
	char *path = xasprintf("%s/%s", run->directory, name);

	free(name);
	return path;
}

/* The directory of the tally, where there is room for as much again. */
static char *
get_spool_directory(const struct run *run)
{
	const char *slash = run->output != NULL ? strrchr(run->output, '/') : NULL;

	return slash == NULL ? xstrdup(".")
			     : xstrndup(run->output, (size_t)(slash - run->output) + 1);
}

static void
start(struct run *run)
{
	char *spool = get_spool_directory(run);
	int result;

	if (run->path_error != 0)
		run->path = make_path_with_recordings(run);
	else if (run->output != NULL)
		run->path = xstrdup(run->output);
	else
		run->path = tally_file_make_path(run->name, run->launch.pid);
	result = collector_new(run->directory, spool, run->launch.pid, &run->collector);
	free(spool);
	if (result != 0)
		die_errno(LAUNCH_FAILED, result, "%s: cannot be written", run->directory);
	if (!run->quiet)
		warn("recording %s (pid %d) to %s", run->arguments[0], (int)run->launch.pid,
		     run->path);
	run->start_ns = clock_get_ns(CLOCK_MONOTONIC);
	result = launch_start(&run->launch);
	if (result != 0) {
		rmdir(run->directory);
		die_errno(result == -ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_NOT_EXECUTABLE, result,
			  "%s", run->arguments[0]);
	}
	/* From here on only for us: a limit of the program's is no reason to lose its status. */
	signal(SIGXFSZ, SIG_IGN);
}

/* --- while --- */

static uint64_t
max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
take_moment(struct run *run, uint64_t now, uint64_t *next_moment_ns)
{
	if (collector_snapshot(run->collector))
		run->every_ns *= 2;
	*next_moment_ns += run->every_ns;
	if (*next_moment_ns < now)
		*next_moment_ns = now + run->every_ns;
}

/* Returns how long to wait before the next look. */
static uint64_t
look(struct run *run, uint64_t *next_moment_ns)
{
	uint64_t now = clock_get_ns(CLOCK_MONOTONIC), interval;
	uint64_t cost = collector_tick(run->collector, true);

	if (run->every_ns != 0 && now >= *next_moment_ns)
		take_moment(run, now, next_moment_ns);
	interval = max_of(SAMPLE_MIN_NS, min_of(SAMPLE_MAX_NS, (now - run->start_ns) / 1000));
	interval = max_of(interval, cost * COST_SHARE);
	if (run->every_ns != 0)
		interval = min_of(interval, *next_moment_ns > now ? *next_moment_ns - now : 0);
	return interval;
}

static void
wait_for_end(struct run *run)
{
	uint64_t next_moment_ns = run->start_ns + run->every_ns;
	uint64_t interval = SAMPLE_MIN_NS;

	while (launch_wait(&run->launch, interval) == 0)
		interval = look(run, &next_moment_ns);
	launch_release(&run->launch);
	run->card.duration_ns = clock_get_ns(CLOCK_MONOTONIC) - run->start_ns;
	run->cpu_ns = clock_get_ns(CLOCK_PROCESS_CPUTIME_ID);
	run->card.wait_status = run->launch.wait_status;
}

/* --- after --- */

/* Symbolize and write all profiles; the one with the largest peak is kept for the card. */
static int
write_profiles(struct run *run, struct tally_writer *writer)
{
	struct term_progress progress;
	struct debuginfo_cache *cache = debuginfo_cache_new();
	struct symbolize_options options = {
		.cache = cache,
		.progress = term_progress_update,
		.context = &progress,
	};
	struct profile *profile;
	int result;

	term_progress_init(&progress, "reading symbols", run->quiet);
	while ((result = collector_next(run->collector, &profile)) == 1) {
		symbolize_profile(profile, &options);
		if (profile->has_wait_status)
			profile->tracer_cpu_ns = run->cpu_ns;
		result = tally_writer_insert(writer, profile);
		block_set_drop(&profile->blocks);
		run->card.process_count++;
		if (run->card.profile == NULL ||
		    profile_get_peak(profile) > profile_get_peak(run->card.profile)) {
			profile_free(run->card.profile);
			run->card.profile = profile;
		} else {
			profile_free(profile);
		}
		if (result != 0)
			break;
	}
	term_progress_release(&progress);
	debuginfo_cache_free(cache);
	return result == 0 ? tally_writer_finish(writer) : result;
}

/* Returns 0, or -errno after it was said. */
static int
write_tally(struct run *run)
{
	struct output_rule rule = get_rule(run);
	struct tally_writer *writer;
	struct output output;
	char *why;
	int result = output_begin(run->path, &rule, &output, &why);

	free((void *)rule.inputs);
	if (result == 0) {
		writer = tally_writer_new(output.fd);
		result = write_profiles(run, writer);
		tally_writer_free(writer);
		if (result == 0 && run->card.process_count != 0) {
			result = output_commit(&output);
		} else {
			output_abandon(&output);
		}
	}
	if (why != NULL)
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
	int result = collector_rewind(run->collector);

	profile_free(run->card.profile);
	run->card.profile = NULL;
	run->card.process_count = 0;
	free(run->path);
	run->path = make_path_with_recordings(run);
	return result == 0 ? write_tally(run) : result;
}

/* Returns the error of the first place that was tried. */
static int
write_somewhere(struct run *run)
{
	int result = write_tally(run);

	if (result != 0 && run->path_error == 0)
		write_elsewhere(run);
	return result;
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
		     run->arguments[0], (unsigned long long)limit.rlim_cur);
		return status;
	}
	warn("%s: no recording appeared: the runtime was not loaded, was kept from writing to %s, "
	     "or the environment was cleared",
	     run->arguments[0], run->directory);
	return status != 0 ? status : LAUNCH_FAILED;
}

/* An allocator inside the executable bypasses ours, and its blocks are missing everywhere. */
static void
warn_of_allocator(const struct run *run)
{
	const struct profile *profile = run->card.profile;
	char *name = target_find_allocator(profile->executable);

	if (name != NULL)
		warn("warning: %s has %s inside: blocks that it takes from there are not seen",
		     profile->executable, name);
	free(name);
}

static void
print_card(struct run *run)
{
	struct term term;

	term_init(&term, stderr, TERM_COLOR_AUTO);
	run->card.command = run->arguments[0];
	run->card.path = run->path;
	view_card(&term, &run->card);
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
	result = write_somewhere(run);
	if (run->path_error == 0)
		run->path_error = result;
	collector_free(run->collector);
	if (left == 0)
		rmdir(run->directory);
	if (run->card.process_count == 0 && left == 0)
		return explain_nothing(run, status);
	if (run->card.process_count == 0)
		return status != 0 ? status : LAUNCH_FAILED;
	warn_of_allocator(run);
	if (!run->quiet)
		print_card(run);
	if (run->path_error != 0)
		warn("the tally is %s", run->path);
	if (left != 0 && !run->quiet)
		warn("%zu recording%s left in %s", left, left == 1 ? " is" : "s are",
		     run->directory);
	return status;
}

int
cmd_run(int argc, char **argv)
{
	struct run run = {0};
	int status;

	parse_command_line(&run, argc, argv);
	inspect(&run);
	make_process(&run);
	start(&run);
	wait_for_end(&run);
	status = finish(&run);
	profile_free(run.card.profile);
	free(run.directory);
	free(run.path);
	free(run.program_path);
	free(run.name);
	return status;
}
