/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_exec.c - say which program a process becomes or starts, before it is gone
 *
 * Nothing of the thread is touched: these are called between vfork and exec, in the memory of a
 * parent that goes on. What libc calls itself does not come by here: of a shell that it starts
 * (system, popen) there is a recording, unless the environment lacks the runtime.
 */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "memory/real.h"
#include "recording/exec_notes.h"
#include "twin.h"

typedef int exec_function(const char *, char *const *, char *const *);
typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const *, char *const *);

static bool
is_ready(void)
{
	return real_ready() || real_find();
}

/* A copy that looks would be a child that the next program knows nothing of. */
static void
note(const char *path, bool searched, char *const *environment)
{
	twin_end();
	if (!exec_notes_are_kept())
		return;
	exec_notes_insert(os_process_id(), os_monotonic_ns(), path, searched, environment);
}

/* It returned, so it failed. */
static int
take_back(int result)
{
	exec_notes_take_back();
	return result;
}

HEAPTALLY_EXPORT int
execve(const char *path, char *const arguments[], char *const environment[])
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	note(path, false, environment);
	return take_back(real.execve(path, arguments, environment));
}

HEAPTALLY_EXPORT int
execv(const char *path, char *const arguments[])
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	note(path, false, environ);
	return take_back(real.execv(path, arguments));
}

HEAPTALLY_EXPORT int
execvp(const char *file, char *const arguments[])
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	note(file, true, environ);
	return take_back(real.execvp(file, arguments));
}

HEAPTALLY_EXPORT int
execvpe(const char *file, char *const arguments[], char *const environment[])
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	note(file, true, environment);
	return take_back(real.execvpe(file, arguments, environment));
}

/* The words from `first` on, with the NULL that ends them; `place` has room for them. */
static void
collect_arguments(char **place, const char *first, va_list *more)
{
	*place++ = (char *)first;
	while (place[-1] != NULL)
		*place++ = va_arg(*more, char *);
}

static size_t
count_arguments(const char *first, va_list *more)
{
	size_t count = 1;

	for (const char *word = first; word != NULL; count++)
		word = va_arg(*more, const char *);
	return count;
}

/* The words of a variadic call, on the caller's stack as in libc. */
#define COLLECT(arguments, first, list)                                                           \
	do {                                                                                      \
		va_start(list, first);                                                            \
		(arguments) = __builtin_alloca(count_arguments(first, &(list)) * sizeof(char *)); \
		va_end(list);                                                                     \
		va_start(list, first);                                                            \
		collect_arguments(arguments, first, &(list));                                     \
	} while (0)

HEAPTALLY_EXPORT int
execl(const char *path, const char *first, ...)
{
	char **arguments;
	va_list list;

	COLLECT(arguments, first, list);
	va_end(list);
	return execv(path, arguments);
}

HEAPTALLY_EXPORT int
execlp(const char *file, const char *first, ...)
{
	char **arguments;
	va_list list;

	COLLECT(arguments, first, list);
	va_end(list);
	return execvp(file, arguments);
}

HEAPTALLY_EXPORT int
execle(const char *path, const char *first, ...)
{
	char **arguments, **environment;
	va_list list;

	COLLECT(arguments, first, list);
	environment = va_arg(list, char **);
	va_end(list);
	return execve(path, arguments, environment);
}

