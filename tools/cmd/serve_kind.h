/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/serve_kind.h - what `heaptally serve` makes of a process that it has read
 */
#ifndef SERVE_KIND_H
#define SERVE_KIND_H

#include <stdint.h>

struct http_answer;
struct source;

enum serve_kind {
	SERVE_PAGE,   /* for people */
	SERVE_HEAP,   /* pprof, of what is live */
	SERVE_ALLOCS, /* the same, of what was allocated */
	SERVE_KINDS
};

struct serve_kind_row {
	const char *path, *type;
	const char *name; /* of a file to save it in, or NULL */
};

extern const struct serve_kind_row serve_kinds[SERVE_KINDS];

/* Fill an answer, which is zeroed and stays so if there is no room. The source has names; from_ns:
 * when the change began that it is, or 0. */
void serve_kind_write(enum serve_kind kind, const struct source *source, const char *operand,
		      uint64_t from_ns, struct http_answer *answer);

#endif
