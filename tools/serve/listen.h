/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve/listen.h - a socket that listens, at an address as users write it
 */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stdbool.h>

struct listen_place {
	int fd;
	bool is_loopback;
	char *url; /* with the port that was chosen; to free */
};

/* As `http_start` has addresses. 0, or -errno with a sentence to free. */
int listen_at(const char *address, struct listen_place *ret_place, char **ret_why);

/*
 * Whether a Host header may be of someone who means this machine: a page elsewhere, whose name was
 * made to lead here, says that name. NULL is nobody's.
 */
bool listen_is_own_host(const char *host);

#endif
