/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostile_shim.c - scenario 28: a preload that allocates in every libc function it wraps (F23, F64)
 *
 * Whoever calls one of these from inside malloc comes back to malloc. Its calloc goes through the
 * public malloc, as some libraries' does.
 */
#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void
allocate(void)
{
	free(malloc(77));
}

int
open(const char *path, int flags, ...)
{
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, int);
	va_end(arguments);
	allocate();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
ftruncate(int fd, off_t length)
{
	allocate();
	return (int)syscall(SYS_ftruncate, fd, length);
}

void *
mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	allocate();
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

int
munmap(void *address, size_t length)
{
	allocate();
	return (int)syscall(SYS_munmap, address, length);
}

int
madvise(void *address, size_t length, int advice)
{
	allocate();
	return (int)syscall(SYS_madvise, address, length, advice);
}

ssize_t
read(int fd, void *buffer, size_t length)
{
	allocate();
	return syscall(SYS_read, fd, buffer, length);
}

ssize_t
write(int fd, const void *buffer, size_t length)
{
	allocate();
	return syscall(SYS_write, fd, buffer, length);
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	allocate();
	return (int)syscall(SYS_clock_gettime, clock, time);
}

pid_t
getpid(void)
{
	allocate();
	return (pid_t)syscall(SYS_getpid);
}

int
sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	allocate();
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, 8);
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int (*next)(pthread_mutex_t *) =
		(int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");

	allocate();
	return next(mutex);
}

char *
getenv(const char *name)
{
	char *(*next)(const char *) = (char *(*)(const char *))dlsym(RTLD_NEXT, "getenv");

	allocate();
	return next(name);
}
