/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * owner.h - who holds blocks from outside the heap, by name
 *
 * An owner is what a person calls a root: a variable, a thread's stack, a mapping. The words of one
 * owner may lie anywhere in it. Names of variables come from whoever can look them up.
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct graph;

enum owner_kind {
	OWNER_GLOBAL,       /* a variable, or a word of a module that has no name */
	OWNER_THREAD_LOCAL, /* a variable of one thread, or a word of them that has no name */
	OWNER_THREAD,       /* what libc keeps for a thread: its argument, its keys */
	OWNER_STACK,        /* of a thread */
	OWNER_MAPPING,
	OWNER_REGISTERS, /* of the thread that asked */
	OWNER_KERNEL,
	OWNER_LOADER, /* blocks that it keeps by pointers that it hides */
	OWNER_KINDS
};

struct owner {
	enum owner_kind kind;
	const char *name;   /* of the variable or the mapping; or NULL. As long as the graph, or who
			       has named it */
	const char *module; /* path; or NULL */
	const char *file;   /* where a variable is declared; or NULL */
	uint32_t line;
	uint32_t thread;     /* number, or 0 if it is not known */
	uint64_t start, end; /* addresses; 0 for what has none */
	uint64_t offset; /* of a word without a name, in its module or the thread-locals of that */
};

#define OWNER_NONE UINT32_MAX

struct owner_set {
	struct owner *owners;
	uint32_t count;
	uint32_t *of_arc; /* by arc, from the first of the roots on; OWNER_NONE on a dead stack */
	uint64_t first;   /* that arc */
	const bool *loader_sites; /* by the number in the graph; or NULL */
	uint32_t loader_site_count;
	uint32_t loader; /* owner of their blocks, or OWNER_NONE */
};

/* How variables are found. */
struct owner_naming {
	/* What is at an address of a module, or of a thread's own variables: true with all but the
	 * kind OWNER_STACK and below filled in; strings live as long as the context. */
	bool (*find)(void *context, uint64_t address, struct owner *ret_owner);
	void *context;
};

/* Of a graph; `naming` may be NULL, then words of modules have no names. */
void owner_set_init(struct owner_set *set, const struct graph *graph,
		    const struct owner_naming *naming, const bool *loader_sites,
		    uint32_t loader_site_count);
void owner_set_release(struct owner_set *set);

/* The address of the word that an arc of a root is. */
uint64_t owner_get_address(const struct graph *graph, size_t root, uint64_t arc);

/* Whether an owner is a stack or registers, whose pointers go when functions return. */
bool owner_is_passing(const struct owner *owner);

/* Whether the loader holds a block. */
bool owner_set_is_loaders(const struct owner_set *set, const struct graph *graph, size_t block);

/* "global", "thread_local", "thread", "stack", "mapping", "registers", "kernel", "loader". */
extern const char *const owner_kind_names[];

#endif