/* What a descriptor is of, by its link in /proc: its length, or 0. */
static size_t
read_descriptor(int fd, char *path, size_t bytes)
{
	static const char folder[] = "/proc/self/fd/";
	char link[sizeof folder + 16], digits[16];
	size_t used = sizeof folder - 1, count = 0;
	long length;

	if (fd < 0)
		return 0;
	for (unsigned rest = (unsigned)fd; count == 0 || rest != 0; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	for (size_t i = 0; i < used; i++)
		link[i] = folder[i];
	while (count != 0)
		link[used++] = digits[--count];
	link[used] = '\0';
	length = os_read_link(link, path, bytes - 1);
	if (length <= 0)
		return 0;
	path[length] = '\0';
	return (size_t)length;
}

static void
note_descriptor(int fd, char *const *environment)
{
	char path[224];

	twin_end();
	if (exec_notes_are_kept() && read_descriptor(fd, path, sizeof path) != 0)
		note(path, false, environment);
}

/* A path below a folder; what cannot be read the kernel refuses. */
static void
note_below(int folder, const char *path, char *const *environment)
{
	char whole[224];
	size_t used, i;

	twin_end();
	if (!exec_notes_are_kept() || !os_readable((uintptr_t)path))
		return;
	if (path[0] == '\0') {
		note_descriptor(folder, environment);
		return;
	}
	if (folder == AT_FDCWD || path[0] == '/') {
		note(path, false, environment);
		return;
	}
	used = read_descriptor(folder, whole, sizeof whole - 1);
	if (used == 0)
		return;
	whole[used++] = '/';
	for (i = 0; used + i + 1 < sizeof whole; i++) {
		uintptr_t at = (uintptr_t)(path + i);

		if (at % PAGE_BYTES == 0 && !os_readable(at))
			break;
		whole[used + i] = path[i];
		if (path[i] == '\0')
			break;
	}
	whole[used + i] = '\0';
	note(whole, false, environment);
}

HEAPTALLY_EXPORT int
fexecve(int fd, char *const arguments[], char *const environment[])
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	note_descriptor(fd, environment);
	return take_back(real.fexecve(fd, arguments, environment));
}

HEAPTALLY_EXPORT int
execveat(int folder, const char *path, char *const arguments[], char *const environment[],
	 int flags)
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	/* Who has this libc's function has ours by its name only. */
	if (real.execveat == NULL) {
		errno = ENOSYS;
		return -1;
	}
	note_below(folder, path, environment);
	return take_back(real.execveat(folder, path, arguments, environment, flags));
}

HEAPTALLY_EXPORT int
system(const char *command)
{
	if (!is_ready()) {
		errno = EAGAIN;
		return -1;
	}
	if (command != NULL)
		exec_notes_insert_shell(os_monotonic_ns(), environ);
	return real.system(command);
}

HEAPTALLY_EXPORT FILE *
popen(const char *command, const char *mode)
{
	if (!is_ready()) {
		errno = EAGAIN;
		return NULL;
	}
	exec_notes_insert_shell(os_monotonic_ns(), environ);
	return real.popen(command, mode);
}

/* The note is made when the id is known; the child may be ahead of it. */
static int
spawn(spawn_function *function, bool searched, pid_t *ret_pid, const char *path,
      const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
      char *const *arguments, char *const *environment)
{
	uint64_t time_ns = exec_notes_are_kept() ? os_monotonic_ns() : 0;
	pid_t pid = 0;
	int result = function(&pid, path, actions, attributes, arguments, environment);

	if (result != 0)
		return result;
	exec_notes_insert((uint32_t)pid, time_ns, path, searched, environment);
	if (ret_pid != NULL)
		*ret_pid = pid;
	return 0;
}

HEAPTALLY_EXPORT int
posix_spawn(pid_t *ret_pid, const char *path, const posix_spawn_file_actions_t *actions,
	    const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
{
	if (!is_ready())
		return EAGAIN;
	return spawn(real.posix_spawn, false, ret_pid, path, actions, attributes, arguments,
		     environment);
}

HEAPTALLY_EXPORT int
posix_spawnp(pid_t *ret_pid, const char *file, const posix_spawn_file_actions_t *actions,
	     const posix_spawnattr_t *attributes, char *const arguments[],
	     char *const environment[])
{
	if (!is_ready())
		return EAGAIN;
	return spawn(real.posix_spawnp, true, ret_pid, file, actions, attributes, arguments,
		     environment);
}
