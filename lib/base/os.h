/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * os.h - system calls for processes, threads, signals, limits and time; `os_memory.h` and
 * `os_file.h` have the others
 *
 * The calls are made inline and not through libc, so that no other preloaded library can wrap them,
 * none is a cancellation point, and errno is never touched. All return a negative errno on failure.
 */
#ifndef OS_H
#define OS_H

#include "base/base.h"

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

/* For a copy alone: it ends; it has no descriptors; a fault leaves no core, nor feeds a program
 * that takes them; it is a bit less important than others. */
_Noreturn void os_leave(int status);
void os_close_all(void);
void os_forbid_cores(void);
void os_forbid_dumps(void);
void os_lower_priority(int nice);

#endif
