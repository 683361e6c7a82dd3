/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * os_file.h - system calls for files, made as `os.h` says
 */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/base.h"

int os_open(const char *path, int flags, unsigned mode);
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

/* Bytes free on the file system that holds path, 0 if unknown. */
uint64_t os_free_bytes(const char *path);

/* Take a write lock on the file that lasts while it is open or mapped anywhere. */
int os_lock_file(int fd);

/* Whether nobody else has taken it; false where that cannot be told. */
bool os_is_unlocked(int fd);

#endif
