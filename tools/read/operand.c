/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/moment.h"
#include "read/operand.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/identity.h"
#include "read/locate.h"
#include "read/named.h"
#include "read/snapshot.h"
#include "read/source_file.h"
#include "read/tally.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xalloc.h"

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 10;
}

/* A file comes before a process of the same number. A folder does not: it can be none of ours. */
static bool
is_process(const char *name)
{
	struct stat status;

	return is_number(name) && (stat(name, &status) != 0 || S_ISDIR(status.st_mode));
}

static bool
has_moment_form(const char *text)
{
	return moment_is_always_there(text) || strncmp(text, "snap:", 5) == 0 ||
	       strncmp(text, "mark:", 5) == 0 ||
	       (isdigit((unsigned char)text[0]) && strchr(text, '/') == NULL &&
		text[strlen(text) - 1] == 's');
}

/* Whether the first length bytes of the operand name a file or a process. */
static bool
is_source(const char *operand, size_t length)
{
	char *name = xstrndup(operand, length);
	bool found = is_number(name) || access(name, F_OK) == 0;

	free(name);
	return found;
}

const char *
operand_find_moment(const char *operand)
{
	const char *at = strrchr(operand, '@');

	if (at == NULL || at == operand || access(operand, F_OK) == 0)
		return NULL;
	return has_moment_form(at + 1) || is_source(operand, (size_t)(at - operand)) ? at : NULL;
}

/* The newest tally of the working directory, to free, or NULL. */
static char *
find_newest(void)
{
	DIR *directory = opendir(".");
	uint64_t newest_ns = 0;
	struct dirent *entry;
	char *found = NULL;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		struct stat status;

		if (!text_ends_with(entry->d_name, TALLY_SUFFIX) ||
		    stat(entry->d_name, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		if (found == NULL || clock_from(status.st_mtim) > newest_ns) {
			free(found);
			found = xstrdup(entry->d_name);
			newest_ns = clock_from(status.st_mtim);
		}
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}

/* A forked child begins its recording with its first allocation, a program when it is loaded. */
static bool
has_runtime(const char *pid)
{
	char *path = xasprintf("/proc/%s/maps", pid), *line = NULL;
	FILE *maps = fopen(path, "re");
	size_t bytes = 0;
	bool found = false;

	free(path);
	if (maps == NULL)
		return false;
	while (!found && getline(&line, &bytes, maps) > 0)
		found = strstr(line, "/libheaptally") != NULL;
	free(line);
	fclose(maps);
	return found;
}

static char *
explain_no_recording(const char *pid)
{
	char *folder = xasprintf("/proc/%s", pid);
	struct stat status;
	bool lives = stat(folder, &status) == 0;

	free(folder);
	if (lives && status.st_uid != geteuid())
		return xasprintf("%s: belongs to another user", pid);
	if (lives && has_runtime(pid))
		return xasprintf("%s: traced, but there is no recording yet: it is only starting, "
				 "or has allocated nothing since its fork",
				 pid);
	if (lives)
		return xasprintf("%s: not a traced process, and heaptally cannot attach to one: "
				 "start it with \"heaptally run\", or with "
				 "LD_PRELOAD=$(heaptally --library)",
				 pid);
	return xasprintf("%s: not a traced process, and it left no recording "
			 "(\"heaptally list\" shows all)",
			 pid);
}

/* A program often lies in the folder that it is run from: a file that is none of ours is a name. */
static bool
is_name(const char *name)
{
	struct snapshot_identity identity;

	return strchr(name, '/') == NULL && !source_file_is_tally(name) &&
	       (access(name, F_OK) != 0 ||
		snapshot_identify(name, SNAPSHOT_ANY_OWNER, &identity) == -EBADMSG);
}

int
operand_find_file(const char *operand, char **ret_path, char **ret_why)
{
	int result;

	if (operand == NULL) {
		*ret_path = find_newest();
		if (*ret_path == NULL)
			*ret_why = xstrdup("no file given, and no *.tally in this directory");
		return *ret_path != NULL ? 0 : -ENOENT;
	}
	if (!is_process(operand)) {
		result = is_name(operand) ? named_find(operand, ret_path, ret_why) : -ENOENT;
		/* What is neither is a file that will not open. */
		if (result == -ENOENT)
			*ret_path = xstrdup(operand);
		return result == -ENOENT ? 0 : result;
	}
	result = locate_process((pid_t)strtol(operand, NULL, 10), ret_path);
	if (result != 0)
		*ret_why = explain_no_recording(operand);
	return result;
}

bool
operand_is_process(const char *operand, uint32_t pid, const char *command)
{
	return (is_number(operand) && strtoul(operand, NULL, 10) == pid) ||
	       identity_is_called(command, operand);
}
