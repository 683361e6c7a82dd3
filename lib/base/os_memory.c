/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/os_memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <time.h>

#include "base/os.h"
#include "base/os_call.h"
#include "base/own_memory.h"

#ifndef MADV_KEEPONFORK
#define MADV_KEEPONFORK 19
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define SEEDS         256u
#define UNLIKELY_WORD 0x9E3779B9

/* Kernels hand out addresses from the upper end of the address space; programs and their heaps
 * are at the lower end or above 5/8 of it. In between nothing comes by itself. */
#define PLACES_LOW  ((uint64_t)1 << (ADDRESS_BITS - 2))
#define PLACES_HIGH ((uint64_t)1 << (ADDRESS_BITS - 1))
#define PLACES_STEP ((uint64_t)2 << 20)
/* From any of them, an end beyond the address space, but not more than all of it. */
#define TOO_LONG (((long)1 << ADDRESS_BITS) - 2 * (long)PAGE_BYTES)

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
	if (result < 0 && result > -OS_ERRORS)
		return NULL;
	os_call(SYS_madvise, result, (long)bytes, MADV_DONTDUMP);
	own_memory_insert((void *)result, bytes, OWN_MEMORY_PLAIN);
	return (void *)result;
}

void
os_unmap(void *address, size_t bytes)
{
	own_memory_remove(address, bytes);
	os_call(SYS_munmap, (long)address, (long)bytes, 0);
}

void
os_forbid(void *address, size_t bytes)
{
	os_call(SYS_mprotect, (long)address, (long)bytes, PROT_NONE);
}

bool
os_protect(void *address, size_t bytes, bool writable)
{
	return os_call(SYS_mprotect, (long)address, (long)bytes,
		       writable ? PROT_READ | PROT_WRITE : PROT_READ) == 0;
}

bool
os_wipe_on_fork(void *address, size_t bytes)
{
	return os_call(SYS_madvise, (long)address, (long)bytes, MADV_WIPEONFORK) == 0;
}

void
os_let_dump(void *address, size_t bytes)
{
	os_call(SYS_madvise, (long)address, (long)bytes, MADV_DODUMP);
}

bool
os_wipe(void *address, size_t bytes)
{
	return os_call(SYS_madvise, (long)address, (long)bytes, MADV_DONTNEED) == 0;
}

void *
os_map(size_t bytes, bool wipe_on_fork)
{
	void *memory = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (memory == NULL)
		return NULL;
	/* Transparent huge pages would turn a few touched lines into megabytes. */
	os_call(SYS_madvise, (long)memory, (long)bytes, MADV_NOHUGEPAGE);
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
		os_call(SYS_madvise, (long)memory, (long)bytes, MADV_HUGEPAGE);
	return memory;
}

static int
map_at(void *address, size_t bytes, int flags, int fd, uint64_t offset)
{
	long result =
		arch_system_call(SYS_mmap, (long)address, (long)bytes, PROT_READ | PROT_WRITE,
				 flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, (long)offset);

	if (result < 0 && result > -OS_ERRORS)
		return (int)result;
	/* Kernels before 4.17 take the flag for a hint. */
	if (result != (long)address) {
		os_unmap((void *)result, bytes);
		return -EEXIST;
	}
	os_call(SYS_madvise, result, (long)bytes, MADV_DONTDUMP);
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
		os_call(SYS_madvise, (long)memory, (long)*bytes, MADV_NOHUGEPAGE);
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
		os_call(SYS_madvise, (long)memory, (long)bytes, MADV_DONTFORK);
		own_memory_set_kind(memory, OWN_MEMORY_FILE);
	}
	return memory;
}

int
os_map_file_at(void *address, size_t bytes, int fd, uint64_t offset)
{
	int result = map_at(address, bytes, MAP_SHARED, fd, offset);

	if (result == 0) {
		os_call(SYS_madvise, (long)address, (long)bytes, MADV_DONTFORK);
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
	long result = os_call(SYS_madvise, (long)address, (long)bytes, MADV_POPULATE_WRITE);

	if (result == -EINVAL || result == -ENOSYS)
		return populate_by_kernel_stores(address, bytes);
	return (int)result;
}

int
os_populate_file(void *address, size_t bytes)
{
	int result;

	os_call(SYS_madvise, (long)address, (long)bytes, MADV_RANDOM);
	result = os_populate(address, bytes);
	os_call(SYS_madvise, (long)address, (long)bytes, MADV_NORMAL);
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

bool
os_resident(const void *address, size_t bytes, unsigned char *ret_pages)
{
	return os_call(SYS_mincore, (long)address, (long)bytes, (long)ret_pages) == 0;
}

bool
os_has_swapped(void)
{
	struct sysinfo info;

	return os_call(SYS_sysinfo, (long)&info, 0, 0) != 0 || info.freeswap != info.totalswap;
}

void
os_lock(const void *address, size_t bytes, bool on_fault)
{
	if (on_fault)
		os_call(SYS_mlock2, (long)address, (long)bytes, MLOCK_ONFAULT);
	else
		os_call(SYS_mlock, (long)address, (long)bytes, 0);
}

void
os_unlock(const void *address, size_t bytes)
{
	os_call(SYS_munlock, (long)address, (long)bytes, 0);
}

void
os_unlock_all(void)
{
	os_call(SYS_munlockall, 0, 0, 0);
}

void
os_keep_on_fork(void *address, size_t bytes, bool kept)
{
	os_call(SYS_madvise, (long)address, (long)bytes, kept ? MADV_KEEPONFORK : MADV_WIPEONFORK);
}

void *
os_map_shared(size_t bytes)
{
	return map(bytes, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}
