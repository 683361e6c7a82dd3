/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/os.h"

#include <elf.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/elf_symbol.h"
#include "base/os_call.h"
#include "base/os_file.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define OTHER_GROUPS 64u

uint64_t
os_limit(int resource)
{
	struct rlimit limit = {0};

	if (arch_system_call(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0) != 0)
		return UINT64_MAX;
	return limit.rlim_cur;
}

uint64_t
os_set_limit(int resource, uint64_t soft)
{
	struct rlimit limit;
	uint64_t old;

	if (arch_system_call(SYS_prlimit64, 0, resource, 0, (long)&limit, 0, 0) != 0)
		return soft;
	old = limit.rlim_cur;
	limit.rlim_cur = soft;
	arch_system_call(SYS_prlimit64, 0, resource, (long)&limit, 0, 0, 0);
	return old;
}

bool
os_on_signal_stack(void)
{
	stack_t stack = {0};

	return os_call(SYS_sigaltstack, 0, (long)&stack, 0) == 0 &&
	       (stack.ss_flags & SS_ONSTACK) != 0;
}

uint32_t
os_cpu_count(void)
{
	uint64_t mask[128] = {0};
	long bytes = os_call(SYS_sched_getaffinity, 0, sizeof mask, (long)mask);
	uint32_t count = 0;

	for (long i = 0; i < bytes / 8; i++)
		count += (uint32_t)__builtin_popcountll(mask[i]);
	return count > 0 ? count : 1;
}

void
os_block_signals(uint64_t *ret_mask)
{
	uint64_t all = ~(uint64_t)0;

	*ret_mask = 0;
	arch_system_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)ret_mask, 8, 0, 0);
}

void
os_restore_signals(uint64_t mask)
{
	arch_system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8, 0, 0);
}

uint32_t
os_process_id(void)
{
	return (uint32_t)os_call(SYS_getpid, 0, 0, 0);
}

uint32_t
os_parent_id(void)
{
	return (uint32_t)os_call(SYS_getppid, 0, 0, 0);
}

uint32_t
os_user_id(void)
{
	return (uint32_t)os_call(SYS_geteuid, 0, 0, 0);
}

/* Tasks may share our memory without being threads of our process (clone with CLONE_VM alone); the
 * kernel finds them by the number of their own process. 0 is a free place. */
static uint32_t thread_group;
static uint32_t other_groups[OTHER_GROUPS];
static bool has_more_groups;

static bool
lives_in(uint32_t group, uint32_t thread)
{
	/* Not tkill: filters of system calls know the one that raise() makes. */
	return os_call(SYS_tgkill, group, thread, 0) != -ESRCH;
}

void
os_set_process(uint32_t id)
{
	thread_group = id;
	for (size_t i = 0; i < OTHER_GROUPS; i++)
		store(&other_groups[i], 0);
	has_more_groups = false;
}

/* Its number, and that of nobody else, is the leader's; one that has ended stays until all have. */
static COLD void
add_group(uint32_t group)
{
	for (size_t i = 0; i < OTHER_GROUPS; i++) {
		if (load(&other_groups[i]) == group)
			return;
	}
	for (size_t i = 0; i < OTHER_GROUPS; i++) {
		uint32_t old = load(&other_groups[i]);

		if ((old == 0 || !lives_in(old, old)) &&
		    __atomic_compare_exchange_n(&other_groups[i], &old, group, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return;
	}
	store(&has_more_groups, true);
}

uint32_t
os_thread_id(void)
{
	uint32_t group = os_process_id();

	if (group != thread_group && thread_group != 0)
		add_group(group);
	return (uint32_t)os_call(SYS_gettid, 0, 0, 0);
}

bool
os_thread_lives(uint32_t thread)
{
	if (lives_in(thread_group, thread) || load(&has_more_groups))
		return true;
	for (size_t i = 0; i < OTHER_GROUPS; i++) {
		uint32_t group = load(&other_groups[i]);

		if (group != 0 && lives_in(group, thread))
			return true;
	}
	return false;
}

void
os_random(void *buffer, size_t bytes)
{
	/* Mixed with the clock, in case getrandom is filtered. */
	uint64_t fallback = os_monotonic_ns() * 0x9E3779B97F4A7C15u;

	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)buffer)[i] = (unsigned char)(fallback >> (i % 8 * 8));
	os_call(SYS_getrandom, (long)buffer, (long)bytes, 1 /* GRND_NONBLOCK */);
}

void
os_wait(uint32_t *word, uint32_t expected)
{
	struct timespec millisecond = {0, 1000000};

	arch_system_call(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, expected, (long)&millisecond, 0,
			 0);
}

static int (*vdso_clock)(clockid_t, struct timespec *);

void
os_init_clock(void)
{
	const void *vdso = (const void *)getauxval(AT_SYSINFO_EHDR);

	if (vdso != NULL)
		vdso_clock = (int (*)(clockid_t, struct timespec *))elf_symbol_in_image(
			vdso, ARCH_VDSO_CLOCK);
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	if (vdso_clock == NULL || vdso_clock(clock, &now) != 0)
		os_call(SYS_clock_gettime, clock, (long)&now, 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
os_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
os_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* --- copies of this process --- */

int
os_copy_process(void)
{
	/* No flags and no signal at its end: nobody who waits for children learns of it. */
	return (int)arch_system_call(SYS_clone, 0, 0, 0, 0, 0, 0);
}

int
os_collect_copy(uint32_t process, int *ret_status)
{
	long result;

	do
		result = arch_system_call(SYS_wait4, process, (long)ret_status, __WCLONE | WNOHANG,
					  0, 0, 0);
	while (result == -EINTR);
	return (int)result;
}

void
os_kill(uint32_t process)
{
	os_call(SYS_kill, process, SIGKILL, 0);
}

_Noreturn void
os_leave(int status)
{
	for (;;)
		os_call(SYS_exit_group, status, 0, 0);
}

void
os_close_all(void)
{
	uint64_t limit = os_limit(RLIMIT_NOFILE);

	if (os_call(SYS_close_range, 0, ~0u, 0) == 0)
		return;
	/* Kernels before 5.9 lack it. */
	for (uint64_t fd = 0; fd < limit && fd < 1u << 20; fd++)
		os_close((int)fd);
}

void
os_forbid_cores(void)
{
	struct rlimit none = {0, 0};

	arch_system_call(SYS_prlimit64, 0, RLIMIT_CORE, (long)&none, 0, 0, 0);
}

void
os_thread_name(char name[OS_THREAD_NAME_BYTES])
{
	if (os_call(SYS_prctl, PR_GET_NAME, (long)name, 0) < 0)
		name[0] = '\0';
	name[OS_THREAD_NAME_BYTES - 1] = '\0';
}

void
os_forbid_dumps(void)
{
	os_call(SYS_prctl, PR_SET_DUMPABLE, 0, 0);
}

void
os_lower_priority(int nice)
{
	struct sched_param none = {0};

	arch_system_call(SYS_setpriority, 0 /* PRIO_PROCESS */, 0, nice, 0, 0, 0);
	os_call(SYS_sched_setscheduler, 0, SCHED_BATCH, (long)&none);
}
