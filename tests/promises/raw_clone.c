/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw_clone.c - a kernel thread without thread-local memory of its own allocates
 *
 * clone without CLONE_SETTLS: the new thread shares the TLS of the one that made it, which waits,
 * as it has to with most allocators. With one that needs no TLS both could work at the same time:
 * `raw_clone both` does. The runtime does not bear that always; see heaptally-faults(7).
 */
#include "config.h"
#include "target.h"

#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	STACK_BYTES = 65536,
	ROUNDS = 20000
};

static struct tally of_child, of_parent;
static int child_id = 1; /* set to 0 by the kernel when the thread is gone */

static int
allocate(void *argument)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		tally_free(argument, tally_malloc_at(argument, 30 + i % 100, i % 16, 4),
			   30 + i % 100);
	return 0;
}

int
main(int argc, char **argv)
{
	char *stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;

	allocate(&of_parent);
	if (stack == MAP_FAILED ||
	    clone(allocate, stack + STACK_BYTES, flags, &of_child, NULL, NULL, &child_id) < 0)
		return 9;
	if (argc > 1 && strcmp(argv[1], "both") == 0)
		allocate(&of_parent);
	while (__atomic_load_n(&child_id, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, &child_id, FUTEX_WAIT, 1, NULL, NULL, 0);
	allocate(&of_parent);
	tally_add(&of_parent, &of_child);
	target_report(&of_parent);
	say("done\n");
	return 0;
}
