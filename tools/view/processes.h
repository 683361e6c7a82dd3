/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/processes.h - the processes of a run, as rows and in a line
 */
#ifndef VIEW_PROCESSES_H
#define VIEW_PROCESSES_H

#include <stddef.h>
#include <stdint.h>

#include "model/process.h"

struct term;

#define VIEW_PROCESSES_NONE SIZE_MAX /* chosen: none of them, as all are meant */

/* A table, the largest peak first, each process once; rows: at most so many, 0 is all. Then what
 * was not recorded. Nothing where all of it is one process. */
void view_processes_text(const struct term *term, const struct process_list *list, size_t chosen,
			 size_t rows);

/* label and "cc1 4711 (peak 30.1 MiB), ld 4712 (...), 3 more  (--process PID)": all but the chosen
 * one. Nothing where there are no others. */
void view_processes_others(const struct term *term, const char *label,
			   const struct process_list *list, size_t chosen);

/* label and "3 processes were not recorded: mold, ...", and a line for what the chosen one became;
 * nothing where all were. */
void view_processes_unseen(const struct term *term, const char *label,
			   const struct process_list *list, size_t chosen);

/* A warning for each other process that had much memory, of which nothing was seen. */
void view_processes_blind(const struct term *term, const char *indent,
			  const struct process_list *list, size_t chosen);

#endif
