/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/snapshot.c - heaptally snapshot: keep what a recording holds now
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/report.h"
#include "cmd/command.h"
#include "model/profile.h"
#include "read/source.h"
#include "symbols/symbolize.h"
#include "read/tally.h"
#include "read/tally_file.h"
#include "util/error.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"

struct arguments {
	const char *output;
	const char *operand;
	bool force, quiet, blocks;
};

enum {
	OPTION_BLOCKS = 256,
};

static const struct argp_option option_table[] = {
	{"output", 'o', "FILE", 0, "write FILE instead of heaptally.NAME.PID.tally", 0},
	{"force", 'f', NULL, 0, "replace FILE if it exists", 0},
	{"blocks", OPTION_BLOCKS, NULL, 0, "keep every single block, if they were recorded", 0},
	{"quiet", 'q', NULL, 0, "do not say what was written", 0},
	{0},
};

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->output = argument;
		return 0;
	case 'f':
		arguments->force = true;
		return 0;
	case OPTION_BLOCKS:
		arguments->blocks = true;
		return 0;
	case 'q':
		arguments->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->operand != NULL)
			argp_error(state, "more than one process or file");
		arguments->operand = argument;
		return 0;
	case ARGP_KEY_END:
		if (arguments->operand == NULL)
			argp_error(state, "no process or file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
add_names(struct profile *profile, bool quiet)
{
	struct term_progress progress;
	struct symbolize_options options = {.progress = term_progress_update, .context = &progress};

	if (profile->symbolized)
		return;
	term_progress_init(&progress, "reading symbols", quiet);
	symbolize_profile(profile, &options);
	term_progress_release(&progress);
}

static int
write_profile(const char *path, const struct profile *profile)
{
	struct tally_writer *writer;
	struct tally_file file;
	int result = tally_file_begin(path, &file);

	if (result != 0)
		return result;
	writer = tally_writer_new(file.fd);
	result = tally_writer_insert(writer, profile);
	if (result == 0)
		result = tally_writer_finish(writer);
	tally_writer_free(writer);
	if (result == 0)
		return tally_file_commit(&file);
	tally_file_abandon(&file);
	return result;
}

static void
report(const char *path, const struct profile *profile)
{
	const struct profile_moment *last = &profile->moments[profile->moment_count - 1];
	char live[HUMAN_BYTES], peak[HUMAN_BYTES];
	char *command = term_escape(profile->command), *name = term_escape(path);

	printf("%s: %s (%u), %s live, peak %s\n", name, command, profile->pid,
	       human_size(last->sum.live_bytes, live), human_size(last->sum.peak_bytes, peak));
	free(command);
	free(name);
}

int
cmd_snapshot(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "PID|FILE",
		.doc = "Write a snapshot of a process that runs, is stopped, or ended and left a "
		       "recording.\v"
		       "Examples:\n"
		       "  heaptally snapshot 41873\n"
		       "  heaptally snapshot -o before.tally 41873\n"
		       "  heaptally snapshot /dev/shm/heaptally-1000/ingest.41873.*.recording\n",
	};
	struct arguments arguments = {0};
	struct source_request request = {0};
	struct source source;
	char *why, *path;
	int result;

	argp_err_exit_status = COMMAND_TROUBLE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (!arguments.force && arguments.output != NULL && tally_file_is_taken(arguments.output))
		die(COMMAND_TROUBLE, "%s: exists; --force replaces it", arguments.output);
	request.operand = arguments.operand;
	request.blocks = arguments.blocks;
	if (source_read(&request, &source, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (arguments.blocks)
		cmd_report_need_blocks(&source);
	add_names(source.profile, arguments.quiet);
	path = arguments.output != NULL
		       ? xstrdup(arguments.output)
		       : tally_file_make_path(source.profile->command, source.profile->pid);
	result = write_profile(path, source.profile);
	if (result != 0)
		die_errno(COMMAND_TROUBLE, result, "%s: cannot be written", path);
	if (!arguments.quiet)
		report(path, source.profile);
	free(path);
	source_release(&source);
	cmd_report_finish();
	return COMMAND_OK;
}
