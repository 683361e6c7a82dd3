/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/serve_looks.h - the looks that the answers of `heaptally serve` are made of
 *
 * One answer is made at a time, and serves all who ask for the same within a second. Functions may
 * be called by several threads at once.
 */
#ifndef SERVE_LOOKS_H
#define SERVE_LOOKS_H

#include "cmd/serve_kind.h"

struct http_answer;
struct http_request;
struct serve_looks;

/* Never NULL. */
struct serve_looks *serve_looks_new(void);
void serve_looks_free(struct serve_looks *looks);

/* 0 if what this operand names, "" for none, can be read; or -errno with a sentence to free. */
int serve_looks_check(const char *operand, char **ret_why);

/*
 * Fill an answer, which is zeroed, with what is now, or, with `seconds`, with the change from now
 * on, for which the request waits. Why there is none is an answer, too.
 */
void serve_looks_answer_now(struct serve_looks *looks, enum serve_kind kind, const char *operand,
			    struct http_answer *answer);
void serve_looks_answer_change(struct serve_looks *looks, enum serve_kind kind, const char *operand,
			       const struct http_request *request, unsigned seconds,
			       struct http_answer *answer);

#endif
