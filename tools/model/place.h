/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.h - positions in the source, each once, and stacks of them
 *
 * A place is what a report calls "where": function, file and line, or as much of it as is known. A
 * table holds the places of one profile, or of the two that are compared, and gives each a number,
 * so that grouping compares numbers. Groups are keyed by places too, with the fields cleared that
 * the key does not look at.
 *
 * Stacks of places are a tree in the same table: a stack is (outer stack, place), 0 is the empty
 * one. Equal stacks have equal numbers, in whichever profile they are.
 *
 * Across builds a module is known by its base name, so that /old/bin/app and /new/bin/app match;
 * what has no name is then known by build-id and offset.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

struct intern;
struct buffer;

enum place_kind {
	PLACE_CODE,
	PLACE_ADDRESS,   /* `offset` is an address in no module */
	PLACE_ALLOCATOR, /* `function` is malloc, ... */
	PLACE_THREAD,    /* `offset` is a thread id, `function` its name or NULL */
	PLACE_CUT,       /* frames were left out */
	PLACE_TRUNCATED, /* could not be followed further */
	PLACE_UNKNOWN,
	PLACE_NESTED,
	PLACE_SIZE,       /* blocks of `offset` bytes and more, below the next power of two */
	PLACE_GENERATION, /* blocks that survived `offset` marks */
	PLACE_PROCESS,    /* `offset` is a process id, `function` its title; across builds, its
			     command alone */
	PLACE_LIBRARY,    /* any frames of the library that is called `function` */
};

/* Strings are interned in the table; unknown is NULL or 0. */
struct place {
	enum place_kind kind;
	bool inlined; /* into the next outer place of the same frame */
	bool python;  /* Python code, whose module is its file */
	uint32_t line, function_line;
	uint32_t column; /* of several at one line, the first that was seen */
	const char *function, *file;
	const char *symbol;   /* mangled, of the function; of several at one line, the first */
	const char *module;   /* path */
	const char *build_id; /* of the module, in hexadecimal */
	uint64_t offset;      /* in the module; of several at one line, the first that was seen */
	bool beyond; /* of a caller: frames without a name lie before it, or not all agree */
	/* When several functions share a line, all of them; else NULL. `function` is then what they
	 * have in common, if they are instances of one template, else one of them. */
	const char *const *instances;
	uint32_t instance_count;
	bool same_template;
};

#define PLACE_NONE UINT32_MAX

/* The module of generated code that has a name. */
#define PLACE_GENERATED "[generated code]"

struct place_table;

struct place_options {
	bool across_builds;
	bool exact; /* two offsets are two places, even at the same line */
};

struct place_table *place_table_new(const struct place_options *options);

/* NULL is accepted. */
void place_table_free(struct place_table *table);

size_t place_table_count(const struct place_table *table);
const struct place *place_table_get(const struct place_table *table, uint32_t place);

/* The number of one location of a frame; index is below its location_count, or 0. */
uint32_t place_table_insert(struct place_table *table, const struct profile *profile,
			    const struct profile_frame *frame, uint32_t index);

/* The place of a kind that is known by its number: a thread, whose name may be known too, a size, a
 * generation. name is NULL for none. */
uint32_t place_table_insert_number(struct place_table *table, enum place_kind kind, uint64_t number,
				   const char *name);

/* The place of a kind that is known by its name alone: an allocator, all frames of a library. */
uint32_t place_table_insert_name(struct place_table *table, enum place_kind kind, const char *name);

enum place_key {
	PLACE_KEY_LINE,     /* file and line, else function and module, else module and offset */
	PLACE_KEY_FUNCTION, /* function, else module and offset */
	PLACE_KEY_FILE,     /* file, else module */
	PLACE_KEY_MODULE,
};

/* The place that stands for all places with the same key. */
uint32_t place_table_insert_key(struct place_table *table, uint32_t place, enum place_key key);

/* The place as a caller that was not seen to call: `beyond` is set. */
uint32_t place_table_insert_beyond(struct place_table *table, uint32_t place);

/* The place as one that is gone: as a line it is none of those that are still there. */
uint32_t place_table_insert_gone(struct place_table *table, uint32_t place);

/* The place as that of count functions, at least two, each once; they are of the table. */
uint32_t place_table_insert_instances(struct place_table *table, uint32_t place,
				      const char *const *functions, size_t count);

/* The stack of place called from outer. */
uint32_t place_table_insert_stack(struct place_table *table, uint32_t outer, uint32_t place);

uint32_t place_table_get_outer(const struct place_table *table, uint32_t stack);
uint32_t place_table_get_place(const struct place_table *table, uint32_t stack);
size_t place_table_stack_count(const struct place_table *table);

/*
 * The file as tracemalloc would name it: the path, or what comes nearest: "module(function)",
 * "module+0x1f2e", "<unknown>". Appended to out, not escaped.
 */
void place_format_file(const struct place *place, struct buffer *out);

#endif
