/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/processes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/place_fit.h"
#include "view/quality.h"

enum {
	OTHERS_SHOWN = 3,
	UNSEEN_SHOWN = 3,
	BLIND_SHOWN = 3,
	NUMBERS_COLUMNS = 59, /* of a row, before the command */
	TITLE_LEAST = 12,
};

/* --- rows --- */

static void
cut_to(const struct term *term, char *text, unsigned used)
{
	unsigned room = term->width > used ? term->width - used : 0;

	if (term->width != 0)
		view_place_cut(text, room > TITLE_LEAST ? room : TITLE_LEAST);
}

static void
print_row(const struct term *term, const struct process *process, bool is_chosen)
{
	char live[HUMAN_BYTES], peak[HUMAN_BYTES], total[HUMAN_BYTES];
	char *title = term_escape(process_get_title(process));

	cut_to(term, title, NUMBERS_COLUMNS);
	fprintf(term->stream, "%s %8u  %-8s %10s %10s %14s  %s\n", is_chosen ? ">" : " ",
		process->pid, profile_state_name(process->state),
		human_size(process->sum.live_bytes, live),
		human_size(process->sum.peak_bytes, peak),
		human_count(process->sum.total_blocks, total), title);
	free(title);
}

static void
print_unseen(const struct term *term, const struct process_unseen *unseen)
{
	char *command = term_escape(unseen->command);
	char *more = unseen->count > 1 ? xasprintf("  (%" PRIu32 " processes)", unseen->count)
				       : xstrdup("");
	char *why = xasprintf("%s%s", unseen->why, more), *safe = term_escape(why);

	if (unseen->pid != 0)
		fprintf(term->stream, "  %8u  %-18s ", unseen->pid, command);
	else
		fprintf(term->stream, "  %8s  %-18s ", "-", command);
	term_wrap(term, "", safe);
	free(command);
	free(more);
	free(why);
	free(safe);
}

/* The row of the chosen program, or of another that its process was. */
static bool
is_of_chosen(const struct process_list *list, size_t row, size_t chosen)
{
	return chosen != VIEW_PROCESSES_NONE &&
	       list->all.items[row].pid == list->all.items[chosen].pid;
}

static void
print_processes(const struct term *term, const struct process_list *list, size_t chosen,
		size_t rows)
{
	size_t count, *order = process_list_rank(list, &count);
	bool is_shown = false;
	char left[HUMAN_BYTES];

	if (rows == 0 || rows > count)
		rows = count;
	fprintf(term->stream, "\n  %zu process%s\n  %8s  %-8s %10s %10s %14s  %s\n", count,
		count == 1 ? "" : "es", "pid", "state", "live", "peak", "allocations", "command");
	for (size_t i = 0; i < count; i++) {
		bool is_it = is_of_chosen(list, order[i], chosen);

		if (i >= rows && (is_shown || !is_it))
			continue;
		print_row(term, &list->all.items[is_it ? chosen : order[i]], is_it);
		is_shown |= is_it;
	}
	if (count > rows)
		fprintf(term->stream, "  %8s  (%s more; -n 0 for all)\n", "",
			human_count(count - rows, left));
	free(order);
}

void
view_processes_text(const struct term *term, const struct process_list *list, size_t chosen,
		    size_t rows)
{
	uint64_t unseen = process_list_count_unseen(list);
	char text[HUMAN_BYTES];

	if (list->all.count > 1 || unseen != 0)
		print_processes(term, list, chosen, rows);
	if (unseen == 0)
		return;
	fprintf(term->stream, "\n  %s process%s not recorded\n", human_count(unseen, text),
		unseen == 1 ? " was" : "es were");
	for (size_t i = 0; i < list->unseen.count; i++) {
		if (rows != 0 && i == rows) {
			fprintf(term->stream, "  %8s  (%zu more programs; -n 0 for all)\n", "",
				list->unseen.count - rows);
			break;
		}
		print_unseen(term, &list->unseen.items[i]);
	}
}

/* --- lines --- */

