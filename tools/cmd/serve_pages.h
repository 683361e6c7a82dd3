/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/serve_pages.h - what `heaptally serve` answers
 *
 *     /                     the page of `heaptally report`, of now
 *     /debug/pprof/         what there is
 *     /debug/pprof/heap     pprof, which shows what is live first; seconds=N: the change in N s
 *     /debug/pprof/allocs   the same, which shows what was allocated first
 *
 * Files are those of the directory that was given, and are named as they stand there. How an answer
 * is made is in `serve_looks` and `serve_kind`.
 */
#ifndef SERVE_PAGES_H
#define SERVE_PAGES_H

struct http_answer;
struct http_request;
struct serve_pages;

/* One of them may be NULL; without both it is the newest tally of the working directory. Never
 * NULL.
 */
struct serve_pages *serve_pages_new(const char *process, const char *directory);
void serve_pages_free(struct serve_pages *pages);

/* 0 if there is something to read now, or -errno with a sentence to free. */
int serve_pages_check(struct serve_pages *pages, char **ret_why);

/* An `http_handler`; context is struct serve_pages. */
void serve_pages_answer(void *context, const struct http_request *request,
			struct http_answer *ret_answer);

#endif
