/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * os.h - every system call of the runtime
 *
 * The calls are made inline and not through libc, so that no other preloaded library can wrap them,
 * none is a cancellation point, and errno is never touched. All return a negative errno on failure.
 */
#ifndef OS_H
#define OS_H

#include "base/base.h"

/* Anonymous private memory, reserved but not touched; NULL on failure. Left out of core dumps; a
 * forked child sees it zeroed when `wipe_on_fork`. [signal] */
void *os_map(size_t bytes, bool wipe_on_fork);
void os_unmap(void *address, size_t bytes);

/* As `os_map` without wiping, for a table that is going to be filled from end to end: in large
 * pages where there are some. [signal] */
void *os_map_dense(size_t bytes);

/* Neither to be read nor written from now on. */
void os_forbid(void *address, size_t bytes);

/* To be read, and written if `writable`; not to be executed. */
bool os_protect(void *address, size_t bytes, bool writable);

/* Of private memory from `os_map`: a forked child sees this part of it zeroed. [signal] */
bool os_wipe_on_fork(void *address, size_t bytes);

/* A core file gets this part of memory from `os_map`, which it does not get else. [signal] */
void os_let_dump(void *address, size_t bytes);

/* Make private memory zero by giving it back. False if it is not. [signal] */
bool os_wipe(void *address, size_t bytes);

/* Put zeroed private memory at a place that is known to be free or ours. [signal] */
int os_map_at(void *address, size_t bytes);

/* Map an open file shared and writable; NULL on failure. Not inherited by a forked child and left
 * out of core dumps. */
void *os_map_file(int fd, size_t bytes);

/* The same, but inherited by forked children. */
void *os_map_file_for_all(int fd, size_t bytes);

/* The same as `os_map_file` of a part of the file, at a place that is known to be free. */
int os_map_file_at(void *address, size_t bytes, int fd, uint64_t offset);

/* Where so many bytes of address space are most likely free and stay so. Nothing is mapped. */
void *os_random_place(size_t bytes);

/* As `os_map` with `wipe_on_fork`, at a place where `os_grow` can make it as large as `limit`;
 * where there is none it is that large at once, which `bytes` then says. */
void *os_map_growable(size_t *bytes, size_t limit);

/* Make a mapping longer at its end; one that is that long already stays. False if something else is
 * behind it, or by a limit. [signal] */
bool os_grow(void *address, size_t old_bytes, size_t bytes);

/* Make sure that every page of the range has memory behind it: 0 or -errno, never a SIGBUS. Zeroed
 * pages stay zeroed. [signal] */
int os_populate(void *address, size_t bytes);

/* The same of a new part of a file: the kernel does not read around what it has not. Not for good:
 * pages of which it expects random use are the first to go when memory is short. */
int os_populate_file(void *address, size_t bytes);

/* Keep a range in memory, or what of it is there by now; let it go again. What fails is left. */
void os_lock(const void *address, size_t bytes, bool on_fault);
void os_unlock(const void *address, size_t bytes);

/* Memory that is mapped from now on by `os_map` is not locked, though the program is about to lock
 * all that is to come; for the next 256 times. False when memory is out. [signal] */
bool os_make_seeds(void);

/* What munlockall(2) does. */
void os_unlock_all(void);

/* True if eight bytes at address can be read. One system call. [signal] */
bool os_readable(uintptr_t address);

/* Copy what may be unmapped at any time. False if it was; where the kernel's help is refused it is
 * read as it is. [signal] */
bool os_read_memory(const void *address, void *buffer, size_t bytes);

/* The same of any address at all: false also where the kernel's help is refused. [signal] */
bool os_copy_memory(const void *address, void *buffer, size_t bytes);

int os_open(const char *path, int flags, unsigned mode);
int os_open_at(int directory, const char *name, int flags, unsigned mode);
void os_close(int fd);
int os_unlink(const char *path);
int os_change_mode(int fd, unsigned mode);
int os_truncate(int fd, uint64_t bytes);
long os_read(int fd, void *buffer, size_t bytes);
long os_read_at(int fd, void *buffer, size_t bytes, uint64_t offset);
long os_write_at(int fd, const void *data, size_t bytes, uint64_t offset);
long os_read_directory(int fd, void *buffer, size_t bytes);
int os_rename(const char *from, const char *to);
int os_exchange(const char *one, const char *other);
int os_make_directory(const char *path, unsigned mode);
int os_remove_directory(const char *path);
long os_read_link(const char *path, char *buffer, size_t bytes);

