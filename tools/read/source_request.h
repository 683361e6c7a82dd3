/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_request.h - what is to be read from a source, and what was
 */
#ifndef SOURCE_REQUEST_H
#define SOURCE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
