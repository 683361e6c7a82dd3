/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/os.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/resource.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "base/elf_symbol.h"
#include "base/own_memory.h"

#ifndef MADV_KEEPONFORK
#define MADV_KEEPONFORK 19
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

#define SEEDS         256u
#define OTHER_GROUPS  64u
#define ERRORS        4096 /* of the kernel's answers these many are a negative errno */
#define UNLIKELY_WORD 0x9E3779B9

/* Kernels hand out addresses from the upper end of the address space; programs and their heaps
 * are at the lower end or above 5/8 of it. In between nothing comes by itself. */
#define PLACES_LOW  ((uint64_t)1 << (ADDRESS_BITS - 2))
#define PLACES_HIGH ((uint64_t)1 << (ADDRESS_BITS - 1))
#define PLACES_STEP ((uint64_t)2 << 20)
/* From any of them, an end beyond the address space, but not more than all of it. */
#define TOO_LONG (((long)1 << ADDRESS_BITS) - 2 * (long)PAGE_BYTES)

static long
call3(long number, long a, long b, long c)
{
	return arch_system_call(number, a, b, c, 0, 0, 0);
}

/* Pages that were mapped before the program locked all that is to come: where they begin, and how
 * many are left, in the bits below a page. What one of them grows to is not locked either, and does
 * not count. */
static uintptr_t seeds;

