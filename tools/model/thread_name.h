/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread_name.h - threads of a process by their numbers
 *
 * The kernel gives numbers of threads that ended to new ones: a number is that of the last thread
 * that had it.
 */
#ifndef THREAD_NAME_H
#define THREAD_NAME_H

#include <stdint.h>

#include "util/array.h"

struct profile;

struct thread_name {
	uint64_t id;
	const char *name; /* or NULL */
	uint32_t frame;   /* of the profile */
};

struct thread_names {
	ARRAY(struct thread_name) all; /* each number once, ascending */
};

/* The names are those of the profile. */
void thread_names_init(struct thread_names *names, const struct profile *profile);

/* NULL if it is not known. */
const char *thread_names_find(const struct thread_names *names, uint64_t id);

void thread_names_release(struct thread_names *names);

#endif
