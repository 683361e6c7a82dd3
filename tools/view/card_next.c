/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/card_next.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/managed.h"
#include "model/profile.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "model/card.h"
#include "view/resident.h"

#define LINES_MAX 4

/* From here on it costs time. */
#define CHURN_BLOCKS ((uint64_t)10000)
#define CHURN_SHARE  0.5

static const struct profile_values *
get_sum(const struct card *card)
{
	const struct profile *profile = card->profile;

	return &profile->moments[profile->moment_count - 1].sum;
}

bool
view_card_is_churning(const struct card *card)
{
	const struct profile_values *sum = get_sum(card);

	return sum->temporary_blocks >= CHURN_BLOCKS &&
	       (double)sum->temporary_blocks >= CHURN_SHARE * (double)sum->total_blocks;
}

static bool
is_always(const struct card *card)
{
	(void)card;
	return true;
}

static bool
has_left_memory(const struct card *card)
{
	return get_sum(card)->live_blocks > 0;
}

static bool
has_other_processes(const struct card *card)
{
	return card->processes->all.count > 1 || card->processes->unseen.count != 0;
}

static bool
was_killed(const struct card *card)
{
	return WIFSIGNALED(card->wait_status);
}

static bool
is_far_above_heap(const struct card *card)
{
	char *sentence = view_resident_explain(card->profile);
	bool result = sentence != NULL;

	free(sentence);
	return result;
}

/* What is odd about the run comes first; the last rows are for any. A question that a command of
 * its own answers gets a row here. */
static const struct {
	bool (*is_odd)(const struct card *);
	const char *command, *what;
} steps[] = {
	{is_always, "heaptally top", "what holds the memory at the peak"},
	{was_killed, "heaptally top --at exit", "what it had when it was killed"},
	{view_card_is_churning, "heaptally top --sort temporary",
	 "who allocates only to free it again"},
	{is_far_above_heap, "heaptally timeline", "the heap and resident memory over time"},
	{has_other_processes, "heaptally info", "all processes, and what was not recorded"},
	{has_left_memory, "heaptally top --at exit", "what was not freed"},
	{is_always, "heaptally top --by stack", "who asked for it, whole stacks"},
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/* The commands name the file unless it is the newest one here. To free. */
static char *
get_operand(const struct card *card)
{
	char *directory = getcwd(NULL, 0), *operand;
	size_t length = directory != NULL ? strlen(directory) : 0;
	const char *path = card->path;

	if (length > 1 && strncmp(path, directory, length) == 0 && path[length] == '/')
		path += length + 1;
	operand = strchr(path, '/') != NULL ? term_escape(path) : xstrdup("");
	free(directory);
	return operand;
}

/* Each command once. */
static size_t
choose(const struct card *card, size_t chosen[LINES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < STEP_COUNT && count < LINES_MAX; i++) {
		bool is_there = false;

		for (size_t k = 0; k < count; k++)
			is_there |= strcmp(steps[chosen[k]].command, steps[i].command) == 0;
		if (!is_there && steps[i].is_odd(card))
			chosen[count++] = i;
	}
	return count;
}

void
view_card_next(const struct term *term, const struct card *card)
{
	char *operand = get_operand(card), *lines[LINES_MAX];
	size_t chosen[LINES_MAX], count = choose(card, chosen);
	unsigned columns = 0;

	for (size_t i = 0; i < count; i++) {
		lines[i] =
			xasprintf("%s%s%s", steps[chosen[i]].command, *operand ? " " : "", operand);
		if (term_columns(lines[i]) > columns)
			columns = term_columns(lines[i]);
	}
	for (size_t i = 0; i < count; i++) {
		const char *what = steps[chosen[i]].what;
		bool fits = term->width == 0 || 12 + columns + 4 + strlen(what) <= term->width;

		fprintf(term->stream, "%s  %-8s  ", i == 0 ? "\n" : "", i == 0 ? "next" : "");
		if (fits) {
			term_pad(term->stream, lines[i], (int)columns);
			fprintf(term->stream, "  # %s\n", what);
		} else {
			fprintf(term->stream, "%s\n", lines[i]);
		}
		free(lines[i]);
	}
	free(operand);
}
