/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/clean.c - heaptally clean: remove the recordings of processes that have ended
 */
#include "config.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/arguments.h"
#include "cmd/command.h"
#include "read/locate.h"
#include "symbols/name_store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/text.h"

#define OLDER_NS ((uint64_t)24 * 60 * 60 * CLOCK_SECOND_NS)

enum {
	OPTION_OLDER = 256,
	OPTION_CACHE,
};

struct arguments {
	const char *directory; /* or NULL */
	uint64_t older_ns;
	bool only_says;
	bool cache;
};

/* Some recordings. */
struct some {
	uint64_t count, bytes;
};

static const struct argp_option option_table[] = {
	{"older", OPTION_OLDER, "TIME", 0,
	 "remove what ended at least so long ago: 30s, 2min, 1h, 7d, 0 (default: 1d)", 0},
	{"cache", OPTION_CACHE, NULL, 0,
	 "remove the names that \"heaptally run\" has kept for the next run, too", 0},
	{"dry-run", 'n', NULL, 0, "say what would be removed, and leave it", 0},
	{0},
};

static error_t
parse_argument(int key, char *word, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case OPTION_OLDER:
		if (human_parse_duration(word, &arguments->older_ns) != 0)
			argp_error(state, "--older %s: not a time", word);
		return 0;
	case OPTION_CACHE:
		arguments->cache = true;
		return 0;
	case 'n':
		arguments->only_says = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->directory != NULL)
			argp_error(state, "%s: one directory at a time", word);
		arguments->directory = word;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse_argument,
	.args_doc = "[DIRECTORY]",
	.doc = "Remove the recordings that processes left behind which ended more than a day "
	       "ago: where \"heaptally list\" finds them, or in one directory.\v"
	       "Examples:\n"
	       "  heaptally clean\n"
	       "  heaptally clean --older 0 --dry-run\n",
};

/* Of a process that was killed, the time is that of the last it wrote. */
static bool
is_old(const struct recording_file *file, uint64_t older_ns)
{
	uint64_t now_ns = clock_get_ns(CLOCK_REALTIME);
	uint64_t end_ns = file->identity.start_realtime_ns + file->identity.duration_ns;

	return end_ns <= now_ns && now_ns - end_ns >= older_ns;
}

static void
insert(struct some *some, const struct recording_file *file)
{
	some->count++;
	some->bytes += file->disk_bytes;
}

/* "3 recordings, 1.5 MiB" */
static void
print_some(const char *what, const struct some *some, const char *rest)
{
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];

	printf("%s%s recording%s, %s%s\n", what, human_count(some->count, count),
	       text_plural(some->count), human_size((int64_t)some->bytes, bytes), rest);
}

/* Whether all that had to go has gone. */
static bool
clean(const struct recording_list *list, const struct arguments *arguments, struct some *removed,
      struct some *young)
{
	bool all = true;

	for (size_t i = 0; i < list->count; i++) {
		const struct recording_file *file = &list->files[i];
		int result = 0;

		if (file->identity.alive)
			continue;
		if (!is_old(file, arguments->older_ns)) {
			insert(young, file);
			continue;
		}
		if (!arguments->only_says)
			result = locate_remove(file);
		if (result == 0)
			insert(removed, file);
		else if (result != -EBUSY && result != -ENOENT) {
			warn_errno(result, "%s", file->path);
			all = false;
		}
	}
	return all;
}

/* Whether it has gone if it had to. */
static bool
clean_cache(const struct arguments *arguments)
{
	int store = name_store_open(false), result = 0;
	char count[HUMAN_BYTES], bytes[HUMAN_BYTES];
	uint64_t files, file_bytes;

	if (store < 0)
		return true;
	name_store_measure(store, &files, &file_bytes);
	if (arguments->cache && !arguments->only_says)
		result = name_store_clear(store);
	close(store);
	if (result != 0)
		warn_errno(result, "the cache of names");
	else if (files != 0)
		printf("%snames of %s module%s, %s%s\n",
		       !arguments->cache      ? ""
		       : arguments->only_says ? "would remove "
					      : "removed ",
		       human_count(files, count), text_plural(files),
		       human_size((int64_t)file_bytes, bytes),
		       arguments->cache ? "" : ", are kept for the next run (--cache)");
	return result == 0;
}

int
cmd_clean(int argc, char **argv)
{
	struct arguments arguments = {.older_ns = OLDER_NS};
	struct some removed = {0}, young = {0};
	struct recording_list list;
	bool all;

	arguments_parse(&argp, argc, argv, 0, &arguments);
	if (arguments.directory == NULL)
		locate_all(&list);
	else if (!locate_in(arguments.directory, &list))
		die(COMMAND_TROUBLE, "%s: not a directory that is yours alone (mode 0700)",
		    arguments.directory);
	all = clean(&list, &arguments, &removed, &young);
	print_some(arguments.only_says ? "would remove " : "removed ", &removed, "");
	if (young.count != 0)
		print_some("", &young, " ended too short a time ago and stay (--older 0)");
	recording_list_release(&list);
	if (arguments.directory == NULL || arguments.cache)
		all &= clean_cache(&arguments);
	return all ? COMMAND_OK : COMMAND_TROUBLE;
}
