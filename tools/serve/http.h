/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve/http.h - answer GET requests, a bounded number of them, each in bounded time
 *
 * A request is a path and a few words; it names no file, and what it holds besides is not looked
 * at. Whoever is slow, or never ends a request, is cut off: HTTP_CLIENTS connections at once, each
 * of which has HTTP_SECONDS to ask and as many to take the answer.
 *
 * Without libmicrohttpd `http_none.c` stands in, whose `http_start` says so.
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_CLIENTS        16
#define HTTP_SECONDS        10
#define HTTP_ANSWER_SECONDS 600 /* that an answer may take to be made */

struct http_server;
struct http_connection;

struct http_request {
	const char *path;
	const char *seconds, *file; /* words of the query, or NULL */
	struct http_connection *connection;
};

struct http_answer {
	unsigned status;  /* 200, ... */
	const char *type; /* of the content */
	const char *name; /* of a file to save it in, or NULL */
	char *bytes;      /* from malloc; the server frees them */
	size_t length;
};

/* Fill the answer, which is zeroed. Called by several threads at once. */
typedef void http_handler(void *context, const struct http_request *request,
			  struct http_answer *ret_answer);

/*
 * Listen at an address: HOST:PORT, [HOST]:PORT, :PORT or PORT, which are of the loopback; port 0 is
 * any. 0 with the place as a URL to free; or -errno with a sentence to free.
 */
int http_start(const char *address, http_handler *handler, void *context,
	       struct http_server **ret_server, char **ret_url, char **ret_why);

/* Whether others than this machine can reach it. */
bool http_is_open(const struct http_server *server);

/* Cut off who had their time. To be called about once a second. */
void http_reap(struct http_server *server);

/* End all connections and answers. NULL is accepted. */
void http_stop(struct http_server *server);

/* Of a handler: wait, which extends the time of the connection; false when the server ends. */
bool http_wait(const struct http_request *request, unsigned seconds);

#endif
