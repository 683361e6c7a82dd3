/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/live_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "read/operand.h"
#include "run/launch.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/xalloc.h"

#define LOOK_USEC   10000
#define PATIENCE_NS (2 * CLOCK_SECOND_NS)

static char **
make_words(char *const *command)
{
	static const char *const first[] = {"heaptally", "run", "--"};
	const size_t first_count = sizeof(first) / sizeof(*first);
	size_t count = 0;
	char **words;

	while (command[count] != NULL)
		count++;
	words = xcalloc(first_count + count + 1, sizeof(*words));
	for (size_t i = 0; i < first_count; i++)
		words[i] = (char *)first[i];
	for (size_t i = 0; i < count; i++)
		words[first_count + i] = command[i];
	return words;
}

int
live_child_start(struct live_child *child, char *const *command)
{
	char **words = make_words(command);
	posix_spawn_file_actions_t actions;
	int error;

	/* Who ignores it, as our parent may have, is not told how a child ended. */
	signal(SIGCHLD, SIG_DFL);
	*child = (struct live_child){.output = tmpfile()};
	if (child->output == NULL) {
		free(words);
		return -errno;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fileno(child->output), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(child->output), STDERR_FILENO);
	posix_spawn_file_actions_addclose(&actions, fileno(child->output));
	error = posix_spawn(&child->pid, "/proc/self/exe", &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	free(words);
	if (error != 0)
		fclose(child->output);
	return -error;
}

bool
live_child_has_ended(struct live_child *child)
{
	if (!child->is_ended && waitpid(child->pid, &child->wait_status, WNOHANG) == child->pid)
		child->is_ended = true;
	return child->is_ended;
}

static FILE *
open_children(const struct live_child *child)
{
	char *path = xasprintf("/proc/%d/task/%d/children", (int)child->pid, (int)child->pid);
	FILE *file = fopen(path, "re");

	free(path);
	return file;
}

char *
live_child_find_recording(const struct live_child *child)
{
	FILE *file = open_children(child);
	char *path = NULL, *why;
	int pid;

	if (file == NULL)
		return NULL;
	while (path == NULL && fscanf(file, "%d", &pid) == 1) {
		char *operand = xasprintf("%d", pid);

		if (operand_find_file(operand, &path, &why) != 0) {
			path = NULL;
			free(why);
		}
		free(operand);
	}
	fclose(file);
	return path;
}

/* Without it `run` has not begun, or writes what there was, which is not to be interrupted. */
static bool
has_program(const struct live_child *child)
{
	FILE *file = open_children(child);
	int pid;
	bool has = file == NULL || fscanf(file, "%d", &pid) == 1;

	if (file != NULL)
		fclose(file);
	return has;
}

static void
print_output(FILE *output)
{
	char text[4096];
	size_t length;

	rewind(output);
	while ((length = fread(text, 1, sizeof(text), output)) > 0)
		fwrite(text, 1, length, stdout);
	fflush(stdout);
}

int
live_child_finish(struct live_child *child, int signal)
{
	bool of_terminal = signal == SIGINT || signal == SIGQUIT, is_sent = false, is_said = false;
	uint64_t next = clock_get_ns(CLOCK_MONOTONIC) + (of_terminal ? PATIENCE_NS : 0);

	while (!live_child_has_ended(child)) {
		bool is_late = clock_get_ns(CLOCK_MONOTONIC) >= next && has_program(child);

		if (is_late && !is_sent) {
			kill(child->pid, SIGTERM);
			next = clock_get_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
			is_sent = true;
		} else if (is_late && !is_said) {
			warn("the program was sent SIGTERM and goes on; waiting for its end");
			is_said = true;
		}
		usleep(LOOK_USEC);
	}
	print_output(child->output);
	fclose(child->output);
	return launch_get_exit_status(child->wait_status);
}
