/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "image/proc_status.h"
#include "read/graph_file.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xalloc.h"

#define STEP_NS           2000000u
#define PATIENCE_NS       (70 * CLOCK_SECOND_NS) /* the copy gives up after a minute */
#define PAUSE_NS_PER_KIB  34u                    /* 35 ms a gigabyte, pages of 4 KiB */
#define SAFE_DIRECT_MAJOR 6 /* from Linux 6.5 on O_DIRECT reads into the right copy of a page */
#define SAFE_DIRECT_MINOR 5

/* --- before --- */

static bool
is_direct(pid_t pid, const char *fd)
{
	char path[320], line[256];
	bool direct = false;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, fd);
	stream = fopen(path, "re");
	while (stream != NULL && fgets(line, sizeof(line), stream) != NULL)
		if (text_starts_with(line, "flags:"))
			direct = (strtoull(line + strlen("flags:"), NULL, 8) & O_DIRECT) != 0;
	if (stream != NULL)
		fclose(stream);
	return direct;
}

static bool
is_old_kernel(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return true;
	return major < SAFE_DIRECT_MAJOR ||
	       (major == SAFE_DIRECT_MAJOR && minor < SAFE_DIRECT_MINOR);
}

/* What devices and rings write into pages that a copy shares is lost, or at least not of the moment
 * of the copy. */
static char *
judge_file(pid_t pid, const char *fd, char **warning)
{
	char path[320], target[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return NULL;
	target[length] = '\0';
	if (text_starts_with(target, "/dev/infiniband/") || text_starts_with(target, "/dev/vfio/"))
		return xasprintf("it has %s open, which writes into its memory by itself", target);
	if (strcmp(target, "anon_inode:[io_uring]") != 0 && !is_direct(pid, fd))
		return NULL;
	if (is_old_kernel())
		return xasprintf("it reads %s past the page cache, and this kernel loses what it "
				 "reads while there is a copy",
				 target);
	if (*warning == NULL)
		*warning = xasprintf("it reads %s past the page cache: what arrives in its memory "
				     "during a look may be seen or not",
				     target);
	return NULL;
}

char *
look_find_danger(pid_t pid, uint64_t *ret_pause_ns, char **ret_warning)
{
	char path[64], *danger = NULL;
	struct dirent *entry;
	DIR *directory;

	*ret_warning = NULL;
	*ret_pause_ns = proc_status_read(pid, "RssAnon:", 0, 10) * PAUSE_NS_PER_KIB;
	if (proc_status_read(pid, "Seccomp:", 0, 10) == 2)
		return xstrdup(
			"it filters its system calls, and might be killed for making a copy");
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory != NULL && danger == NULL && (entry = readdir(directory)) != NULL)
		danger = judge_file(pid, entry->d_name, ret_warning);
	if (directory != NULL)
		closedir(directory);
	return danger;
}

/* --- after --- */

/* False only when the copy has surely ended. */
static bool
may_live(const struct request_answer *answer)
{
	char path[64], text[256];
	const char *bracket;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", answer->look_process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	bracket = strrchr(text, ')');
	return bracket != NULL && bracket[1] == ' ' && bracket[2] != 'Z' && bracket[2] != 'X';
}

static bool
is_there(const char *path, uint32_t serial)
{
	uint32_t found;

	return graph_file_read_serial(path, &found) == 0 && found == serial;
}

/* Until the file is there: 0, -ECHILD, or -ETIMEDOUT. */
static int
await_file(const char *path, const struct request_answer *answer)
{
	const struct timespec step = {0, STEP_NS};
	uint64_t end_ns = clock_get_ns(CLOCK_MONOTONIC) + PATIENCE_NS;

	while (!is_there(path, answer->serial)) {
		/* It may have left the file just before it ended. */
		if (!may_live(answer))
			return is_there(path, answer->serial) ? 0 : -ECHILD;
		if (clock_get_ns(CLOCK_MONOTONIC) > end_ns)
			return -ETIMEDOUT;
		nanosleep(&step, NULL);
	}
	return 0;
}

/* The file has its name a moment before the copy has ended. */
static void
await_end(const struct request_answer *answer)
{
	const struct timespec step = {0, STEP_NS};
	uint64_t end_ns = clock_get_ns(CLOCK_MONOTONIC) + CLOCK_SECOND_NS;

	while (may_live(answer) && clock_get_ns(CLOCK_MONOTONIC) < end_ns)
		nanosleep(&step, NULL);
}

int
look_make(const char *path, uint64_t wait_ns, uint32_t key, struct request_answer *ret_answer,
	  struct graph *ret_graph)
{
	char *graph = graph_file_make_path(path);
	const struct request look = {
		.look = true,
		.retracts = true,
		.graph = graph,
		.key = key,
		.wait_ns = wait_ns,
	};
	const struct request collect = {.collect = true, .wait_ns = 0};
	struct request_answer collected;
	int result = request_make(path, &look, ret_answer);

	if (result == 0 && ret_answer->outcome == REQUEST_IS_DONE && ret_answer->look_error == 0) {
		result = await_file(graph, ret_answer);
		if (result == 0)
			result = graph_file_read(graph, GRAPH_FILE_SITES_MAX, ret_graph);
		unlink(graph);
		if (result == 0)
			ret_graph->quality.pause_ns = ret_answer->look_pause_ns;
		/* The next event does it, if there is something to collect by then. */
		await_end(ret_answer);
		request_make(path, &collect, &collected);
	}
	free(graph);
	return result;
}
