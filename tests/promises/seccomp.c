/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.c - a program that forbids itself most system calls, then allocates from new stacks
 *
 *     seccomp kill|threads|nothing
 *
 * `kill` allows what an allocator and threads need and kills for anything else; `threads` also
 * makes some; `nothing` also refuses mmap, munmap and madvise, with an error.
 */
#include "config.h"
#include "target.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
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
		ALLOW(SYS_mremap),
		/* For threads, and for libc's arenas. */
		ALLOW(SYS_gettid),
		ALLOW(SYS_tgkill),
		ALLOW(SYS_clone3),
		ALLOW(SYS_rt_sigprocmask),
		ALLOW(SYS_set_robust_list),
		ALLOW(SYS_rseq),
		ALLOW(SYS_mprotect),
		ALLOW(SYS_openat),
		ALLOW(SYS_close),
		ALLOW(SYS_newfstatat),
		ALLOW(SYS_sched_getaffinity),
		ALLOW(SYS_prlimit64),
		ALLOW(SYS_getrandom),
		ANSWER(SYS_mmap, answer_memory),
		ANSWER(SYS_munmap, answer_memory),
		ANSWER(SYS_madvise, answer_memory),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

static void *
allocate(void *nothing)
{
	for (unsigned i = 0; i < 100; i++)
		free(malloc(i));
	return nothing;
}

static void
run_threads(void)
{
	for (int i = 0; i < 10; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, allocate, NULL) != 0)
			_exit(8);
		pthread_join(thread, NULL);
	}
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
		tally_malloc_at(&tally, 50, i % 50000, 16);
	if (argc > 1 && strcmp(argv[1], "threads") == 0)
		run_threads();
	say("%lu %lu\n", (unsigned long)tally.allocs, (unsigned long)tally.bytes);
	return 0;
}
