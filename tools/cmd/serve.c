/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/serve.c - heaptally serve: answer the scrapers of profiles, and browsers
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/report_output.h"
#include "cmd/serve_pages.h"
#include "serve/http.h"
#include "util/error.h"

#define ADDRESS "127.0.0.1:6060"

enum {
	OPTION_PID = 256,
	OPTION_DIR,
};

struct arguments {
	const char *process, *directory, *address;
};

static const struct argp_option option_table[] = {
	{"pid", OPTION_PID, "PID|COMMAND", 0, "the process to look at, by its number or name", 0},
	{"dir", OPTION_DIR, "DIR", 0,
	 "the newest recording or tally of this folder, looked for at each request; ?file=NAME "
	 "asks for another one of them",
	 0},
	{0},
};

static error_t
parse_option(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_PID:
		arguments->process = word;
		return 0;
	case OPTION_DIR:
		arguments->directory = word;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "%s: one address at a time", word);
		arguments->address = word;
		return 0;
	case ARGP_KEY_END:
		if (arguments->process != NULL && arguments->directory != NULL)
			argp_error(state, "--pid does not go with --dir");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "[HOST:PORT]",
	.doc = "Serve what is recorded over HTTP, as Go programs do: /debug/pprof/heap and "
	       "/debug/pprof/allocs for pprof, Parca, Pyroscope and Alloy, and the page of "
	       "`heaptally report` for people. Listens at " ADDRESS " unless told otherwise; "
	       "SIGINT and SIGTERM end it.\n\n"
	       "  heaptally serve --pid 4711\n"
	       "  go tool pprof http://" ADDRESS "/debug/pprof/heap\n"
	       "  heaptally serve --dir /var/lib/tallies 127.0.0.1:7070\n",
};

/* Until a signal ends it. The threads of the server inherit that they are not for them. */
static void
wait_for_end(struct http_server *server, const sigset_t *signals)
{
	const struct timespec second = {.tv_sec = 1};

	while (sigtimedwait(signals, NULL, &second) < 0 && (errno == EAGAIN || errno == EINTR))
		http_reap(server);
}

int
cmd_serve(int argc, char **argv)
{
	struct arguments arguments = {.address = ADDRESS};
	struct http_server *server = NULL;
	struct serve_pages *pages;
	char *why = NULL, *url = NULL;
	sigset_t signals;

	arguments_parse(&argp, argc, argv, 0, &arguments);
	pages = serve_pages_new(arguments.process, arguments.directory);
	if (serve_pages_check(pages, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (http_start(arguments.address, serve_pages_answer, pages, &server, &url, &why) != 0)
		die(COMMAND_TROUBLE, "%s", why);
	if (http_is_open(server))
		warn("%s can be reached by others: whoever does reads names and sizes", url);
	printf("%s\n", url);
	report_output_finish();
	wait_for_end(server, &signals);
	http_stop(server);
	serve_pages_free(pages);
	free(url);
	return COMMAND_OK;
}
