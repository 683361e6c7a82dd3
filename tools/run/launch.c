/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "option_words.h"
#include "run/launch_suspend.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/xalloc.h"

/* Passed on when they were sent to us. From the terminal they reach the program by themselves. */
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* --- options --- */

static bool
is_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && number <= most;
}

static bool
is_value(const struct option_rule *rule, const char *text)
{
	switch (rule->kind) {
	case OPTION_PATH:
		return true;
	case OPTION_NUMBER:
		return is_number(text, rule->most);
	case OPTION_CHOICE:
		for (int i = 0; i < OPTION_VALUES; i++)
			if (text[0] != '\0' && strcmp(text, rule->values[i]) == 0)
				return true;
		return false;
	}
	return false;
}

/* OPTION_UNKNOWN if the name or the value is wrong. */
static enum option_word
classify(const char *text)
{
	size_t length = strcspn(text, "=");

	if (strcmp(text, option_rules[OPTION_LEAKS].name) == 0)
		return OPTION_LEAKS;
	if (strcmp(text, option_rules[OPTION_MMAP].name) == 0)
		return OPTION_MMAP;
	if (text[length] == '\0')
		return OPTION_UNKNOWN;
	for (enum option_word word = 0; word < OPTION_UNKNOWN; word++) {
		const struct option_rule *rule = &option_rules[word];

		if (strlen(rule->name) == length && strncmp(text, rule->name, length) == 0)
			return is_value(rule, text + length + 1) ? word : OPTION_UNKNOWN;
	}
	return OPTION_UNKNOWN;
}

static bool
is_replaced(const struct launch_options *options, enum option_word word)
{
	switch (word) {
	case OPTION_DIR:
	case OPTION_OUT:
		return true;
	case OPTION_FRAMES:
		return options->frames != 0;
	case OPTION_CHILDREN:
		return options->no_children;
	case OPTION_REALLOC:
		return options->realloc != NULL;
	case OPTION_START:
		return options->start != NULL;
	case OPTION_THREADS:
		return options->threads;
	case OPTION_BLOCKS:
		return options->blocks;
	case OPTION_LEAKS:
		return options->leaks;
	case OPTION_MMAP:
		return options->mmap;
	case OPTION_PYTHON:
		return options->python != NULL;
	case OPTION_CROSSCHECK:
	case OPTION_UNKNOWN:
		break;
	}
	return false;
}

/* The mark of a process that ignores its children, one of which we are: it ends here. */
static bool
is_mark(const char *text)
{
	return strncmp(text, "children=@", 10) == 0;
}

/* Bytes of the word at text, up to the colon that ends it. A backslash hides what is behind it. */
static size_t
get_word_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0' && text[length] != ':')
		length += text[length] == '\\' && text[length + 1] != '\0' ? 2 : 1;
	return length;
}

static void
insert_escaped(struct buffer *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == ':' || *value == '\\')
			buffer_insert_byte(text, '\\');
		buffer_insert_byte(text, (uint8_t)*value);
	}
}

static int
insert_inherited(const struct launch_options *options, const char *inherited, struct buffer *text,
		 char **ret_why)
{
	while (*inherited != '\0') {
		size_t length = get_word_length(inherited);
		char *word = xstrndup(inherited, length);
		bool empty = length == 0 || is_mark(word);
		enum option_word known = empty ? OPTION_DIR : classify(word);

		if (known == OPTION_UNKNOWN)
			*ret_why = xasprintf("HEAPTALLY: \"%s\" is not an option", word);
		else if (!is_replaced(options, known))
			buffer_insert_format(text, ":%s", word);
		free(word);
		if (known == OPTION_UNKNOWN)
			return -EINVAL;
		inherited += length + (inherited[length] == ':');
	}
	return 0;
}

