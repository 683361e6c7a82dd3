/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/xalloc.h"

#define LOOPBACK "127.0.0.1"
#define BACKLOG  16

/* Cut an address into host and port, in place; false if it is none. */
static bool
split(char *address, const char **ret_host, const char **ret_port)
{
	char *colon = strrchr(address, ':');
	char *bracket = strchr(address, ']');

	*ret_host = LOOPBACK;
	*ret_port = address;
	if (colon != NULL && (bracket == NULL || colon > bracket)) {
		*colon = '\0';
		*ret_port = colon + 1;
		if (*address == '[' && bracket != NULL && bracket[1] == '\0') {
			*bracket = '\0';
			address++;
		} else if (*address == '[' || strchr(address, ':') != NULL) {
			return false;
		}
		if (*address != '\0')
			*ret_host = address;
	}
	return **ret_port != '\0' && strspn(*ret_port, "0123456789") == strlen(*ret_port) &&
	       strlen(*ret_port) <= 5 && atoi(*ret_port) <= 65535;
}

static bool
is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int
open_socket(const struct addrinfo *info)
{
	int one = 1, error;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

static void
describe(struct listen_place *place)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";

	getsockname(place->fd, (struct sockaddr *)&address, &length);
	place->is_loopback = is_loopback((const struct sockaddr *)&address);
	getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	place->url = xasprintf(address.ss_family == AF_INET6 ? "http://[%s]:%s/" : "http://%s:%s/",
			       host, port);
}

int
listen_at(const char *address, struct listen_place *ret_place, char **ret_why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct listen_place place = {.fd = -EINVAL};
	struct addrinfo *found = NULL;
	char *copy = xstrdup(address);
	const char *host, *port;
	int result;

	if (!split(copy, &host, &port)) {
		*ret_why = xasprintf("%s: not of the form HOST:PORT", address);
		free(copy);
		return -EINVAL;
	}
	result = getaddrinfo(host, port, &hints, &found);
	if (result != 0)
		*ret_why = xasprintf("%s: %s", address, gai_strerror(result));
	else
		place.fd = open_socket(found);
	if (result == 0 && place.fd < 0)
		*ret_why = xasprintf("%s: %s", address, strerror(-place.fd));
	if (found != NULL)
		freeaddrinfo(found);
	free(copy);
	if (place.fd < 0)
		return place.fd;
	describe(&place);
	*ret_place = place;
	return 0;
}

bool
listen_is_own_host(const char *host)
{
	char name[INET6_ADDRSTRLEN + 2];
	struct in6_addr address;
	const char *end;
	size_t length;

	if (host == NULL)
		return true;
	end = *host == '[' ? strchr(host, ']') : strchrnul(host, ':');
	host += *host == '[';
	length = end != NULL ? (size_t)(end - host) : sizeof(name);
	if (length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &address) == 1 ||
	       inet_pton(AF_INET6, name, &address) == 1;
}
