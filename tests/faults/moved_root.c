/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * moved_root.c - scenario 23: the program changes its root, folder and user, then goes on (F54)
 *
 *     moved_root BLOCKS chroot|setuid|chdir|pivot EMPTY-FOLDER
 *
 * `pivot` expects a mount namespace of its own. BLOCKS different stacks are used afterwards, so the
 * tables of a tracer have to grow.
 */
#include "config.h"
#include "target.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct tally tally;

static int
move(const char *how, const char *folder)
{
	if (strcmp(how, "chdir") == 0)
		return chdir(folder);
	if (strcmp(how, "chroot") == 0)
		return chroot(folder) != 0 || chdir("/") != 0;
	if (strcmp(how, "setuid") == 0)
		return setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0;
	if (mount(folder, folder, NULL, MS_BIND, NULL) != 0 || chdir(folder) != 0)
		return 1;
	return syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0;
}

int
main(int argc, char **argv)
{
	long blocks = target_argument(argc, argv, 1, 1000);
	int failed;

	if (argc != 4)
		return 8;
	for (unsigned i = 0; i < 100; i++)
		tally_malloc_at(&tally, 30, i, 7);
	failed = move(argv[2], argv[3]);
	for (long i = 0; i < blocks; i++)
		tally_malloc_at(&tally, 30, (unsigned)i, 17);
	say("failed %d user %d\n", failed, (int)getuid());
	/* The report's file is out of reach by now. */
	say("total_blocks %lu total_bytes %lu\n", (unsigned long)tally.allocs,
	    (unsigned long)tally.bytes);
	return failed;
}
