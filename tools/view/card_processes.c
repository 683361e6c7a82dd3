/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/card_processes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/column.h"
#include "model/group.h"
#include "model/place.h"
#include "model/profile.h"
#include "model/rank.h"
#include "util/buffer.h"
#include "util/human.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "model/card.h"
#include "view/place.h"
#include "view/place_fit.h"
#include "view/processes.h"

enum {
	NAME_COLUMNS = 20,
	NUMBERS_COLUMNS = 12 + 10 + 2, /* before a name */
	PLACE_LEAST = 16,
	RUNNING_SHOWN = 3,
};

static const struct process *
get_chosen(const struct card *card)
{
	return &card->processes->all.items[card->chosen];
}

/* "perl (4507)", to free. */
static char *
name_process(const struct process *process)
{
	char *command = term_escape(process->command);
	char *name = xasprintf("%s (%" PRIu32 ")", command, process->pid);

	free(command);
	return name;
}

static bool
has_largest_peak(const struct card *card)
{
	array_each (&card->processes->all, process)
		if (process->sum.peak_bytes > get_chosen(card)->sum.peak_bytes)
			return false;
	return true;
}

/* Which place held most of it, as "name  position"; to free. */
static char *
describe_top_place(const struct card *card, const struct profile *profile, unsigned room)
{
	const struct place_options place_options = {0};
	const struct group_options options = {
		.by = GROUP_BY_LINE,
		.selection = {.wrappers = card->wrappers},
	};
	const struct profile_at at = {
		.moment = &profile->moments[profile->moment_count - 1],
		.peak = true,
	};
	struct place_table *table = place_table_new(&place_options);
	struct group_set set;
	char *text;

	group_profile(profile, &at, &options, table, NULL, &set);
	rank_groups(&set, GROUP_BY_LINE, column_find("live_bytes"), table);
	if (set.count == 0) {
		text = xstrdup("");
	} else {
		struct view_place view;

		view_place_init(&view, table, set.groups[0].stack, set.groups[0].caller,
				GROUP_BY_LINE, false);
		if (room >= PLACE_LEAST) {
			view_place_cut_name(view.name, room / 2);
			view_place_cut_position(view.position, room - term_columns(view.name) - 2);
		}
		text = xasprintf("%s%s%s", view.name, *view.position ? "  " : "", view.position);
		view_place_release(&view);
	}
	group_set_release(&set);
	place_table_free(table);
	return text;
}

static void
print_other(const struct term *term, const struct card *card, const struct profile *profile,
	    bool is_first)
{
	unsigned used = NUMBERS_COLUMNS + NAME_COLUMNS + 2;
	unsigned room = term->width > used ? term->width - used : 0;
	char *command = term_escape(profile->command),
	     *place = describe_top_place(card, profile, room);
	char *name = xasprintf("%s (%" PRIu32 ")", command, profile->pid), size[HUMAN_BYTES];

	fprintf(term->stream, "  %-9s %10s  ", is_first ? "others" : "",
		human_size(profile_get_peak(profile), size));
	if (*place != '\0' && (term->width == 0 || room >= PLACE_LEAST)) {
		term_pad(term->stream, name, NAME_COLUMNS);
		fprintf(term->stream, "  %s\n", place);
	} else {
		fprintf(term->stream, "%s\n", name);
	}
	free(name);
	free(command);
	free(place);
}

/* A daemon and what else goes on: how to look at it. */
static void
print_running(const struct term *term, const struct card *card)
{
	struct buffer line = BUFFER_INIT;
	const struct process *largest = NULL;
	size_t count = 0;

	array_each (&card->processes->all, process) {
		if (process->state != PROFILE_RUNNING)
			continue;
		if (count++ < RUNNING_SHOWN) {
			char *name = name_process(process);

			buffer_insert_format(&line, "%s%s", count > 1 ? ", " : "", name);
			free(name);
		}
		if (largest == NULL || process->sum.live_bytes > largest->sum.live_bytes)
			largest = process;
	}
	if (count > RUNNING_SHOWN)
		buffer_insert_format(&line, ", %zu more", count - RUNNING_SHOWN);
	if (largest != NULL) {
		buffer_insert_format(
			&line, " run%s on and %s recorded, see \"heaptally top %" PRIu32 "\"",
			count == 1 ? "s" : "", count == 1 ? "is" : "are", largest->pid);
		term_wrap(term, "  goes on   ", buffer_string(&line));
	}
	buffer_release(&line);
}

void
view_card_processes(const struct term *term, const struct card *card)
{
	size_t count = process_list_count(card->processes);
	bool is_first = true;

	if (count > 1) {
		char *name = name_process(get_chosen(card));

		fprintf(term->stream, "  processes %zu; %s is %s\n", count,
			has_largest_peak(card) ? "the one with the largest peak"
					       : "what follows is of the program that was run, it",
			name);
		free(name);
	}
	for (size_t i = 0; i < CARD_OTHERS; i++) {
		if (card->others[i] == NULL)
			continue;
		print_other(term, card, card->others[i], is_first);
		is_first = false;
	}
	view_processes_unseen(term, "  unseen    ", card->processes, card->chosen);
	print_running(term, card);
}

char *
view_card_keeper(const struct card *card)
{
	const struct process *keeper = get_chosen(card);
	char *name, *text, size[HUMAN_BYTES];

	array_each (&card->processes->all, process)
		if (process->sum.live_bytes > keeper->sum.live_bytes)
			keeper = process;
	if (keeper == get_chosen(card))
		return xstrdup("");
	name = name_process(keeper);
	text = xasprintf("; %s kept %s", name, human_size(keeper->sum.live_bytes, size));
	free(name);
	return text;
}
