/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/os_call.h"

#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

int
os_open(const char *path, int flags, unsigned mode)
{
	return (int)arch_system_call(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

void
os_close(int fd)
{
	os_call(SYS_close, fd, 0, 0);
}

int
os_unlink(const char *path)
{
	return (int)os_call(SYS_unlink, (long)path, 0, 0);
}

int
os_change_mode(int fd, unsigned mode)
{
	return (int)os_call(SYS_fchmod, fd, mode, 0);
}

int
os_truncate(int fd, uint64_t bytes)
{
	return (int)os_call(SYS_ftruncate, fd, (long)bytes, 0);
}

long
os_read(int fd, void *buffer, size_t bytes)
{
	return os_call(SYS_read, fd, (long)buffer, (long)bytes);
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
	return os_call(SYS_getdents64, fd, (long)buffer, (long)bytes);
}

int
os_rename(const char *from, const char *to)
{
	return (int)os_call(SYS_rename, (long)from, (long)to, 0);
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
	int result = (int)os_call(SYS_mkdir, (long)path, mode, 0);

	/* Whatever the umask. */
	return result == 0 ? (int)os_call(SYS_chmod, (long)path, mode, 0) : result;
}

int
os_remove_directory(const char *path)
{
	return (int)os_call(SYS_rmdir, (long)path, 0, 0);
}

long
os_read_link(const char *path, char *buffer, size_t bytes)
{
	return os_call(SYS_readlink, (long)path, (long)buffer, (long)bytes);
}

long
os_current_directory(char *buffer, size_t bytes)
{
	return os_call(SYS_getcwd, (long)buffer, (long)bytes, 0);
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

	return os_call(SYS_statfs, (long)path, (long)&st, 0) == 0 && st.f_type == TMPFS_MAGIC;
}

uint64_t
os_free_bytes(const char *path)
{
	struct statfs st;

	if (os_call(SYS_statfs, (long)path, (long)&st, 0) != 0)
		return 0;
	return (uint64_t)st.f_bavail * (uint64_t)st.f_bsize;
}

/* Its first byte stands for the file. */
static const struct flock whole_lock = {
	.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};

int
os_lock_file(int fd)
{
	struct flock lock = whole_lock;

	return (int)os_call(SYS_fcntl, fd, F_OFD_SETLK, (long)&lock);
}

bool
os_is_unlocked(int fd)
{
	struct flock lock = whole_lock;

	return os_call(SYS_fcntl, fd, F_OFD_GETLK, (long)&lock) == 0 && lock.l_type == F_UNLCK;
}
