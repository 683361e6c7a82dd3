/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server.c - the server of heaptally-tutorial(7): it forgets to close every session
 *
 *     server            serve requests at ./server.sock until `server quit`
 *     server load N     make N requests, one after the other
 *     server quit
 *
 * A request is parsed (temporary blocks), its answer is kept in a cache that fills up and stays as
 * large, and its session stays for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CACHE_ENTRIES 64
#define ANSWER_BYTES  4000
#define SESSION_BYTES 2000

static const struct sockaddr_un address = {AF_UNIX, "server.sock"};
static void *cache[CACHE_ENTRIES];
static void *volatile last_session;

static __attribute__((noinline)) int
parse_request(const char *text, size_t length)
{
	char *copy = malloc(length + 1);
	int number;

	memcpy(copy, text, length);
	copy[length] = '\0';
	number = atoi(copy);
	free(copy);
	return number;
}

static __attribute__((noinline)) void
open_session(void)
{
	last_session = malloc(SESSION_BYTES);
}

static __attribute__((noinline)) void
keep_answer(int number)
{
	void **entry = &cache[number % CACHE_ENTRIES];

	free(*entry);
	*entry = malloc(ANSWER_BYTES);
}

static int
serve(void)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), client;
	char text[64];
	ssize_t length;

	unlink(address.sun_path);
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 8) != 0)
		return 1;
	while ((client = accept(listener, NULL, NULL)) >= 0) {
		while ((length = recv(client, text, sizeof(text), 0)) > 0) {
			if (text[0] == 'q')
				return unlink(address.sun_path) != 0;
			open_session();
			keep_answer(parse_request(text, (size_t)length));
			send(client, "ok", 2, MSG_NOSIGNAL);
		}
		close(client);
	}
	return 1;
}

static int
connect_to_server(void)
{
	int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	/* It may just be starting. */
	for (int i = 0; i < 2000; i++) {
		if (connect(server, (const struct sockaddr *)&address, sizeof(address)) == 0)
			return server;
		usleep(10000);
	}
	return -1;
}

static int
load(long requests)
{
	int server = connect_to_server();
	char text[64];

	for (long i = 0; server >= 0 && i < requests; i++) {
		int length = snprintf(text, sizeof(text), "%ld", i);

		if (send(server, text, (size_t)length, 0) != length ||
		    recv(server, text, sizeof(text), 0) <= 0)
			return 1;
	}
	return server < 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "load") == 0)
		return load(atol(argv[2]));
	if (argc > 1 && strcmp(argv[1], "quit") == 0)
		return send(connect_to_server(), "q", 1, 0) != 1;
	return serve();
}
