/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_exec.c - say which program a process becomes or starts, before it is gone
 *
 * Nothing of the thread is touched: these are called between vfork and exec, in the memory of a
 * parent that goes on. What libc calls itself (system, popen) does not come by here: that is a
 * shell, which can be recorded.
 */
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <spawn.h>
#include <unistd.h>

#include "base/os.h"
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

/* The file of a descriptor, by its link in /proc. */
static void
note_descriptor(int fd, char *const *environment)
{
	static const char folder[] = "/proc/self/fd/";
	char link[sizeof folder + 16], path[224], digits[16];
	size_t used = sizeof folder - 1, count = 0;
	long length;

	twin_end();
	if (!exec_notes_are_kept() || fd < 0)
		return;
	for (unsigned rest = (unsigned)fd; count == 0 || rest != 0; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	for (size_t i = 0; i < used; i++)
		link[i] = folder[i];
	while (count != 0)
		link[used++] = digits[--count];
	link[used] = '\0';
	length = os_read_link(link, path, sizeof path - 1);
	if (length <= 0)
		return;
	path[length] = '\0';
	note(path, false, environment);
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
