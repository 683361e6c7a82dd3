/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exits.c - allocate exactly COUNT blocks of 24 bytes, then end as asked
 *
 *     exits COUNT return|exit|_exit|abort|kill|segv|exec|stop
 *
 * Nothing else here allocates: no stdio, no locale. `exec` replaces the program by itself with
 * `return` and twice the count; `stop` writes its pid and a newline and waits to be killed.
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

static void
write_pid(void)
{
	char text[16];
	size_t start = sizeof(text);

	text[--start] = '\n';
	for (pid_t pid = getpid(); pid > 0; pid /= 10)
		text[--start] = (char)('0' + pid % 10);
	if (write(STDOUT_FILENO, text + start, sizeof(text) - start) < 0)
		_exit(9);
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
		execl("/proc/self/exe", argv[0], "20000", "return", (char *)NULL);
	if (strcmp(how, "stop") == 0) {
		write_pid();
		pause();
	}
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
