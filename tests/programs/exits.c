/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exits.c - allocate exactly COUNT blocks of 24 bytes, then end as asked
 *
 *     exits COUNT return|exit|_exit|abort|kill|segv|exec|stop
 *
 * Nothing else here allocates: no stdio, no locale. `exec` replaces the program by itself with
 * `return` and twice the count; `stop` writes one byte and waits to be killed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	BLOCK_BYTES = 24
};

static void *volatile sink;
static volatile int *volatile nowhere = (volatile int *)8;

/* A crash is the point of this program; a core file is not. */
static void
forbid_core(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

static int
end_by(const char *how, char **argv)
{
	if (strcmp(how, "exit") == 0)
		exit(3);
	if (strcmp(how, "_exit") == 0)
		_exit(4);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(how, "segv") == 0)
		*nowhere = 1;
	if (strcmp(how, "exec") == 0)
		execl(argv[0], argv[0], "20000", "return", (char *)NULL);
	if (strcmp(how, "stop") == 0 && write(STDOUT_FILENO, "r", 1) == 1)
		pause();
	return strcmp(how, "return") == 0 ? 0 : 9;
}

int
main(int argc, char **argv)
{
	long count;

	if (argc != 3)
		return 8;
	forbid_core();
	count = strtol(argv[1], NULL, 10);
	for (long i = 0; i < count; i++)
		sink = malloc(BLOCK_BYTES);
	return end_by(argv[2], argv);
}
