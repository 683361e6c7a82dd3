/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/program_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"
#include "util/xalloc.h"

enum {
	SCRIPT_LINE_BYTES = 256,
};

static int
check_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

int
program_path_find(const char *program, char **ret_path)
{
	const char *path = getenv("PATH");
	int result = -ENOENT;

	if (strchr(program, '/') != NULL || program[0] == '\0') {
		result = check_executable(program);
		if (result == 0)
			*ret_path = xstrdup(program);
		return result;
	}
	for (const char *next = path != NULL ? path : "/bin:/usr/bin"; next != NULL;) {
		size_t length = strcspn(next, ":");
		char *candidate =
			xasprintf("%.*s%s%s", (int)length, next, length != 0 ? "/" : "", program);
		int found = check_executable(candidate);

		if (found == 0) {
			*ret_path = candidate;
			return 0;
		}
		if (found == -EACCES)
			result = found;
		free(candidate);
		next = next[length] != '\0' ? next + length + 1 : NULL;
	}
	return result;
}

/* The two words after "#!", in line. False if it is no script. */
static bool
read_script_line(const char *path, char *line, char **ret_interpreter, char **ret_argument)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length;
	char *rest;

	if (fd < 0)
		return false;
	length = read(fd, line, SCRIPT_LINE_BYTES - 1);
	close(fd);
	if (length < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	*ret_interpreter = strtok_r(line + 2, " \t", &rest);
	*ret_argument = *ret_interpreter != NULL ? strtok_r(NULL, " \t", &rest) : NULL;
	/* env -S splits its argument, so the program is one word further. */
	if (*ret_argument != NULL && strcmp(*ret_argument, "-S") == 0)
		*ret_argument = strtok_r(NULL, " \t", &rest);
	return *ret_interpreter != NULL;
}

/* The program that env would start, unless env itself is going to say what is wrong with it. */
static char *
get_env_program(const char *interpreter, const char *argument)
{
	char *path = NULL;

	if (strcmp(text_base_name(interpreter), "env") != 0 || argument == NULL ||
	    argument[0] == '-' || strchr(argument, '=') != NULL ||
	    program_path_find(argument, &path) != 0)
		return NULL;
	return path;
}

char *
program_path_of_script(const char *path)
{
	char line[SCRIPT_LINE_BYTES], *interpreter, *argument, *program;

	if (!read_script_line(path, line, &interpreter, &argument))
		return xstrdup("/bin/sh");
	program = get_env_program(interpreter, argument);
	return program != NULL ? program : xstrdup(interpreter);
}
