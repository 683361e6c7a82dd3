/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * managed.h - languages whose objects do not come from malloc one by one
 */
#ifndef MANAGED_H
#define MANAGED_H

struct profile;

struct managed {
	const char *name; /* "CPython" */
	const char
		*what; /* what it does with its objects: "keeps small objects in arenas of its own"
			*/
	const char *help; /* how to see them: a sentence without a verb in front, or a command */
};

/* The language that the process is written in, by its executable and its modules; or NULL. */
const struct managed *managed_find(const struct profile *profile);

#endif
