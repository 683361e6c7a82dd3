/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/main.c - the command heaptally: find the subcommand and run it
 */
#include "config.h"

#include <argp.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/xalloc.h"

static const struct command commands[] = {
	{"run", "run a program and record where its memory goes", cmd_run},
	{"top", "show which lines hold the memory: now, at the peak, or at any moment", cmd_top},
	{"diff", "show what changed between two recordings, or two moments of one", cmd_diff},
	{"annotate", "print a source file with what each of its lines allocated", cmd_annotate},
	{"growth", "name who grows: how fast, and whether it goes on", cmd_growth},
	{"leaks", "say which blocks nothing points at any more", cmd_leaks},
	{"refs", "say who points at a block", cmd_refs},
	{"retained", "say who keeps how much alive", cmd_retained},
	{"timeline", "draw the size of the heap over time, and say who grew", cmd_timeline},
	{"resident", "say where the resident memory of a process is", cmd_resident},
	{"blocks", "list the blocks that live, the oldest first", cmd_blocks},
	{"block", "say what an address belongs to, or belonged to", cmd_block},
	{"report", "write one page about a whole run", cmd_report},
	{"export", "write what was recorded in a format of another tool", cmd_export},
	{"live", "look into a running process, with keys", cmd_live},
	{"serve", "answer scrapers of profiles and browsers over HTTP", cmd_serve},
	{"snapshot", "save the state of a running or dead process to a file", cmd_snapshot},
	{"list", "list the processes that are being recorded or left a recording", cmd_list},
	{"clean", "remove the recordings of processes that have ended", cmd_clean},
	{"info", "show the totals of a recording", cmd_info},
	{"mark", "note this moment in the recording of a living process", cmd_mark},
	{"clear", "let a living process count from zero", cmd_clear},
	{"reset-peak", "make the peak of a living process what is live now", cmd_reset_peak},
	{"pause", "let a living process record no new blocks", cmd_pause},
	{"resume", "let a living process record again", cmd_resume},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static void
print_help(FILE *stream)
{
	fputs("Usage: heaptally COMMAND [OPTION...]\n"
	      "Where does the memory of a program go, line by line?\n"
	      "\n"
	      "  heaptally run -- ./server --port 80    trace a program and its children\n"
	      "  heaptally top                          what holds the memory at the peak\n"
	      "  heaptally diff old.tally new.tally     what has grown\n"
	      "\n"
	      "Commands:\n",
	      stream);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(stream, "  %-11s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "heaptally COMMAND --help and heaptally-COMMAND(1) say more; --version says which\n"
	      "heaptally this is, --library where its runtime is, for LD_PRELOAD. Exit status:\n"
	      "0 is success, 1 a broken budget, a leak, no block at an address, or something\n"
	      "not done yet, 2 trouble, 3 no answer; `run` returns the status of the program.\n",
	      stream);
}

/* What comes before the file in the command that is meant when only a file is given, or NULL. */
static const char *
guess_command(const char *file)
{
	const char *end = strrchr(file, '.');

	if (access(file, F_OK) != 0)
		return NULL;
	if (end && (strcmp(end, ".tally") == 0 || strcmp(end, ".recording") == 0))
		return "top";
	return strchr(file, '/') && access(file, X_OK) == 0 ? "run --" : NULL;
}

/* Whether the shell would run something of this name. */
static bool
is_program(const char *name)
{
	const char *path = getenv("PATH");
	bool found = false;
	char *copy = xstrdup(path != NULL ? path : ""), *rest;

	for (char *folder = strtok_r(copy, ":", &rest); folder != NULL && !found;
	     folder = strtok_r(NULL, ":", &rest)) {
		char *file = xasprintf("%s/%s", folder, name);

		found = strchr(name, '/') == NULL && access(file, X_OK) == 0;
		free(file);
	}
	free(copy);
	return found;
}

static void
refuse_command(const char *name)
{
	const char *meant = guess_command(name);
	struct buffer names = BUFFER_INIT;
	char *nearest;

	if (meant)
		die(COMMAND_TROUBLE, "%s: no such command; did you mean `heaptally %s %s`?", name,
		    meant, name);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		buffer_insert_format(&names, "%s, ", commands[i].name);
	nearest = nearest_find(name, buffer_string(&names));
	if (nearest && is_program(name))
		die(COMMAND_TROUBLE,
		    "%s: no such command; did you mean `heaptally %s` or `heaptally run -- %s`?",
		    name, nearest, name);
	if (nearest)
		die(COMMAND_TROUBLE, "%s: no such command; did you mean `heaptally %s`?", name,
		    nearest);
	if (is_program(name))
		die(COMMAND_TROUBLE, "%s: no such command; did you mean `heaptally run -- %s`?",
		    name, name);
	die(COMMAND_TROUBLE, "%s: no such command; `heaptally --help` lists them", name);
}

/* argp knows -? only. Of `run`, what comes after the first other word is the program's. */
static void
accept_short_help(const struct command *command, char **argv)
{
	static char help[] = "--help";

	for (int i = 1; argv[i] != NULL && strcmp(argv[i], "--") != 0; i++) {
		if (command->run == cmd_run && argv[i][0] != '-')
			return;
		if (strcmp(argv[i], "-h") == 0)
			argv[i] = help;
	}
}

static int
run_command(const struct command *command, int argc, char **argv)
{
	char *name = xasprintf("heaptally %s", command->name);
	int status;

	argv[0] = name;
	accept_short_help(command, argv);
	status = command->run(argc, argv);
	free(name);
	return status;
}

static int
help_command(int argc, char **argv)
{
	char *words[] = {NULL, (char[]){"--help"}, NULL};

	if (argc < 2) {
		print_help(stdout);
		return COMMAND_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return run_command(&commands[i], 2, words);
	}
	refuse_command(argv[1]);
	return COMMAND_TROUBLE;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "--help";

	/* Numbers in machine formats must not follow the locale: no LC_NUMERIC. */
	setlocale(LC_CTYPE, "");
	argp_err_exit_status = COMMAND_TROUBLE;
	if (argc < 2) {
		print_help(stderr);
		return COMMAND_TROUBLE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "-?") == 0) {
		print_help(stdout);
		return COMMAND_OK;
	}
	if (strcmp(name, "help") == 0)
		return help_command(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		puts("heaptally " PACKAGE_VERSION);
		return COMMAND_OK;
	}
	if (strcmp(name, "--library") == 0)
		return cmd_library();
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return run_command(&commands[i], argc - 1, argv + 1);
	}
	refuse_command(name);
	return COMMAND_TROUBLE;
}
