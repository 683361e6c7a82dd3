/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_filters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/command.h"
#include "util/error.h"
#include "util/output.h"
#include "util/xalloc.h"

void
report_filters_release(struct report_filters *words)
{
	for (size_t i = 0; i < words->filter_count; i++) {
		free(words->filters[i].origin);
		free(words->filters[i].line);
	}
	free(words->filters);
	free(words->wrappers);
	*words = (struct report_filters){NULL};
}

static void
insert(struct report_filters *words, const struct report_filter *filter)
{
	words->filters =
		xreallocarray(words->filters, words->filter_count + 1, sizeof(*words->filters));
	words->filters[words->filter_count++] = *filter;
}

void
report_filters_insert(struct report_filters *words, const char *text, bool inclusive)
{
	insert(words, &(struct report_filter){.text = text, .inclusive = inclusive});
}

void
report_filters_insert_wrapper(struct report_filters *words, const char *glob)
{
	words->wrappers =
		xreallocarray(words->wrappers, words->wrapper_count + 1, sizeof(*words->wrappers));
	words->wrappers[words->wrapper_count++] = glob;
}

void
report_filters_read(struct report_filters *words, const char *path, struct argp_state *state)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *text;
	size_t capacity = 0, number = 0;
	ssize_t length;

	if (!file)
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	output_note_input(fileno(file));
	while ((length = getline(&line, &capacity, file)) > 0) {
		number++;
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		if (length == 0 || line[0] == '#')
			continue;
		if (line[0] != '+' && line[0] != '-')
			argp_error(state, "%s:%zu: %s: a filter begins with + or -", path, number,
				   line);
		text = xstrdup(line + 1);
		insert(words, &(struct report_filter){
				      .text = text,
				      .inclusive = line[0] == '+',
				      .origin = xasprintf("%s:%zu: ", path, number),
				      .line = text,
			      });
	}
	if (ferror(file))
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	free(line);
	fclose(file);
}

void
report_filters_read_suppressions(struct group_options *group, const char *path,
				 struct argp_state *state)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *why;
	size_t capacity = 0, number = 0;

	if (!file)
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	output_note_input(fileno(file));
	while (getline(&line, &capacity, file) > 0) {
		number++;
		if (suppress_list_insert(&group->selection.suppressions, line, &why) < 0)
			argp_error(state, "%s:%zu: %s", path, number, why);
	}
	if (ferror(file))
		die_errno(COMMAND_TROUBLE, errno, "%s", path);
	free(line);
	fclose(file);
}

void
report_filters_apply(const struct report_filters *words, bool any_frame,
		     struct group_options *group, struct argp_state *state)
{
	char *why;

	for (size_t i = 0; i < words->filter_count; i++) {
		const struct report_filter *word = &words->filters[i];

		if (filter_list_insert(&group->selection.filters, word->text, word->inclusive,
				       any_frame, &why) < 0)
			argp_error(state, "%s%s", word->origin != NULL ? word->origin : "", why);
	}
	group->selection.wrappers.globs = words->wrappers;
	group->selection.wrappers.count = words->wrapper_count;
}
