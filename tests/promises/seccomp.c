/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.c - a program that forbids itself most system calls, then allocates from new stacks
 *
 *     seccomp kill|nothing
 *
 * `kill` allows what an allocator needs and kills for anything else; `nothing` also refuses mmap,
 * munmap and madvise, with an error.
 */
#include "config.h"
#include "target.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(number)                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define ANSWER(number, answer) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, answer)

static int
forbid(uint32_t answer_memory)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read),
		ALLOW(SYS_write),
		ALLOW(SYS_exit_group),
		ALLOW(SYS_exit),
		ALLOW(SYS_brk),
		ALLOW(SYS_futex),
		ALLOW(SYS_rt_sigreturn),
		ANSWER(SYS_mmap, answer_memory),
		ANSWER(SYS_munmap, answer_memory),
		ANSWER(SYS_madvise, answer_memory),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

int
main(int argc, char **argv)
{
	static struct tally tally;
	uint32_t answer = SECCOMP_RET_ALLOW;

	if (argc > 1 && strcmp(argv[1], "nothing") == 0)
		answer = SECCOMP_RET_ERRNO | ENOMEM;
	for (unsigned i = 0; i < 100; i++)
		tally_malloc_at(&tally, 50, i, 13);
	if (forbid(answer) != 0)
		return 9;
	for (unsigned i = 0; i < 100000; i++)
		tally_malloc_at(&tally, 50, i % 5000, 13);
	say("%lu %lu\n", (unsigned long)tally.allocs, (unsigned long)tally.bytes);
	return 0;
}
