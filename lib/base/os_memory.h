/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * os_memory.h - system calls for memory, made as `os.h` says
 */
#ifndef OS_MEMORY_H
#define OS_MEMORY_H

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

/* For each page of a mapping a byte, whose lowest bit says whether it is in memory. False if that
 * is not known. [signal] */
bool os_resident(const void *address, size_t bytes, unsigned char *ret_pages);

/* Whether some memory of the machine is in swap, as far as is known. [signal] */
bool os_has_swapped(void);

/* Whether memory of `os_map` that a forked child sees zeroed is kept instead. [signal] */
void os_keep_on_fork(void *address, size_t bytes, bool kept);

/* Anonymous memory that a forked child shares; NULL on failure. [signal] */
void *os_map_shared(size_t bytes);

#endif
