/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "run/elf_facts.h"
#include "run/program_path.h"
#include "util/text.h"
#include "util/xalloc.h"

enum {
	SCRIPT_DEPTH_MAX = 5,
};

/* The loader's own options, before the name of the program. */
static const char *const loader_values[] = {
	"--library-path",
	"--glibc-hwcaps-prepend",
	"--glibc-hwcaps-mask",
	"--inhibit-rpath",
	"--audit",
	"--preload",
	"--argv0",
};
static const char *const loader_questions[] = {
	"--list", "--verify", "--list-tunables", "--list-diagnostics", "--help", "--version",
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* exec would make a process of other rights, so that the loader ignores LD_PRELOAD. */
static const char *
find_privilege(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return NULL;
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid())
		return "is set-user-ID, so its loader ignores LD_PRELOAD; its owner can trace it";
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    status.st_gid != getegid())
		return "is set-group-ID, so its loader ignores LD_PRELOAD; who runs as its group "
		       "can trace it";
	if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "has file capabilities, so its loader ignores LD_PRELOAD; root can trace it";
	return NULL;
}

static void
refuse(struct target *target, enum target_verdict verdict, char *reason)
{
	target->verdict = verdict;
	target->reason = reason;
}

static void
refuse_old(struct target *target, const char *loader)
{
	static const char old[] = "the loader of a glibc before 2.35, below which nothing can be "
				  "traced";

	refuse(target, TARGET_UNTRACEABLE,
	       loader == target->path
		       ? xasprintf("%s is %s", loader, old)
		       : xasprintf("%s is started by %s, %s", target->path, loader, old));
}

/* What starts it, or nothing of glibc's. */
static void
judge_interpreter(struct target *target, const char *interpreter)
{
	struct elf_facts facts;

	if (access(interpreter, R_OK) != 0 || !elf_facts_read(interpreter, &facts))
		return;
	if (facts.is_loader && facts.is_x86_64 && !facts.is_recent_loader)
		refuse_old(target, interpreter);
	elf_facts_release(&facts);
}

static void
judge_elf(struct target *target, const struct elf_facts *facts, bool by_loader)
{
	const char *path = target->path;
	/* The loader runs with its own rights, and not with those of what it loads. */
	const char *privilege = by_loader ? NULL : find_privilege(path);

	if (facts->interpreter != NULL && !by_loader)
		judge_interpreter(target, facts->interpreter);
	if (target->verdict != TARGET_TRACEABLE)
		return;
	if (!facts->is_64 && facts->is_elf)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is a 32-bit program, and this heaptally traces 64-bit ones",
				 path));
	else if (facts->is_elf && !facts->is_x86_64)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is built for another kind of machine", path));
	else if (facts->is_elf && !facts->has_interpreter)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is %sstatically linked, so nothing can be preloaded into it",
				 path, facts->is_go ? "a Go program, " : ""));
	else if (facts->is_musl)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s uses musl, and heaptally's runtime needs glibc", path));
	else if (privilege != NULL)
		refuse(target, TARGET_UNTRACEABLE, xasprintf("%s %s", path, privilege));
	else if (facts->sanitizer != NULL)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is built with %s, which has its own malloc and must be loaded "
				 "first",
				 path, facts->sanitizer));
	else if (facts->exports_malloc) {
		char *name = elf_facts_find_allocator(path);

		target->warning =
			xasprintf("%s brings its own malloc%s%s, which comes before "
				  "heaptally's: its blocks will not be seen",
				  path, name != NULL ? ", " : "", name != NULL ? name : "");
		free(name);
	} else if (facts->is_go) {
		target->warning = xasprintf("%s is a Go program: only what its C code allocates "
					    "will be seen",
					    path);
	}
}

static void
refuse_missing(struct target *target, const char *program, int error)
{
	bool missing = error == -ENOENT || error == -ENOTDIR;
	bool searched = strchr(program, '/') == NULL;

	refuse(target, missing ? TARGET_NOT_FOUND : TARGET_NOT_EXECUTABLE,
	       missing && searched ? xasprintf("%s: command not found", program)
				   : xasprintf("%s: %s", program, strerror(-error)));
}

static bool
is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* The program that the loader is told; NULL if it is asked for something else. */
static const char *
get_loaded_program(char *const *arguments)
{
	size_t i = 1;

	for (; arguments[i] != NULL && strncmp(arguments[i], "--", 2) == 0; i++) {
		if (is_one_of(arguments[i], loader_questions, COUNT_OF(loader_questions)))
			return NULL;
		if (!is_one_of(arguments[i], loader_values, COUNT_OF(loader_values)))
			continue;
		if (arguments[i + 1] == NULL)
			return NULL;
		i++;
	}
	return arguments[i];
}

/* It takes no script, and looks for what has no slash where libraries are. */
static void
judge_loaded(struct target *target, char *const *arguments)
{
	const char *program = get_loaded_program(arguments);
	struct elf_facts facts;

	if (program == NULL) {
		target->verdict = TARGET_RUNS_NOTHING;
		return;
	}
	target->name = xstrdup(text_base_name(program));
	if (strchr(program, '/') == NULL || !elf_facts_read(program, &facts))
		return;
	free(target->path);
	target->path = xstrdup(program);
	judge_elf(target, &facts, true);
	elf_facts_release(&facts);
}

/* Follow one step: judge the file at target->path, or return the word to go on with. `arguments`
 * are those it is started with, or NULL. */
static char *
judge_file(struct target *target, char *const *arguments)
{
	struct elf_facts facts;

	if (access(target->path, R_OK) != 0)
		return NULL;
	if (elf_facts_read(target->path, &facts)) {
		if (facts.has_interpreter || !facts.is_loader || !facts.is_x86_64 ||
		    arguments == NULL)
			judge_elf(target, &facts, false);
		else if (facts.is_recent_loader || get_loaded_program(arguments) == NULL)
			judge_loaded(target, arguments);
		else
			refuse_old(target, target->path);
		elf_facts_release(&facts);
		return NULL;
	}
	return program_path_of_script(target->path);
}

void
target_inspect(char *const *arguments, struct target *ret_target)
{
	struct target target = {0};
	char *word = xstrdup(arguments[0]);

	for (int depth = 0; word != NULL && depth < SCRIPT_DEPTH_MAX; depth++) {
		char *next = NULL, *path = NULL;
		int result = program_path_find(word, &path);

		if (result == 0) {
			free(target.path);
			target.path = path;
			next = judge_file(&target, depth == 0 ? arguments : NULL);
		} else if (depth == 0) {
			refuse_missing(&target, arguments[0], result);
		} else {
			/* exec says ENOENT for a script whose interpreter is missing. */
			refuse(&target, TARGET_NOT_EXECUTABLE,
			       xasprintf("%s: its interpreter %s: %s", arguments[0], word,
					 strerror(-result)));
		}
		free(word);
		word = next;
	}
	free(word);
	*ret_target = target;
}

void
target_release(struct target *target)
{
	free(target->path);
	free(target->name);
	free(target->reason);
	free(target->warning);
	*target = (struct target){0};
}