int
launch_make_options(const struct launch_options *options, const char *inherited, char **ret_text,
		    char **ret_why)
{
	struct buffer text = BUFFER_INIT;
	int result = 0;

	buffer_insert_string(&text, "dir=");
	insert_escaped(&text, options->directory);
	if (options->frames != 0)
		buffer_insert_format(&text, ":frames=%u", options->frames);
	if (options->no_children)
		buffer_insert_string(&text, ":children=ignore");
	if (options->realloc != NULL)
		buffer_insert_format(&text, ":realloc=%s", options->realloc);
	if (options->python != NULL)
		buffer_insert_format(&text, ":python=%s", options->python);
	if (options->threads)
		buffer_insert_string(&text, ":threads=on");
	if (options->blocks)
		buffer_insert_string(&text, ":blocks=on");
	if (options->leaks)
		buffer_insert_string(&text, ":leaks=on");
	if (options->mmap)
		buffer_insert_string(&text, ":mmap=on");
	if (options->start != NULL)
		buffer_insert_format(&text, ":start=%s", options->start);
	if (inherited != NULL)
		result = insert_inherited(options, inherited, &text, ret_why);
	if (result == 0)
		*ret_text = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return result;
}

/* --- library --- */

/* The path of a file beside our own, or NULL if it is not there. */
static char *
find_beside_us(const char *relative)
{
	char own[PATH_MAX], *path, *resolved;
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	if (length <= 0)
		return NULL;
	own[length] = '\0';
	slash = strrchr(own, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	path = xasprintf("%s/%s", own, relative);
	resolved = realpath(path, NULL);
	free(path);
	return resolved;
}

char *
launch_find_library(void)
{
	/* The build tree has the command in tools/ or, made by libtool, in tools/.libs/. */
	static const char *const places[] = {
		"../lib/.libs/libheaptally.so",
		"../../lib/.libs/libheaptally.so",
		"../lib/heaptally/libheaptally.so",
	};
	const char *named = getenv("HEAPTALLY_LIBRARY");
	char *path;

	if (named != NULL && named[0] != '\0')
		return realpath(named, NULL);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		path = find_beside_us(places[i]);
		if (path != NULL)
			return path;
	}
	return realpath(PKGLIBDIR "/libheaptally.so", NULL);
}

bool
launch_can_preload(const char *path)
{
	/* ld.so(8): it splits LD_PRELOAD at blanks and colons, and expands $ORIGIN and the like. */
	return path[strcspn(path, ": \t\n$")] == '\0';
}

/* One name for each path, so that runs share the link. */
static char *
make_link_path(const char *library, const char *directory)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (const char *c = library; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
	return xasprintf("%s/libheaptally-%016llx.so", directory, (unsigned long long)hash);
}

static bool
links_to(const char *link, const char *library)
{
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target));

	return length == (ssize_t)strlen(library) && memcmp(target, library, (size_t)length) == 0;
}

int
launch_make_library_path(const char *library, const char *directory, char **ret_path)
{
	char *link;
	int result = 0;

	if (launch_can_preload(library)) {
		*ret_path = xstrdup(library);
		return 0;
	}
	if (!launch_can_preload(directory))
		return -EINVAL;
	link = make_link_path(library, directory);
	/* Another run may make the same at the same time. */
	if (!links_to(link, library) && symlink(library, link) != 0 && !links_to(link, library))
		result = -errno;
	if (result == 0)
		*ret_path = link;
	else
		free(link);
	return result;
}

/* --- program --- */

static void
set_environment(const char *library, const char *options)
{
	const char *others = getenv("LD_PRELOAD");

	if (others != NULL && others[0] != '\0') {
		char *both = xasprintf("%s:%s", library, others);

		setenv("LD_PRELOAD", both, 1);
		free(both);
	} else {
		setenv("LD_PRELOAD", library, 1);
	}
	setenv("HEAPTALLY", options, 1);
}

static void
get_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < COUNT_OF(forwarded); i++)
		sigaddset(set, forwarded[i]);
}

