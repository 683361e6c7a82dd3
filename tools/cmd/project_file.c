/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/project_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/output.h"
#include "util/xalloc.h"

#define NAME ".heaptally"

/* What only says how results are shown or judged: nothing that writes a file or starts a program.
 */
static const char keys[] = "wrapper, include, exclude, budget, path-map";

static bool
is_key(const char *word)
{
	const char *found = strstr(keys, word);
	size_t length = strlen(word);

	return length > 0 && found != NULL && (found == keys || found[-1] == ' ') &&
	       (found[length] == ',' || found[length] == '\0');
}

/* Whether nobody else can have written it. */
static bool
is_trusted(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_uid == geteuid() || status.st_uid == 0) && (status.st_mode & 022) == 0;
}

/* The nearest file of a project, to free; NULL if there is none. */
static char *
find_file(void)
{
	const char *named = getenv("HEAPTALLY_PROJECT");
	char *folder, *path = NULL, *slash;

	if (named != NULL)
		return *named != '\0' ? xstrdup(named) : NULL;
	folder = getcwd(NULL, 0);
	while (folder != NULL && path == NULL) {
		path = xasprintf("%s/" NAME, strcmp(folder, "/") == 0 ? "" : folder);
		if (access(path, F_OK) == 0)
			break;
		free(path);
		path = NULL;
		slash = strrchr(folder, '/');
		if (slash == NULL || folder[1] == '\0')
			break;
		slash[slash == folder] = '\0';
	}
	free(folder);
	return path;
}

static FILE *
open_file(const char *path, int status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		die_errno(status, errno, "%s", path);
	output_note_input(fd);
	if (!is_trusted(fd)) {
		warn("%s: others can write it, so it is not read", path);
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

/* "key value", blanks around both; false for a comment or an empty line. */
static bool
split(char *text, char **ret_key, char **ret_value)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		text[--length] = '\0';
	text += strspn(text, " \t");
	*ret_key = text;
	text += strcspn(text, " \t");
	*ret_value = text + strspn(text, " \t");
	*text = '\0';
	return **ret_key != '\0' && **ret_key != '#';
}

size_t
project_file_read(int status, struct project_line **ret_lines)
{
	ARRAY(struct project_line) lines = {0};
	char *path = find_file(), *text = NULL, *key, *value;
	FILE *file = path != NULL ? open_file(path, status) : NULL;
	size_t room = 0, number = 0;

	while (file != NULL && getline(&text, &room, file) >= 0) {
		number++;
		if (!split(text, &key, &value))
			continue;
		if (!is_key(key))
			die(status, "%s:%zu: %s: not one of %s%s", path, number, key, keys,
			    nearest_suggest(key, keys));
		if (*value == '\0')
			die(status, "%s:%zu: %s: has no value", path, number, key);
		*array_push(&lines) = (struct project_line){xstrdup(key), xstrdup(value)};
	}
	if (file != NULL)
		fclose(file);
	free(text);
	free(path);
	*ret_lines = lines.items;
	return lines.count;
}
