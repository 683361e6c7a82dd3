/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - the processes of a run, without their tables: which is shown, in what order
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"
#include "util/array.h"

/* A program that a process was. After exec the same process is another one, with another row. */
struct process {
	uint32_t pid, parent_pid;
	char *command, *executable;
	char *arguments; /* the command line, or the title that the process gave itself; "" if not
			    known */
	enum profile_state state;
	bool has_wait_status; /* only the command that was run has one */
	int wait_status;
	uint64_t start_ns, duration_ns;
	struct profile_values sum; /* of its last moment */
	uint32_t trouble;          /* enum profile_trouble bits */
	uint64_t resident_bytes;   /* the most that was seen; without files, where that is known */
};

/* A program of which there is no recording. */
struct process_unseen {
	char *command, *executable;
	char *why;      /* a sentence that begins with a verb */
	uint32_t pid;   /* of the first */
	uint32_t count; /* of processes */
};

struct process_list {
	ARRAY(struct process) all; /* in the order of the file */
	ARRAY(struct process_unseen) unseen;
};

/* Copy what there is to say about a profile into the list that it belongs to. */
void process_list_insert(struct process_list *list, const struct profile *profile);

/* Nothing that could be seen was: the program allocates where heaptally does not reach. */
bool process_is_blind(const struct process *process);

/* The same, and it matters: a program may well allocate nothing. */
bool process_hides_much(const struct process *process);

/*
 * The one that a report is about when nobody says: of the processes of the program that was run the
 * one with the largest peak, unless another program had four times as much; of a shell that runs a
 * script, what it started comes first. Index in `all`; SIZE_MAX if that is empty.
 */
size_t process_list_choose(const struct process_list *list);

/*
 * One index for each process, that of its program with the largest peak, the largest first. The
 * caller frees the result; *ret_count is their number.
 */
size_t *process_list_rank(const struct process_list *list, size_t *ret_count);

/* How many processes there are, whatever programs each of them was. */
size_t process_list_count(const struct process_list *list);

/* Processes of all `unseen`. */
uint64_t process_list_count_unseen(const struct process_list *list);

/* What to call it: its command line, or its name. */
const char *process_get_title(const struct process *process);

void process_list_release(struct process_list *list);

#endif