/* In the child: become the program when told so, or tell the parent why not. */
static _Noreturn void
become(const struct launch *launch, char *const *arguments, const char *library,
       const char *options, int start, int report)
{
	int error;
	char go;

	/* Nothing comes if the parent is gone. */
	if (read(start, &go, 1) == 1) {
		set_environment(library, options);
		sigaction(SIGCHLD, &launch->old_child_action, NULL);
		sigprocmask(SIG_SETMASK, &launch->old_mask, NULL);
		execvp(arguments[0], arguments);
		error = errno;
		if (write(report, &error, sizeof(error)) < 0)
			_exit(LAUNCH_FAILED);
	}
	_exit(LAUNCH_NOT_EXECUTABLE);
}

static int
make_process(struct launch *launch, char *const *arguments, const char *library,
	     const char *options, const int *start, const int *report)
{
	/* With SIGCHLD ignored, as some are started, no status would be left for us. */
	const struct sigaction keep_children = {.sa_handler = SIG_DFL};
	sigset_t signals;
	int result;

	get_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &launch->old_mask);
	sigaction(SIGCHLD, &keep_children, &launch->old_child_action);
	launch->pid = fork();
	if (launch->pid == 0) {
		close(start[1]);
		become(launch, arguments, library, options, start[0], report[1]);
	}
	if (launch->pid > 0)
		return 0;
	result = -errno;
	launch_release(launch);
	return result;
}

int
launch_prepare(struct launch *launch, char *const *arguments, const char *library,
	       const char *options)
{
	int start[2], report[2], result;

	if (pipe2(start, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) != 0) {
		result = -errno;
		close(start[0]);
		close(start[1]);
		return result;
	}
	result = make_process(launch, arguments, library, options, start, report);
	close(start[0]);
	close(report[1]);
	if (result != 0) {
		close(start[1]);
		close(report[0]);
	}
	launch->start = start[1];
	launch->report = report[0];
	return result;
}

/* 0 if exec succeeded, else its -errno. */
static int
await_exec(int report)
{
	int error = 0;
	ssize_t length;

	do
		length = read(report, &error, sizeof(error));
	while (length < 0 && errno == EINTR);
	return length == (ssize_t)sizeof(error) ? -error : 0;
}

int
launch_start(struct launch *launch)
{
	int result = write(launch->start, "", 1) == 1 ? 0 : -errno;

	close(launch->start);
	if (result == 0)
		result = await_exec(launch->report);
	close(launch->report);
	if (result != 0) {
		waitpid(launch->pid, NULL, 0);
		launch_release(launch);
	}
	return result;
}

static void
pass_on(const struct launch *launch, const siginfo_t *info)
{
	/* The kernel sent it to the whole foreground group already. */
	if (info->si_code == SI_KERNEL && (info->si_signo == SIGINT || info->si_signo == SIGQUIT))
		return;
	kill(launch->pid, info->si_signo);
}

int
launch_wait(struct launch *launch, uint64_t timeout_ns)
{
	uint64_t now = clock_get_ns(CLOCK_MONOTONIC), end = now + timeout_ns;
	sigset_t signals;

	get_signals(&signals);
	for (;;) {
		uint64_t left = end > now ? end - now : 0;
		struct timespec timeout = clock_to(left);
		siginfo_t info;
		int number;

		if (waitpid(launch->pid, &launch->wait_status, WNOHANG) == launch->pid)
			return 1;
		launch_suspend(launch->pid);
		if (left == 0)
			return 0;
		number = sigtimedwait(&signals, &info, &timeout);
		if (number > 0 && number != SIGCHLD)
			pass_on(launch, &info);
		now = clock_get_ns(CLOCK_MONOTONIC);
	}
}

void
launch_release(struct launch *launch)
{
	const struct timespec at_once = {0, 0};
	sigset_t signals;

	get_signals(&signals);
	while (sigtimedwait(&signals, NULL, &at_once) > 0)
		continue;
	sigaction(SIGCHLD, &launch->old_child_action, NULL);
	sigprocmask(SIG_SETMASK, &launch->old_mask, NULL);
}

int
launch_get_exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
