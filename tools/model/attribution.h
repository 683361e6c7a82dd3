/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attribution.h - which frame names a site, and which filters match it
 *
 * The frame that names a site is found once for each node of the tree of stacks, from the root
 * down: a node is named by its own innermost place that is no wrapper, else like its parent. So
 * naming costs one pass over the nodes, however deep the stacks are.
 *
 *     node   main -> load -> std::vector::reserve -> operator new -> malloc
 *     named  main    load    load                    load            load
 *
 * What Python has called is named by its innermost line of Python, unless the selection asks for
 * the native ones.
 */
#ifndef ATTRIBUTION_H
#define ATTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "model/place.h"
#include "model/profile.h"
#include "model/selection.h"
#include "model/thread_name.h"

#define ATTRIBUTION_NONE UINT32_MAX

/* One source position of a frame. */
struct attribution_position {
	uint32_t place; /* after aliasing */
	uint32_t key;   /* ATTRIBUTION_NONE until it is needed */
	uint64_t bits;  /* filters that match it */
};

struct attribution_frame {
	uint32_t first, count; /* in `positions`; innermost first */
	uint32_t named;        /* of these the first that may name a site, or `count` */
	bool foreign;          /* the last, the physical function, says nothing of who allocates */
	uint64_t bits;         /* filters that match any of them */
	uint32_t rule;         /* first suppression that matches any of them, or SUPPRESS_NONE */
	uint32_t kept;         /* of `system_rules`, likewise */
	enum profile_frame_kind kind;
	bool is_system; /* in a module of a system library */
	bool is_loader;
	bool is_entry; /* of the program, before main */
};

/* Whether a stack is of system libraries alone, from the outermost frame on. */
enum attribution_system {
	ATTRIBUTION_AT_START, /* no frame yet */
	ATTRIBUTION_UNSURE,   /* what is outermost is unknown: only the loader makes it good */
	ATTRIBUTION_ALL_SYSTEM,
	ATTRIBUTION_NOT_SYSTEM,
};

/* What the frame that names a site is, the better the later. */
enum attribution_naming {
	ATTRIBUTION_BY_NOTHING,
	ATTRIBUTION_BY_RECENT, /* the most recent one that is not the allocator */
	ATTRIBUTION_BY_OWN,    /* the most recent one that is not foreign */
	ATTRIBUTION_BY_NAME,   /* the most recent one that is no wrapper */
};

/* As many as stacks have nodes, a million and more: small. */
struct attribution_node {
	uint32_t name;  /* frame that names the site, or ATTRIBUTION_NONE */
	uint32_t ends;  /* node of the innermost mark of a thread or process, or 0 */
	uint32_t rule;  /* first suppression that matches any frame, or SUPPRESS_NONE */
	uint8_t kept;   /* of `system_rules`, by the inner end of the stack */
	uint8_t naming; /* enum attribution_naming */
	uint8_t system; /* enum attribution_system */
	bool in_python; /* native frames no longer name the site */
};

struct attribution {
	const struct profile *profile;
	const struct selection *selection;
	struct place_table *table;
	struct attribution_position *positions;
	struct attribution_frame *frames;
	struct attribution_node *nodes;
	uint64_t *bits; /* filters that match any frame, by node; NULL: there are none */
	bool filters_threads;
	struct thread_names threads;
	uint32_t *full_stacks, *named_stacks; /* by node, after `attribution_prepare_stacks` */
};

/* A stack that allocated, and what names it. */
struct attribution_site {
	uint32_t leaf;
	const struct attribution_frame *frame;
	struct attribution_position *position; /* of the frame */
};

/* Put every place of profile into the table, for the aliases of `attribution_init`. */
void attribution_insert_places(const struct profile *profile, struct place_table *table);

/*
 * Name the nodes of profile, which must be symbolized. The table takes up the places; alias maps
 * them to those that stand for them and is NULL for none.
 */
void attribution_init(struct attribution *attribution, const struct profile *profile,
		      const struct selection *selection, struct place_table *table,
		      const uint32_t *alias);
void attribution_release(struct attribution *attribution);

/*
 * Make the stacks of count sites from first on, for `attribution_get_stack`. A second call, of some
 * of these sites, does nothing.
 */
void attribution_prepare_stacks(struct attribution *attribution, uint32_t first, uint32_t count);

/* The whole stack of a leaf, less the wrappers at its inner end. */
uint32_t attribution_get_stack(const struct attribution *attribution, uint32_t leaf);

/*
 * What names the site of a leaf. When all are wrappers, that is the most recent one of the
 * program's own modules, as a function of the C++ library that calls a lambda; else the most recent
 * frame.
 */
void attribution_get_site(const struct attribution *attribution, uint32_t leaf,
			  struct attribution_site *ret_site);

/* The frame of the thread or the process (their PROFILE_FRAME_ kinds) that a leaf is of, or
 * ATTRIBUTION_NONE. */
uint32_t attribution_get_end(const struct attribution *attribution, uint32_t leaf,
			     enum profile_frame_kind kind);

/* The places of the naming frame from its position outward, as a stack of their own. */
uint32_t attribution_make_stack(struct attribution *attribution,
				const struct attribution_site *site);

/*
 * Of a site whose place has no name: the next place outward with one, or PLACE_NONE. It is `beyond`
 * if frames lie between.
 */
uint32_t attribution_find_caller(const struct attribution *attribution,
				 const struct attribution_site *site);

/* The frame from which the code that names a site was called, its own frame if it is inlined there;
 * ATTRIBUTION_NONE where nothing is known of it. */
uint32_t attribution_find_call(const struct attribution *attribution,
			       const struct attribution_site *site);

/* "malloc" for all functions of its family, or the name of the pool that a leaf is of. */
const char *attribution_get_domain(const struct attribution *attribution, uint32_t leaf);

/* Whether a site, or one block of it, passes the filters. */
bool attribution_keep(const struct attribution *attribution, const struct attribution_site *site,
		      const struct filter_block *block);

#endif
