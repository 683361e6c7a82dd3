/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/request.c - heaptally clear, reset-peak, mark, pause, resume: ask a living process
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_output.h"
#include "model/profile.h"
#include "read/operand.h"
#include "read/request.h"
#include "read/source_explain.h"
#include "read/source_file.h"
#include "util/error.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"

#define WAIT_SECONDS 1.0
#define WAIT_MOST    1e6

enum {
	OPTION_WAIT = 256,
};

/* What differs between the five. */
struct wording {
	enum profile_mark_kind kind;
	const char *operands, *doc;
	const char *done;   /* ... at 12.3 s */
	const char *future; /* ... at its next allocation */
};

struct arguments {
	const struct wording *wording;
	struct request request;
	const char *operand;
	double wait_seconds;
	bool quiet;
};

static const struct argp_option option_table[] = {
	{"wait", OPTION_WAIT, "SECONDS", 0, "how long to wait for the process (default: 1)", 0},
	{"quiet", 'q', NULL, 0, "do not say what was done", 0},
	{0},
};

static void
take_word(struct arguments *arguments, char *word, struct argp_state *state)
{
	bool wants_label = arguments->wording->kind == PROFILE_MARK_LABEL;

	if (state->arg_num == 0)
		arguments->operand = word;
	else if (state->arg_num == 1 && wants_label)
		arguments->request.label = word;
	else
		argp_error(state, "%s: one process at a time", word);
}

static void
check_words(const struct arguments *arguments, struct argp_state *state)
{
	const char *label = arguments->request.label;

	if (arguments->operand == NULL)
		argp_error(state, "no process given");
	if (arguments->wording->kind != PROFILE_MARK_LABEL)
		return;
	if (label == NULL)
		argp_error(state, "no label given");
	else if (label[0] == '\0')
		argp_error(state, "the label is empty");
	else if (strlen(label) >= PROFILE_LABEL_BYTES)
		argp_error(state, "the label has %zu bytes, at most %d fit", strlen(label),
			   PROFILE_LABEL_BYTES - 1);
}

static double
parse_seconds(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || !(seconds <= WAIT_MOST))
		argp_error(state, "--wait %s: not a number of seconds", text);
	return seconds;
}

