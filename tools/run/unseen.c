/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/unseen.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec_log.h"
#include "model/profile.h"
#include "run/elf_facts.h"
#include "run/exec_reader.h"
#include "run/target.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/hash_map.h"
#include "util/intern.h"
#include "util/text.h"
#include "util/xalloc.h"

/* A process that was started so short a time ago may be recorded yet. */
#define START_NS CLOCK_SECOND_NS

/* What is known of a process. */
struct candidate {
	UT_hash_handle hh;
	uint32_t pid;
	uint64_t recorded_ns;  /* when the last recording began, or 0 */
	struct exec_note note; /* the last; without a path when a recording has answered it */
	char *path;
};

/* The processes of one program that have the same in common. */
struct program {
	UT_hash_handle hh;
	char *key; /* path and sentence */
	char *path, *sentence;
	uint32_t pid; /* of the first */
	uint32_t count;
};

struct unseen {
	struct candidate *processes;
	ARRAY(struct candidate) shells; /* whose numbers are not known */
	struct program *programs;
	struct program *next;
};

struct unseen *
unseen_new(void)
{
	return xcalloc(1, sizeof(struct unseen));
}

static struct candidate *
get_process(struct unseen *unseen, uint32_t pid)
{
	struct candidate *process;

	HASH_FIND(hh, unseen->processes, &pid, sizeof(pid), process);
	if (process != NULL)
		return process;
	process = xcalloc(1, sizeof(*process));
	process->pid = pid;
	HASH_ADD(hh, unseen->processes, pid, sizeof(process->pid), process);
	return process;
}

static void
drop_note(struct candidate *process)
{
	free(process->path);
	process->path = NULL;
}

/* A copy without "/./": "./prog" was put behind a directory. */
static char *
without_dots(const char *path)
{
	char *copy = xstrdup(path), *found;

	while ((found = strstr(copy, "/./")) != NULL)
		memmove(found, found + 2, strlen(found + 2) + 1);
	return copy;
}

/* A process that notes another program has not become the one before: that failed, or another
 * preloaded library called the next function for the same. */
void
unseen_insert_note(struct unseen *unseen, const struct exec_note *note)
{
	struct candidate *process;

	if (note->pid == EXEC_LOG_PID_UNKNOWN) {
		*array_push(&unseen->shells) =
			(struct candidate){.note = *note, .path = without_dots(note->path)};
		return;
	}
	process = get_process(unseen, note->pid);
	/* A parent makes its note of a child when that may have become yet another program. */
	if (process->path != NULL && process->note.time_ns > note->time_ns)
		return;
	drop_note(process);
	if ((note->flags & EXEC_LOG_FAILED) != 0 || process->recorded_ns >= note->time_ns)
		return;
	process->note = *note;
	process->path = without_dots(note->path);
}

void
unseen_insert_recording(struct unseen *unseen, uint32_t pid, uint64_t start_ns)
{
	struct candidate *process = get_process(unseen, pid);

	if (start_ns > process->recorded_ns)
		process->recorded_ns = start_ns;
	if (process->path != NULL && process->note.time_ns <= start_ns)
		drop_note(process);
}

/* The strings become the program's. */
static void
insert_program(struct unseen *unseen, char *path, char *sentence, uint32_t pid)
{
	char *key = xasprintf("%s\n%s", path, sentence);
	struct program *program;

	HASH_FIND_STR(unseen->programs, key, program);
	if (program != NULL) {
		program->count++;
		free(key);
		free(path);
		free(sentence);
		return;
	}
	program = xcalloc(1, sizeof(*program));
	*program = (struct program){.key = key, .path = path, .sentence = sentence, .pid = pid};
	program->count = 1;
	HASH_ADD_KEYPTR(hh, unseen->programs, program->key, strlen(program->key), program);
}

/* --- why --- */

/* Sentences on a file begin with its path, which has a column of its own here. */
static char *
without_path(const char *sentence, const char *path)
{
	size_t length = strlen(path);

	if (strncmp(sentence, path, length) == 0 && sentence[length] == ' ')
		sentence += length + 1;
	return xstrdup(sentence);
}

