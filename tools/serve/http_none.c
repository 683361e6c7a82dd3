/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve/http_none.c - in the place of `http.c` where libmicrohttpd is missing
 */
#include "config.h"

#include "serve/http.h"

#include <errno.h>

#include "util/xalloc.h"

int
http_start(const char *address, http_handler *handler, void *context,
	   struct http_server **ret_server, char **ret_url, char **ret_why)
{
	(void)address, (void)handler, (void)context, (void)ret_server, (void)ret_url;
	*ret_why = xstrdup("this heaptally was built without libmicrohttpd, and cannot serve");
	return -ENOSYS;
}

bool
http_is_open(const struct http_server *server)
{
	(void)server;
	return false;
}

void
http_reap(struct http_server *server)
{
	(void)server;
}

void
http_stop(struct http_server *server)
{
	(void)server;
}

bool
http_wait(const struct http_request *request, unsigned seconds)
{
	(void)request, (void)seconds;
	return false;
}