bool
os_make_seeds(void)
{
	uintptr_t none = 0;
	void *base;

	if (load(&seeds) != 0)
		return true;
	base = os_map(SEEDS * PAGE_BYTES, false);
	/* Release: that they are ours was noted before. Another thread may have been faster. */
	if (base != NULL && !__atomic_compare_exchange_n(&seeds, &none, (uintptr_t)base + SEEDS,
							 false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		os_unmap(base, SEEDS * PAGE_BYTES);
	return base != NULL;
}

/* The last one of them, moved to where there is room for so much; negative when there is none. */
static COLD long
grow_seed(size_t bytes)
{
	uintptr_t word = load(&seeds), count, seed;

	do {
		if (word == 0)
			return -ENOMEM;
		count = word % PAGE_BYTES;
		/* Acquire: goes with the release of who has made them. */
	} while (!__atomic_compare_exchange_n(&seeds, &word, count > 1 ? word - 1 : 0, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	seed = word - count + (count - 1) * PAGE_BYTES;
	own_memory_remove((void *)seed, PAGE_BYTES);
	return arch_system_call(SYS_mremap, (long)seed, (long)PAGE_BYTES,
				(long)round_up(bytes, PAGE_BYTES), MREMAP_MAYMOVE, 0, 0);
}

static void *
map(size_t bytes, int flags, int fd)
{
	long result = (flags & MAP_PRIVATE) != 0 ? grow_seed(bytes) : -ENOMEM;

	if (result < 0)
		result = arch_system_call(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, flags,
					  fd, 0);
	if (result < 0 && result > -ERRORS)
		return NULL;
	call3(SYS_madvise, result, (long)bytes, MADV_DONTDUMP);
	own_memory_insert((void *)result, bytes, OWN_MEMORY_PLAIN);
	return (void *)result;
}

void
os_unmap(void *address, size_t bytes)
{
	own_memory_remove(address, bytes);
	call3(SYS_munmap, (long)address, (long)bytes, 0);
}

void
os_forbid(void *address, size_t bytes)
{
	call3(SYS_mprotect, (long)address, (long)bytes, PROT_NONE);
}

bool
os_protect(void *address, size_t bytes, bool writable)
{
	return call3(SYS_mprotect, (long)address, (long)bytes,
		     writable ? PROT_READ | PROT_WRITE : PROT_READ) == 0;
}

bool
os_wipe_on_fork(void *address, size_t bytes)
{
	return call3(SYS_madvise, (long)address, (long)bytes, MADV_WIPEONFORK) == 0;
}

void
os_let_dump(void *address, size_t bytes)
{
	call3(SYS_madvise, (long)address, (long)bytes, MADV_DODUMP);
}

bool
os_wipe(void *address, size_t bytes)
{
	return call3(SYS_madvise, (long)address, (long)bytes, MADV_DONTNEED) == 0;
}

void *
os_map(size_t bytes, bool wipe_on_fork)
{
	void *memory = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (memory == NULL)
		return NULL;
	/* Transparent huge pages would turn a few touched lines into megabytes. */
	call3(SYS_madvise, (long)memory, (long)bytes, MADV_NOHUGEPAGE);
	/* Without it a forked child could not know that it is one: better no tracing at all. */
	if (wipe_on_fork && !os_wipe_on_fork(memory, bytes)) {
		os_unmap(memory, bytes);
		return NULL;
	}
	return memory;
}

void *
os_map_dense(size_t bytes)
{
	void *memory = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (memory != NULL)
		call3(SYS_madvise, (long)memory, (long)bytes, MADV_HUGEPAGE);
	return memory;
}

static int
map_at(void *address, size_t bytes, int flags, int fd, uint64_t offset)
{
	long result =
		arch_system_call(SYS_mmap, (long)address, (long)bytes, PROT_READ | PROT_WRITE,
				 flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, (long)offset);

	if (result < 0 && result > -ERRORS)
		return (int)result;
	/* Kernels before 4.17 take the flag for a hint. */
	if (result != (long)address) {
		os_unmap((void *)result, bytes);
		return -EEXIST;
	}
	call3(SYS_madvise, result, (long)bytes, MADV_DONTDUMP);
	own_memory_insert(address, bytes, OWN_MEMORY_PLAIN);
	return 0;
}

int
os_map_at(void *address, size_t bytes)
{
	return map_at(address, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void *
os_random_place(size_t bytes)
{
	uint64_t random;

	os_random(&random, sizeof random);
	return (void *)(PLACES_LOW +
			random % (PLACES_HIGH - PLACES_LOW - bytes) / PLACES_STEP * PLACES_STEP);
}

void *
os_map_growable(size_t *bytes, size_t limit)
{
	void *memory = os_random_place(limit);

	if (os_map_at(memory, *bytes) == 0) {
		call3(SYS_madvise, (long)memory, (long)*bytes, MADV_NOHUGEPAGE);
		if (os_wipe_on_fork(memory, *bytes))
			return memory;
		os_unmap(memory, *bytes);
		return NULL;
	}
	*bytes = limit;
	return os_map(limit, true);
}

/* Whether the range is within one mapping. A growth that cannot be: what is wrong with the range
 * itself is found out first. */
static bool
is_one_mapping(void *address, size_t bytes)
{
	return arch_system_call(SYS_mremap, (long)address, (long)bytes, TOO_LONG, 0, 0, 0) ==
	       -ENOMEM;
}

bool
os_grow(void *address, size_t old_bytes, size_t bytes)
{
	/* Not told to move, it does not. */
	bool grown = arch_system_call(SYS_mremap, (long)address, (long)old_bytes, (long)bytes, 0, 0,
				      0) == (long)address ||
		     is_one_mapping(address, bytes);

	if (grown)
		own_memory_resize(address, bytes);
	return grown;
}

void *
os_map_file_for_all(int fd, size_t bytes)
{
	return map(bytes, MAP_SHARED | MAP_NORESERVE, fd);
}

void *
os_map_file(int fd, size_t bytes)
{
	void *memory = os_map_file_for_all(fd, bytes);

	if (memory != NULL) {
		call3(SYS_madvise, (long)memory, (long)bytes, MADV_DONTFORK);
		own_memory_set_kind(memory, OWN_MEMORY_FILE);
	}
	return memory;
}

int
os_map_file_at(void *address, size_t bytes, int fd, uint64_t offset)
{
	int result = map_at(address, bytes, MAP_SHARED, fd, offset);

	if (result == 0) {
		call3(SYS_madvise, (long)address, (long)bytes, MADV_DONTFORK);
		own_memory_set_kind(address, OWN_MEMORY_FILE);
	}
	return result;
}

/*
 * Kernels before 5.14 lack MADV_POPULATE_WRITE. Letting the kernel itself store into each page (the
 * old signal mask, as an out parameter) fails with EFAULT where our own store would raise SIGBUS.
 */
static int
populate_by_kernel_stores(char *address, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES) {
		uint64_t *word = (uint64_t *)(address + i);
		long result =
			arch_system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)word, 8, 0, 0);

		if (result != 0)
			return (int)result;
		*word = 0;
	}
	return 0;
}

int
os_populate(void *address, size_t bytes)
{
	long result = call3(SYS_madvise, (long)address, (long)bytes, MADV_POPULATE_WRITE);

	if (result == -EINVAL || result == -ENOSYS)
		return populate_by_kernel_stores(address, bytes);
	return (int)result;
}

int
os_populate_file(void *address, size_t bytes)
{
	int result;

	call3(SYS_madvise, (long)address, (long)bytes, MADV_RANDOM);
	result = os_populate(address, bytes);
	call3(SYS_madvise, (long)address, (long)bytes, MADV_NORMAL);
	return result;
}

bool
os_readable(uintptr_t address)
{
	/* Waits for a word to change, but not for any time. The kernel reads the word first. Every
	 * filter that lets an allocator live allows futex. */
	struct timespec no_time = {0, 0};

	return arch_system_call(SYS_futex, (long)(address & ~(uintptr_t)3), FUTEX_WAIT_PRIVATE,
				UNLIKELY_WORD, (long)&no_time, 0, 0) != -EFAULT;
}

static long
copy_memory(const void *address, void *buffer, size_t bytes)
{
	struct iovec to = {buffer, bytes}, from = {(void *)(uintptr_t)address, bytes};

	return arch_system_call(SYS_process_vm_readv, os_process_id(), (long)&to, 1, (long)&from, 1,
				0);
}

bool
os_copy_memory(const void *address, void *buffer, size_t bytes)
{
	return copy_memory(address, buffer, bytes) == (long)bytes;
}

bool
os_read_memory(const void *address, void *buffer, size_t bytes)
{
	long result = copy_memory(address, buffer, bytes);

	if (result == (long)bytes)
		return true;
	if (result != -EPERM && result != -ENOSYS)
		return false;
	memcpy(buffer, address, bytes);
	return true;
}

int
os_open(const char *path, int flags, unsigned mode)
{
	return (int)arch_system_call(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

int
os_open_at(int directory, const char *name, int flags, unsigned mode)
{
	return (int)arch_system_call(SYS_openat, directory, (long)name, flags, mode, 0, 0);
}

void
os_close(int fd)
{
	call3(SYS_close, fd, 0, 0);
}

int
os_unlink(const char *path)
{
	return (int)call3(SYS_unlink, (long)path, 0, 0);
}

int
os_change_mode(int fd, unsigned mode)
{
	return (int)call3(SYS_fchmod, fd, mode, 0);
}

int
os_truncate(int fd, uint64_t bytes)
{
	return (int)call3(SYS_ftruncate, fd, (long)bytes, 0);
}

long
os_read(int fd, void *buffer, size_t bytes)
{
	return call3(SYS_read, fd, (long)buffer, (long)bytes);
}

long
os_read_at(int fd, void *buffer, size_t bytes, uint64_t offset)
{
	return arch_system_call(SYS_pread64, fd, (long)buffer, (long)bytes, (long)offset, 0, 0);
}

long
os_write_at(int fd, const void *data, size_t bytes, uint64_t offset)
{
	return arch_system_call(SYS_pwrite64, fd, (long)data, (long)bytes, (long)offset, 0, 0);
}

long
os_read_directory(int fd, void *buffer, size_t bytes)
{
	return call3(SYS_getdents64, fd, (long)buffer, (long)bytes);
}

int
os_rename(const char *from, const char *to)
{
	return (int)call3(SYS_rename, (long)from, (long)to, 0);
}

int
os_exchange(const char *one, const char *other)
{
	return (int)arch_system_call(SYS_renameat2, AT_FDCWD, (long)one, AT_FDCWD, (long)other,
				     RENAME_EXCHANGE, 0);
}

int
os_make_directory(const char *path, unsigned mode)
{
	int result = (int)call3(SYS_mkdir, (long)path, mode, 0);

	/* Whatever the umask. */
	return result == 0 ? (int)call3(SYS_chmod, (long)path, mode, 0) : result;
}

int
os_remove_directory(const char *path)
{
	return (int)call3(SYS_rmdir, (long)path, 0, 0);
}

long
os_read_link(const char *path, char *buffer, size_t bytes)
{
	return call3(SYS_readlink, (long)path, (long)buffer, (long)bytes);
}

long
os_current_directory(char *buffer, size_t bytes)
{
	return call3(SYS_getcwd, (long)buffer, (long)bytes, 0);
}

int
os_stat(const char *path, bool follow, struct os_stat *ret_stat)
{
	struct stat st;
	long result = arch_system_call(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st,
				       follow ? 0 : AT_SYMLINK_NOFOLLOW, 0, 0);

	if (result == 0)
		*ret_stat = (struct os_stat){
			.uid = st.st_uid,
			.mode = st.st_mode,
			.inode = st.st_ino,
			.device = st.st_dev,
			.bytes = (uint64_t)st.st_size,
			.modified_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				       (uint64_t)st.st_mtim.tv_nsec,
		};
	return (int)result;
}

bool
os_is_in_memory(const char *path)
{
	struct statfs st;

	return call3(SYS_statfs, (long)path, (long)&st, 0) == 0 && st.f_type == TMPFS_MAGIC;
}

bool
os_resident(const void *address, size_t bytes, unsigned char *ret_pages)
{
	return call3(SYS_mincore, (long)address, (long)bytes, (long)ret_pages) == 0;
}

bool
os_has_swapped(void)
{
	struct sysinfo info;

	return call3(SYS_sysinfo, (long)&info, 0, 0) != 0 || info.freeswap != info.totalswap;
}

uint64_t
os_free_bytes(const char *path)
{
	struct statfs st;

	if (call3(SYS_statfs, (long)path, (long)&st, 0) != 0)
		return 0;
	return (uint64_t)st.f_bavail * (uint64_t)st.f_bsize;
}

void
os_lock(const void *address, size_t bytes, bool on_fault)
{
	if (on_fault)
		call3(SYS_mlock2, (long)address, (long)bytes, MLOCK_ONFAULT);
	else
		call3(SYS_mlock, (long)address, (long)bytes, 0);
}

void
os_unlock(const void *address, size_t bytes)
{
	call3(SYS_munlock, (long)address, (long)bytes, 0);
}

void
os_unlock_all(void)
{
	call3(SYS_munlockall, 0, 0, 0);
}

/* Its first byte stands for the file. */
static const struct flock whole_lock = {
	.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

int
os_lock_file(int fd)
{
	struct flock lock = whole_lock;

	return (int)call3(SYS_fcntl, fd, F_OFD_SETLK, (long)&lock);
}

bool
os_is_unlocked(int fd)
{
	struct flock lock = whole_lock;

	return call3(SYS_fcntl, fd, F_OFD_GETLK, (long)&lock) == 0 && lock.l_type == F_UNLCK;
}

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

	return call3(SYS_sigaltstack, 0, (long)&stack, 0) == 0 &&
	       (stack.ss_flags & SS_ONSTACK) != 0;
}

uint32_t
os_cpu_count(void)
{
	uint64_t mask[128] = {0};
	long bytes = call3(SYS_sched_getaffinity, 0, sizeof mask, (long)mask);
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
	return (uint32_t)call3(SYS_getpid, 0, 0, 0);
}

uint32_t
os_parent_id(void)
{
	return (uint32_t)call3(SYS_getppid, 0, 0, 0);
}

uint32_t
os_user_id(void)
{
	return (uint32_t)call3(SYS_geteuid, 0, 0, 0);
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
	return call3(SYS_tgkill, group, thread, 0) != -ESRCH;
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
	return (uint32_t)call3(SYS_gettid, 0, 0, 0);
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
	call3(SYS_getrandom, (long)buffer, (long)bytes, 1 /* GRND_NONBLOCK */);
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
		call3(SYS_clock_gettime, clock, (long)&now, 0);
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

void
os_keep_on_fork(void *address, size_t bytes, bool kept)
{
	call3(SYS_madvise, (long)address, (long)bytes, kept ? MADV_KEEPONFORK : MADV_WIPEONFORK);
}

void *
os_map_shared(size_t bytes)
{
	return map(bytes, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

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
	call3(SYS_kill, process, SIGKILL, 0);
}

_Noreturn void
os_leave(int status)
{
	for (;;)
		call3(SYS_exit_group, status, 0, 0);
}

void
os_close_all(void)
{
	uint64_t limit = os_limit(RLIMIT_NOFILE);

	if (call3(SYS_close_range, 0, ~0u, 0) == 0)
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
	if (call3(SYS_prctl, PR_GET_NAME, (long)name, 0) < 0)
		name[0] = '\0';
	name[OS_THREAD_NAME_BYTES - 1] = '\0';
}

void
os_forbid_dumps(void)
{
	call3(SYS_prctl, PR_SET_DUMPABLE, 0, 0);
}

void
os_lower_priority(int nice)
{
	struct sched_param none = {0};

	arch_system_call(SYS_setpriority, 0 /* PRIO_PROCESS */, 0, nice, 0, 0, 0);
	call3(SYS_sched_setscheduler, 0, SCHED_BATCH, (long)&none);
}
