/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * descriptors.c - scenario 8: the descriptors of the program and of its children (F06, F29)
 *
 *     descriptors list|child|few
 *
 * `list` prints the kind and flags of each open descriptor; `child` does so in a program executed
 * by a forked child, too; `few` works with a limit of four descriptors.
 */
#include "config.h"
#include "target.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tally tally;

static void
list(const char *who)
{
	struct stat status;

	for (int fd = 0; fd < 1024; fd++)
		if (fstat(fd, &status) == 0)
			say("%s: %d type %o flags %x\n", who, fd, status.st_mode & S_IFMT,
			    (unsigned)fcntl(fd, F_GETFD));
}

static int
list_in_child(char **argv)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		list("forked");
		execl("/proc/self/exe", argv[0], "list", (char *)NULL);
		_exit(9);
	}
	if (waitpid(child, &status, 0) != child)
		return 1;
	return status != 0;
}

/* Three are open; the fourth is all that is left. */
static int
work_with_four(void)
{
	struct rlimit four = {4, 4};
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &four) != 0)
		return 1;
	for (unsigned i = 0; i < 2000; i++)
		tally_malloc_at(&tally, 50, i, 11);
	fd = open("/dev/null", O_RDONLY);
	say("the one left is %d\n", fd);
	close(fd);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";
	int result = 0;

	for (unsigned i = 0; i < 1000; i++)
		tally_malloc_at(&tally, 50, i, 11);
	/* Let a thread that opens something late do it. */
	usleep(30000);
	list(what);
	if (strcmp(what, "child") == 0)
		result = list_in_child(argv);
	if (strcmp(what, "few") == 0)
		result = work_with_four();
	if (strcmp(what, "list") != 0)
		target_report(&tally);
	return result;
}