/* From how it was started: NULL if there was nothing odd about it. */
static char *
explain_start(const struct exec_note *note)
{
	if ((note->flags & EXEC_LOG_NO_PRELOAD) != 0)
		return xstrdup("was started with an environment that lacks LD_PRELOAD");
	if (note->uid != geteuid())
		return xasprintf("was started as user %u, who cannot write to the recordings of "
				 "this run",
				 note->uid);
	if ((note->flags & EXEC_LOG_FILE_LIMIT) != 0)
		return xstrdup("was started under a limit on the size of files (ulimit -f)");
	if ((note->flags & EXEC_LOG_NO_OPTIONS) != 0)
		return xstrdup("was started without HEAPTALLY in its environment: \"heaptally "
			       "list\" may have it");
	if ((note->flags & EXEC_LOG_MEMORY_LIMIT) != 0)
		return xstrdup("was started under a limit on memory (ulimit -v or -d)");
	return NULL;
}

/* From what the file is. *ret_path is what was found by its name. */
static char *
explain_file(const struct candidate *process, bool *ret_missing, char **ret_path)
{
	char *words[] = {process->path, NULL}, *why = NULL;
	struct target target;

	target_inspect(words, &target);
	*ret_missing = target.verdict == TARGET_NOT_FOUND;
	*ret_path = xstrdup(target.path != NULL ? target.path : process->path);
	if (target.verdict == TARGET_UNTRACEABLE)
		why = without_path(target.reason, *ret_path);
	target_release(&target);
	return why;
}

/* Whether a recording of it may still come. */
static bool
may_be_starting(const struct candidate *process)
{
	uint64_t now_ns = clock_get_ns(CLOCK_MONOTONIC);

	return now_ns - process->note.time_ns < START_NS &&
	       (kill((pid_t)process->pid, 0) == 0 || errno == EPERM);
}

static void
explain(struct unseen *unseen, const struct candidate *process)
{
	bool missing;
	char *path, *why = explain_file(process, &missing, &path);

	if (why == NULL)
		why = explain_start(&process->note);
	if (why == NULL && may_be_starting(process)) {
		free(path);
		return;
	}
	if (why == NULL && missing)
		why = xstrdup("is gone, so its file cannot tell why");
	if (why == NULL)
		why = xstrdup("left no recording: it ended before it began, or could not write "
			      "one");
	insert_program(unseen, path, why, process->pid);
}

void
unseen_insert_empty(struct unseen *unseen, const struct profile *profile)
{
	char *name = elf_facts_find_allocator(profile->executable);
	char *why = xasprintf("brings its own malloc%s%s, which comes before heaptally's",
			      name != NULL ? ", " : "", name != NULL ? name : "");

	free(name);
	insert_program(unseen, xstrdup(profile->executable), why, profile->pid);
}

/* --- the whole --- */

static int
compare_processes(const struct candidate *a, const struct candidate *b)
{
	return (a->note.time_ns > b->note.time_ns) - (a->note.time_ns < b->note.time_ns);
}

void
unseen_finish(struct unseen *unseen)
{
	struct candidate *process, *next;

	HASH_SORT(unseen->processes, compare_processes);
	HASH_ITER (hh, unseen->processes, process, next)
		if (process->path != NULL)
			explain(unseen, process);
	array_each (&unseen->shells, shell)
		explain(unseen, shell);
	unseen->next = unseen->programs;
}

struct profile *
unseen_next(struct unseen *unseen)
{
	const struct program *program = unseen->next;
	struct profile *profile;

	if (program == NULL)
		return NULL;
	unseen->next = program->hh.next;
	profile = profile_new();
	profile->unseen = program->count;
	profile->pid = program->pid;
	profile->state = PROFILE_ENDED;
	profile->executable = intern_insert_string(profile->strings, program->path);
	profile->command = intern_insert_string(profile->strings, text_base_name(program->path));
	profile_insert_note(profile, program->sentence);
	profile->moments = xcalloc(1, sizeof(*profile->moments));
	profile->moment_count = 1;
	return profile;
}

void
unseen_free(struct unseen *unseen)
{
	struct candidate *process, *next_process;
	struct program *program, *next_program;

	if (unseen == NULL)
		return;
	HASH_ITER (hh, unseen->processes, process, next_process) {
		HASH_DEL(unseen->processes, process);
		free(process->path);
		free(process);
	}
	array_each (&unseen->shells, shell)
		free(shell->path);
	array_release(&unseen->shells);
	HASH_ITER (hh, unseen->programs, program, next_program) {
		HASH_DEL(unseen->programs, program);
		free(program->key);
		free(program->path);
		free(program->sentence);
		free(program);
	}
	free(unseen);
}