static error_t
parse_option(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_WAIT:
		arguments->wait_seconds = parse_seconds(argument, state);
		return 0;
	case 'q':
		arguments->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		take_word(arguments, argument, state);
		return 0;
	case ARGP_KEY_END:
		check_words(arguments, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
print_done(const struct arguments *arguments, const struct request_answer *answer)
{
	char time[HUMAN_BYTES], live[HUMAN_BYTES], peak[HUMAN_BYTES];
	char *command = term_escape(answer->command);

	printf("%s %u: %s", command, answer->pid, arguments->wording->done);
	if (arguments->request.label != NULL) {
		char *label = term_escape(arguments->request.label);

		printf(" \"%s\"", label);
		free(label);
	}
	printf(" at %s, %s live, peak %s\n", human_duration(answer->mark.time_ns, time),
	       human_size(answer->mark.live_bytes, live),
	       human_size(answer->mark.peak_bytes, peak));
	free(command);
}

static void
warn_pending(const struct arguments *arguments, const struct request_answer *answer)
{
	if (!arguments->quiet)
		warn("%s %u %shas not allocated since; %s at its next allocation", answer->command,
		     answer->pid, answer->is_stopped ? "is stopped and " : "",
		     arguments->wording->future);
}

static void
warn_earlier(const struct request_answer *answer)
{
	const char *earlier = answer->earlier != 0 ? profile_mark_name(answer->earlier) : "request";

	warn("%s %u %shas not carried out an earlier %s%s%s yet; this request was not sent",
	     answer->command, answer->pid, answer->is_stopped ? "is stopped and " : "", earlier,
	     answer->earlier_label[0] != '\0' ? " " : "", answer->earlier_label);
}

/* Returns the exit status. */
static int
tell(const struct arguments *arguments, const struct request_answer *answer)
{
	switch (answer->outcome) {
	case REQUEST_IS_DONE:
		if (!arguments->quiet)
			print_done(arguments, answer);
		return COMMAND_OK;
	case REQUEST_IS_PENDING:
		warn_pending(arguments, answer);
		return COMMAND_PENDING;
	case REQUEST_IS_REFUSED:
		warn("%s %u could not do it: its tables are busy or full", answer->command,
		     answer->pid);
		return COMMAND_TROUBLE;
	case REQUEST_IS_BEHIND:
		warn_earlier(answer);
		return COMMAND_TROUBLE;
	case REQUEST_IS_LOCKED:
		warn("%s %u: another heaptally is sending it a request; this one was not sent",
		     answer->command, answer->pid);
		return COMMAND_TROUBLE;
	case REQUEST_IS_LATE:
		warn("%s %u ended before it allocated again", answer->command, answer->pid);
		return COMMAND_TROUBLE;
	}
	return COMMAND_TROUBLE;
}

static int
make_request(const struct wording *wording, int argc, char **argv)
{
	const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = wording->operands,
		.doc = wording->doc,
	};
	struct arguments arguments = {.wording = wording, .wait_seconds = WAIT_SECONDS};
	struct request_answer answer;
	char *path, *why;
	int result;

	argp_err_exit_status = COMMAND_TROUBLE;
	arguments_parse(&argp, argc, argv, 0, &arguments);
	arguments.request.kind = wording->kind;
	arguments.request.wait_ns = (uint64_t)(arguments.wait_seconds * 1e9);
	if (operand_find_file(arguments.operand, &path, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	result = request_make(path, &arguments.request, &answer);
	if (result == -EBADMSG && source_file_is_tally(path))
		die(COMMAND_TROUBLE, "%s: a snapshot; only a running process takes requests",
		    arguments.operand);
	free(path);
	if (result == -ESRCH)
		die(COMMAND_TROUBLE, "%s: the process ended; only a running one takes requests",
		    arguments.operand);
	if (result == -EPERM)
		die(COMMAND_TROUBLE, "%s: belongs to another user", arguments.operand);
	if (result != 0)
		die(COMMAND_TROUBLE, "%s", source_explain(arguments.operand, result));
	result = tell(&arguments, &answer);
	report_output_finish();
	return result;
}

#define EXIT_STATUS_DOC                                                                          \
	"Exit status: 0 done; 1 not done yet, because the process has allocated nothing since; " \
	"2 trouble.\n"

int
cmd_clear(int argc, char **argv)
{
	static const struct wording wording = {
		.kind = PROFILE_MARK_CLEAR,
		.operands = "PID|FILE",
		.doc = "Let a living process forget all that it allocated: from now on its "
		       "recording "
		       "counts from zero, and frees of older blocks are ignored.\v"
		       "Examples:\n"
		       "  heaptally clear 41873\n\n" EXIT_STATUS_DOC,
		.done = "cleared",
		.future = "it will be cleared",
	};

	return make_request(&wording, argc, argv);
}

int
cmd_reset_peak(int argc, char **argv)
{
	static const struct wording wording = {
		.kind = PROFILE_MARK_RESET_PEAK,
		.operands = "PID|FILE",
		.doc = "Make the peak of a living process what is live now.\v"
		       "Examples:\n"
		       "  heaptally reset-peak 41873\n\n" EXIT_STATUS_DOC,
		.done = "peak reset",
		.future = "its peak will be reset",
	};

	return make_request(&wording, argc, argv);
}

int
cmd_mark(int argc, char **argv)
{
	static const struct wording wording = {
		.kind = PROFILE_MARK_LABEL,
		.operands = "PID|FILE LABEL",
		.doc = "Note this moment in the recording of a living process: the timeline shows "
		       "it, and under `heaptally run` --at mark:LABEL names it.\v"
		       "Examples:\n"
		       "  heaptally mark 41873 loaded\n\n" EXIT_STATUS_DOC,
		.done = "marked",
		.future = "it will be marked",
	};

	return make_request(&wording, argc, argv);
}

int
cmd_pause(int argc, char **argv)
{
	static const struct wording wording = {
		.kind = PROFILE_MARK_PAUSE,
		.operands = "PID|FILE",
		.doc = "Let a living process record no new blocks; frees of those that it knows "
		       "still count.\v"
		       "Examples:\n"
		       "  heaptally pause 41873\n\n" EXIT_STATUS_DOC,
		.done = "paused",
		.future = "it will be paused",
	};

	return make_request(&wording, argc, argv);
}

int
cmd_resume(int argc, char **argv)
{
	static const struct wording wording = {
		.kind = PROFILE_MARK_RESUME,
		.operands = "PID|FILE",
		.doc = "Let a living process record again, after `heaptally pause` or when it was "
		       "started switched off (run --start off, HEAPTALLY=start=off).\v"
		       "Examples:\n"
		       "  heaptally resume 41873\n\n" EXIT_STATUS_DOC,
		.done = "resumed",
		.future = "it will resume",
	};

	return make_request(&wording, argc, argv);
}