/* The current directory with its NUL: bytes, or -errno. One that is not below the root does not
 * begin with a slash. */
long os_current_directory(char *buffer, size_t bytes);

/* Owner, mode and identity of a path. */
struct os_stat {
	uint32_t uid;
	uint32_t mode;
	uint64_t inode;
	uint64_t device;
	uint64_t bytes;
	uint64_t modified_ns; /* since the epoch */
};
int os_stat(const char *path, bool follow, struct os_stat *ret_stat);

/* Whether the file system of a path has its files in memory: what was never written is a hole
 * there, which a read would fill. */
bool os_is_in_memory(const char *path);

/* For each page of a mapping a byte, whose lowest bit says whether it is in memory. False if that
 * is not known. [signal] */
bool os_resident(const void *address, size_t bytes, unsigned char *ret_pages);

/* Whether some memory of the machine is in swap, as far as is known. [signal] */
bool os_has_swapped(void);

/* Bytes free on the file system that holds path, 0 if unknown. */
uint64_t os_free_bytes(const char *path);

/* Take a write lock on the file that lasts while it is open or mapped anywhere. */
int os_lock_file(int fd);

/* Whether nobody else has taken it; false where that cannot be told. */
bool os_is_unlocked(int fd);

/* Soft limit of a resource (RLIMIT_*), UINT64_MAX if none. */
uint64_t os_limit(int resource);

/* Change the soft limit; returns the one before. */
uint64_t os_set_limit(int resource, uint64_t soft);

/* Processors that this thread may run on. */
uint32_t os_cpu_count(void);

/* No handler runs on this thread between the two. [signal] */
void os_block_signals(uint64_t *ret_mask);
void os_restore_signals(uint64_t mask);

uint32_t os_process_id(void);
uint32_t os_parent_id(void);
uint32_t os_user_id(void);

/* Of this thread, whose process `os_thread_lives` knows from now on. [signal] */
uint32_t os_thread_id(void);

/* The name of this thread, cut or filled up with NULs. [signal] */
#define OS_THREAD_NAME_BYTES 16
void os_thread_name(char name[OS_THREAD_NAME_BYTES]);

/* Whose threads `os_thread_lives` knows besides; a vfork child goes on with its parent's. [init] */
void os_set_process(uint32_t id);

/* False only if the thread is gone, or has never asked for its own number. [signal] */
bool os_thread_lives(uint32_t thread);

/* Whether this is a handler's alternate stack. [signal] */
bool os_on_signal_stack(void);

void os_random(void *buffer, size_t bytes);

/* Sleep until *word is no longer `expected`, for a millisecond at most. [signal] */
void os_wait(uint32_t *word, uint32_t expected);

/* Find the kernel's own clock; before that, and without it, a system call is made. [init] */
void os_init_clock(void);
uint64_t os_monotonic_ns(void); /* [signal] */
uint64_t os_realtime_ns(void);

/*
 * A copy of this process, with this thread only: 0 in the copy, which must not return into code of
 * the program; its number, or -errno. No signal comes at its end, and only `os_collect_copy` waits
 * for it. [signal]
 */
int os_copy_process(void);

/* Its number when it has ended, 0 when it has not, or -errno. [signal] */
int os_collect_copy(uint32_t process, int *ret_status);
void os_kill(uint32_t process);

/* Whether memory of `os_map` that a forked child sees zeroed is kept instead. [signal] */
void os_keep_on_fork(void *address, size_t bytes, bool kept);

/* Anonymous memory that a forked child shares; NULL on failure. [signal] */
void *os_map_shared(size_t bytes);

/* For a copy alone: it ends; it has no descriptors; a fault leaves no core, nor feeds a program
 * that takes them; it is a bit less important than others. */
_Noreturn void os_leave(int status);
void os_close_all(void);
void os_forbid_cores(void);
void os_forbid_dumps(void);
void os_lower_priority(int nice);

#endif
