/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "read/tally.h"
#include "read/locate.h"
#include "util/clock.h"
#include "util/xalloc.h"

#define QUESTION     ".recording.ask."
#define ANSWER       ".recording.told."
#define UNFINISHED   ".recording.tell."
#define RECORDING    ".recording"

#define WAIT_NS      (10 * CLOCK_SECOND_NS) /* `run` looks at least once a second, unless busy */
#define WAIT_LEAST   1000000
#define WAIT_MOST_NS 50000000

/* The path of the file whose kind is another one. To free. */
static char *
rename_kind(const char *path, const char *kind, const char *other)
{
	const char *at = strstr(strrchr(path, '/') != NULL ? strrchr(path, '/') : path, kind);

	return xasprintf("%.*s%s%s", (int)(at - path), path, other, at + strlen(kind));
}

bool
history_is_question(const char *entry, char **ret_name)
{
	const char *at = strstr(entry, QUESTION);

	if (at == NULL)
		return false;
	*ret_name = xasprintf("%.*s" RECORDING, (int)(at - entry), entry);
	return true;
}

bool
history_is_litter(const char *entry)
{
	return strstr(entry, QUESTION) != NULL || strstr(entry, ANSWER) != NULL ||
	       strstr(entry, UNFINISHED) != NULL;
}

/* --- the answer --- */

static int
write_answer(const char *path, const struct profile *profile)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct tally_writer *writer;
	int result;

	if (fd < 0)
		return -errno;
	writer = tally_writer_new(fd);
	result = tally_writer_insert(writer, profile);
	if (result == 0)
		result = tally_writer_finish(writer);
	tally_writer_free(writer);
	close(fd);
	return result;
}

int
history_answer(const char *directory, const char *question, const struct profile *profile)
{
	char *asked = xasprintf("%s/%s", directory, question);
	char *unfinished = rename_kind(asked, QUESTION, UNFINISHED);
	char *answer = rename_kind(asked, QUESTION, ANSWER);
	int result = 0;

	if (profile != NULL) {
		result = write_answer(unfinished, profile);
		if (result == 0 && rename(unfinished, answer) != 0)
			result = -errno;
		if (result != 0)
			unlink(unfinished);
	}
	/* Last: without a question there is no more to wait for. */
	unlink(asked);
	free(asked);
	free(unfinished);
	free(answer);
	return result;
}

/* --- the question --- */

/* Whether `heaptally run` holds the directory of the file at path. */
static bool
has_run(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	bool result = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	free(directory);
	return result;
}

static int
read_answer(const char *path, struct profile **ret_profile)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct tally_reader *reader;
	int result;

	if (fd < 0)
		return -errno;
	unlink(path);
	result = tally_reader_new(fd, &reader);
	if (result == 0) {
		result = tally_reader_next(reader, ret_profile);
		tally_reader_free(reader);
	}
	close(fd);
	if (result == 0)
		return -ENOENT;
	return result < 0 ? result : 0;
}

/* 0 when the answer is there. */
static int
wait_for_answer(const char *question, const char *answer)
{
	uint64_t end_ns = clock_get_ns(CLOCK_MONOTONIC) + WAIT_NS;
	struct timespec wait = {.tv_nsec = WAIT_LEAST};

	for (;;) {
		bool is_asked = access(question, F_OK) == 0;

		/* It is removed after the answer was written. */
		if (access(answer, F_OK) == 0)
			return 0;
		if (!is_asked)
			return -ENOENT;
		if (clock_get_ns(CLOCK_MONOTONIC) >= end_ns)
			return -ETIMEDOUT;
		nanosleep(&wait, NULL);
		if (wait.tv_nsec < WAIT_MOST_NS)
			wait.tv_nsec *= 2;
	}
}

int
history_ask(const char *path, struct profile **ret_profile)
{
	char *question, *answer;
	int fd, result;

	/* `run` takes only such names for recordings. */
	if (!locate_is_recording_name(path) || !has_run(path))
		return -ENOENT;
	question = xasprintf("%s.ask.XXXXXX", path);
	fd = mkostemp(question, O_CLOEXEC);
	if (fd < 0) {
		result = -errno;
		free(question);
		return result;
	}
	close(fd);
	answer = rename_kind(question, QUESTION, ANSWER);
	result = wait_for_answer(question, answer);
	if (result == 0)
		result = read_answer(answer, ret_profile);
	unlink(question);
	free(question);
	free(answer);
	return result;
}