void
view_processes_others(const struct term *term, const char *label, const struct process_list *list,
		      size_t chosen)
{
	struct buffer line = BUFFER_INIT;
	size_t count, *order = process_list_rank(list, &count), shown = 0;
	char text[HUMAN_BYTES];

	for (size_t i = 0; i < count && shown < OTHERS_SHOWN; i++) {
		const struct process *process = &list->all.items[order[i]];
		char *command;

		if (is_of_chosen(list, order[i], chosen))
			continue;
		command = term_escape(process->command);
		buffer_insert_format(&line, "%s%s %" PRIu32 " (peak %s)", shown++ ? ", " : "",
				     command, process->pid,
				     human_size(process->sum.peak_bytes, text));
		free(command);
	}
	if (count > shown + 1)
		buffer_insert_format(&line, ", %zu more", count - shown - 1);
	if (shown != 0) {
		buffer_insert_string(&line, "  (--process PID)");
		term_wrap(term, label, buffer_string(&line));
	}
	free(order);
	buffer_release(&line);
}

/* A process whose numbers are shown became another program, which did the rest. */
static void
print_went_on(const struct term *term, const char *label, const struct process *process,
	      const struct process_unseen *unseen)
{
	char *sentence = xasprintf("%s (%" PRIu32 ") went on as %s, which %s", process->command,
				   process->pid, unseen->command, unseen->why);
	char *safe = term_escape(sentence);

	term_wrap(term, label, safe);
	free(sentence);
	free(safe);
}

/* Whether it is what the chosen process became. */
static bool
is_successor(const struct process_list *list, const struct process_unseen *unseen, size_t chosen)
{
	return unseen->count == 1 && unseen->pid == list->all.items[chosen].pid;
}

/* The names of the others; the reason too when it is one program. Each has its own in `info`. */
static void
insert_names(struct buffer *line, const struct process_list *list, size_t chosen)
{
	const struct process_unseen *last = NULL;
	size_t programs = 0;

	array_each (&list->unseen, unseen) {
		if (is_successor(list, unseen, chosen))
			continue;
		last = unseen;
		if (programs++ < UNSEEN_SHOWN)
			buffer_insert_format(line, "%s%s", programs > 1 ? ", " : "",
					     unseen->command);
	}
	if (programs == 1)
		buffer_insert_format(line, ", which %s", last->why);
	if (programs > UNSEEN_SHOWN)
		buffer_insert_format(line, ", %zu more program%s", programs - UNSEEN_SHOWN,
				     text_plural(programs - UNSEEN_SHOWN));
	if (programs > 1)
		buffer_insert_string(line, ", see \"heaptally info\"");
}

void
view_processes_unseen(const struct term *term, const char *label, const struct process_list *list,
		      size_t chosen)
{
	uint64_t count = process_list_count_unseen(list);
	struct buffer line = BUFFER_INIT;
	char text[HUMAN_BYTES], *safe;

	array_each (&list->unseen, unseen)
		if (is_successor(list, unseen, chosen)) {
			print_went_on(term, label, &list->all.items[chosen], unseen);
			count--;
		}
	if (count == 0)
		return;
	buffer_insert_format(&line, "%s process%s not recorded: ", human_count(count, text),
			     count == 1 ? " was" : "es were");
	insert_names(&line, list, chosen);
	safe = term_escape(buffer_string(&line));
	term_wrap(term, label, safe);
	free(safe);
	buffer_release(&line);
}

void
view_processes_blind(const struct term *term, const char *indent, const struct process_list *list,
		     size_t chosen)
{
	size_t shown = 0;

	for (size_t i = 0; i < list->all.count && shown < BLIND_SHOWN; i++) {
		const struct process *process = &list->all.items[i];
		char *command, *sentence, resident[HUMAN_BYTES];

		if (i == chosen || process->resident_bytes == 0 || !process_hides_much(process))
			continue;
		command = term_escape(process->command);
		human_size((int64_t)process->resident_bytes, resident);
		sentence = xasprintf("%s %" PRIu32 " had %s resident, of which heaptally saw "
				     "nearly nothing: --process %" PRIu32 " tells why",
				     command, process->pid, resident, process->pid);
		view_quality_warn(term, indent, sentence);
		free(command);
		free(sentence);
		shown++;
	}
}
