/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve/http.c - answer GET requests with libmicrohttpd
 *
 * Each connection has a thread, so that an answer may wait. The library only knows how long nobody
 * has said anything; that a client is slow altogether is seen by `http_reap`, which shuts its
 * socket down, and the thread ends by itself. `lock` guards the list of connections.
 */
#include "config.h"

#include "serve/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "serve/listen.h"
#include "util/clock.h"
#include "util/xalloc.h"

#define REQUEST_BYTES 32768 /* of one request, with its headers */

struct http_connection {
	struct http_server *server;
	struct http_connection *next, **link;
	struct MHD_Connection *connection;
	int fd;
	uint64_t deadline_ns;
};

struct http_server {
	struct MHD_Daemon *daemon;
	http_handler *handler;
	void *context;
	bool is_loopback;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stops;
	struct http_connection *connections;
};

static uint64_t
get_deadline(unsigned seconds)
{
	return clock_get_ns(CLOCK_MONOTONIC) + (seconds + HTTP_SECONDS) * CLOCK_SECOND_NS;
}

/*** connections ***/

static void
insert_connection(struct http_server *server, struct MHD_Connection *connection,
		  void **socket_context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *entry = xcalloc(1, sizeof(*entry));

	entry->server = server;
	entry->connection = connection;
	entry->fd = info != NULL ? info->connect_fd : -1;
	entry->deadline_ns = get_deadline(0);
	pthread_mutex_lock(&server->lock);
	entry->link = &server->connections;
	entry->next = server->connections;
	if (entry->next != NULL)
		entry->next->link = &entry->next;
	server->connections = entry;
	pthread_mutex_unlock(&server->lock);
	*socket_context = entry;
}

static void
remove_connection(struct http_server *server, struct http_connection *entry)
{
	pthread_mutex_lock(&server->lock);
	*entry->link = entry->next;
	if (entry->next != NULL)
		entry->next->link = entry->link;
	pthread_mutex_unlock(&server->lock);
	free(entry);
}

static void
notice(void *context, struct MHD_Connection *connection, void **socket_context,
       enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		insert_connection(context, connection, socket_context);
	else if (*socket_context != NULL)
		remove_connection(context, *socket_context);
}

static struct http_connection *
find_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void
extend(struct http_connection *entry, unsigned seconds)
{
	if (entry == NULL)
		return;
	MHD_set_connection_option(entry->connection, MHD_CONNECTION_OPTION_TIMEOUT,
				  seconds + HTTP_SECONDS);
	pthread_mutex_lock(&entry->server->lock);
	entry->deadline_ns = get_deadline(seconds);
	pthread_mutex_unlock(&entry->server->lock);
}

/*** answers ***/

static enum MHD_Result
send_answer(struct MHD_Connection *connection, struct http_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->length, answer->bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;
	char *name;

	if (response == NULL) {
		free(answer->bytes);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "Connection", "close");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "1");
	if (answer->name != NULL) {
		name = xasprintf("attachment; filename=\"%s\"", answer->name);
		MHD_add_response_header(response, "Content-Disposition", name);
		free(name);
	}
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *connection, unsigned status, const char *why)
{
	struct http_answer answer = {.status = status, .type = "text/plain; charset=utf-8"};

	answer.bytes = xstrdup(why);
	answer.length = strlen(why);
	return send_answer(connection, &answer);
}

static enum MHD_Result
answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
       const char *version, const char *body, size_t *body_bytes, void **state)
{
	static int headers_were_read;
	struct http_server *server = context;
	struct http_answer reply = {0};
	struct http_request request = {
		.path = path,
		.seconds =
			MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "seconds"),
		.file = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "file"),
		.connection = find_connection(connection),
	};

	(void)version, (void)body, (void)body_bytes;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (server->is_loopback &&
	    !listen_is_own_host(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host")))
		return refuse(connection, MHD_HTTP_FORBIDDEN, "this request is for another host\n");
	if (*state == NULL) {
		*state = &headers_were_read;
		return MHD_YES;
	}
	/* The time that the answer takes to make is ours. */
	extend(request.connection, HTTP_ANSWER_SECONDS);
	server->handler(server->context, &request, &reply);
	extend(request.connection, 0);
	return send_answer(connection, &reply);
}

/*** the server ***/

static struct MHD_Daemon *
start_daemon(struct http_server *server, int fd)
{
	return MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0,
		NULL, NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CLIENTS, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)HTTP_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, notice, server, MHD_OPTION_END);
}

int
http_start(const char *address, http_handler *handler, void *context,
	   struct http_server **ret_server, char **ret_url, char **ret_why)
{
	struct http_server *server;
	struct listen_place place;
	pthread_condattr_t clock;
	int result = listen_at(address, &place, ret_why);

	if (result != 0)
		return result;
	server = xcalloc(1, sizeof(*server));
	server->handler = handler;
	server->context = context;
	server->is_loopback = place.is_loopback;
	pthread_mutex_init(&server->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&server->stopped, &clock);
	pthread_condattr_destroy(&clock);
	server->daemon = start_daemon(server, place.fd);
	if (server->daemon == NULL) {
		*ret_why = xasprintf("%s: cannot serve", address);
		close(place.fd);
		free(place.url);
		http_stop(server);
		return -ENOMEM;
	}
	*ret_server = server;
	*ret_url = place.url;
	return 0;
}

bool
http_is_open(const struct http_server *server)
{
	return !server->is_loopback;
}

static void
shut_down(struct http_server *server, uint64_t now_ns)
{
	pthread_mutex_lock(&server->lock);
	for (struct http_connection *entry = server->connections; entry != NULL;
	     entry = entry->next)
		if (entry->deadline_ns <= now_ns && entry->fd >= 0)
			shutdown(entry->fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
}

void
http_reap(struct http_server *server)
{
	shut_down(server, clock_get_ns(CLOCK_MONOTONIC));
}

void
http_stop(struct http_server *server)
{
	if (server == NULL)
		return;
	pthread_mutex_lock(&server->lock);
	server->stops = true;
	pthread_cond_broadcast(&server->stopped);
	pthread_mutex_unlock(&server->lock);
	shut_down(server, UINT64_MAX);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	pthread_cond_destroy(&server->stopped);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

bool
http_wait(const struct http_request *request, unsigned seconds)
{
	struct http_server *server;
	struct timespec end;
	bool goes_on;

	if (request->connection == NULL)
		return false;
	server = request->connection->server;
	extend(request->connection, seconds);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	pthread_mutex_lock(&server->lock);
	while (!server->stops &&
	       pthread_cond_timedwait(&server->stopped, &server->lock, &end) != ETIMEDOUT)
		;
	goes_on = !server->stops;
	pthread_mutex_unlock(&server->lock);
	return goes_on;
}
