/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.h - what an operand of a reading command names
 *
 *     FILE[@MOMENT]    a tally or a recording
 *     PID[@MOMENT]     the recording of a process that runs, or ended and left one; a file of that
 *                      name comes first
 *     NAME[@MOMENT]    the recording of the only process with this name, if there is no such file
 *     nothing          the newest tally of the working directory
 *
 * A file with several processes yields one profile: of those that were asked for the one with the
 * largest peak, or what `process_list_choose` says. The others are only summed up. With `sums` it
 * is that of all, as `merge.h` has it.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/process.h"
#include "model/profile.h"

struct graph;
struct memory;

struct source_request {
	const char *operand; /* or NULL */
	const char *process; /* PID or command name, from --process, or NULL */
	bool sums;           /* over all processes that are meant, instead of the largest of them */
	bool by_process;     /* with `sums`: their stacks are kept apart */
	const struct graph *graph; /* of a tally, only the process that it is of; or NULL */
	const char *moment; /* from --at, or NULL for the default; an @MOMENT of the operand wins */
	bool blocks;        /* read single blocks, where they were recorded */
	const uint64_t *freed_at; /* with `blocks`: and what was freed that held this address */
	bool memory;              /* and the memory of the process, if it lives */
	bool mapped;              /* the same, if it is recorded what the program maps */
	bool resident;            /* keep the parts of it with each look, as a run does */
	bool history;             /* of a living process: what `heaptally run` knows so far */
	const struct source_watch *watch; /* or NULL */
};

/* To look at a living process again and again, where too few moments of it are known. */
struct source_watch {
	uint32_t enough; /* moments */
	uint32_t looks;
	uint64_t interval_ns;
	void (*progress)(void *context, uint64_t done, uint64_t all); /* or NULL */
	void *context;
};

struct source {
	char *name;              /* of the file, for messages and titles */
	char *path;              /* what was read */
	struct profile *profile; /* not symbolized, if the file had no names */
	struct profile_at at;
	bool is_named; /* the request or the operand named the moment */
	struct process_list processes;
	size_t chosen; /* index of the one in `profile` */
	struct memory
		*memory; /* if it was asked for; NULL, and the reason, when it cannot be read */
	int memory_error;
	bool is_live;    /* read from a recording whose process lives */
	bool is_tally;   /* read from a snapshot file */
	bool is_watched; /* its moments are of the last seconds only */
};

/*
 * 0, or -errno with a sentence to print and free: "big.tally: not a file of heaptally, or damaged".
 */
int source_read(const struct source_request *request, struct source *ret_source, char **ret_why);

/*
 * The recording that an operand names: a file, or that of a process. 0 with a path to free, or
 * -errno with a sentence to free.
 */
int source_find_recording(const char *operand, char **ret_path, char **ret_why);

/* Whether what was read of the memory is of the moment that is meant. */
bool source_is_now(const struct source *source);

/* Take over from the recording why the look at exit could leave no graph, where it could not. */
void source_take_look_error(const struct source *source);

/* Whether the file at path begins as a snapshot file does. */
bool source_is_tally(const char *path);

/* A sentence for what went wrong with the file that operand names, to free. */
char *source_explain(const char *operand, int error);

void source_release(struct source *source);

#endif
