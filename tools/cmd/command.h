/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/command.h - the subcommands of heaptally
 *
 * Each subcommand is one file `cmd_<name>.c` with one function `cmd_<name>`, entered in the table
 * of `main.c`; those of `cmd/request.c` are alike. The table is the source of `--help` and of the
 * suggestion for a misspelt command.
 *
 * `run` gets argv[0] = "heaptally <name>" (so argp's messages read well) and the words after the
 * subcommand; it returns the exit status of the process. Only these functions, and `main`, print
 * or exit; what they call returns -errno and is silent.
 */
#ifndef COMMAND_H
#define COMMAND_H

/* Exit statuses of every command but `run`, whose status is the traced program's own. */
enum command_status {
	COMMAND_OK = 0,
	COMMAND_EXCEEDED = 1,  /* a budget is broken */
	COMMAND_PENDING = 1,   /* asked of a process, but not done yet */
	COMMAND_NOT_FOUND = 1, /* there is no block at this address */
	COMMAND_TROUBLE = 2,   /* wrong usage, or input that cannot be read */
	COMMAND_NO_ANSWER = 3, /* nobody has looked at what is asked about */
};

struct command {
	const char *name;
	const char *summary; /* one line for --help, no full stop */
	int (*run)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_clean(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_blocks(int argc, char **argv);
int cmd_block(int argc, char **argv);
int cmd_annotate(int argc, char **argv);
int cmd_timeline(int argc, char **argv);
int cmd_resident(int argc, char **argv);
int cmd_leaks(int argc, char **argv);
int cmd_retained(int argc, char **argv);
int cmd_refs(int argc, char **argv);
int cmd_growth(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_clear(int argc, char **argv);
int cmd_reset_peak(int argc, char **argv);
int cmd_mark(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);

/* `heaptally --library` */
int cmd_library(void);

#endif
