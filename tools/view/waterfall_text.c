/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/waterfall_text.c - where the resident memory of a process is, as bars and lists
 */
#include "config.h"

#include "view/waterfall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/remedy.h"

#define NAME_COLUMNS    21
#define SIZE_COLUMNS    11
#define PERCENT_COLUMNS 7
#define BAR_LEAST       10
#define BAR_MOST        50
#define WIDTH           80 /* of what is no terminal */

struct bar {
	unsigned columns;
	uint64_t whole;
};

static struct bar
get_bar(const struct term *term, const struct resident *resident)
{
	unsigned width = term->width != 0 ? term->width : WIDTH;
	unsigned used = 2 + NAME_COLUMNS + SIZE_COLUMNS + PERCENT_COLUMNS + 2;
	unsigned room = width > used + 1 ? width - used - 1 : 0;
	uint64_t whole = resident->memory->resident_after;

	if (resident->sum > whole)
		whole = resident->sum;
	return (struct bar){room < BAR_LEAST ? 0 : (room > BAR_MOST ? BAR_MOST : room), whole};
}

static double
least_of(double a, double b)
{
	return a < b ? a : b;
}

/* The part of a bar that begins at `from`, in eighths of a column where there are such characters.
 */
static void
print_bar(const struct term *term, const struct bar *bar, uint64_t from, uint64_t bytes)
{
	static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
					      "\u258c", "\u258b", "\u258a", "\u2589"};
	double scale = bar->whole != 0 ? bar->columns * 8.0 / (double)bar->whole : 0;
	double most = bar->columns * 8.0;
	unsigned start = (unsigned)(least_of((double)from * scale, most) / 8);
	unsigned length = (unsigned)(least_of((double)bytes * scale, most - start * 8.0) + 0.5);

	if (bar->columns == 0 || bytes == 0)
		return;
	fprintf(term->stream, "  %*s", (int)start, "");
	if (!term->utf8) {
		for (unsigned i = 0; i < (length + 7) / 8; i++)
			fputc('#', term->stream);
		return;
	}
	for (unsigned i = 0; i < length / 8; i++)
		fputs("\u2588", term->stream);
	fputs(length == 0 ? eighths[1] : eighths[length % 8], term->stream);
}

static void
print_line(const struct term *term, const char *name, const char *size, double bytes, double whole)
{
	char percent[HUMAN_BYTES];

	fprintf(term->stream, "  ");
	term_pad(term->stream, name, NAME_COLUMNS);
	fprintf(term->stream, "%*s%*s", SIZE_COLUMNS, size, PERCENT_COLUMNS,
		human_percent(bytes, whole, percent));
}

static void
print_parts(const struct term *term, const struct view_waterfall *view)
{
	const struct resident *resident = view->resident;
	struct bar bar = get_bar(term, resident);
	double whole = (double)resident->memory->resident_after;
	char size[HUMAN_BYTES];
	uint64_t from = 0;

	for (unsigned part = 0; part < RESIDENT_PARTS; part++) {
		uint64_t bytes = resident->parts[part];

		if (bytes == 0 && part != RESIDENT_LIVE)
			continue;
		print_line(term, resident_part_name(part), human_size((int64_t)bytes, size),
			   (double)bytes, whole);
		print_bar(term, &bar, from, bytes);
		fputc('\n', term->stream);
		from += bytes;
	}
	print_line(term, "drift", human_size(resident->drift, size), (double)resident->drift,
		   whole);
	fputc('\n', term->stream);
	print_line(term, "resident", human_size((int64_t)resident->memory->resident_after, size),
		   whole, whole);
	fprintf(term->stream, "  without heaptally %s\n\n",
		human_size((int64_t)(resident->memory->resident_after -
				     resident->parts[RESIDENT_TRACER]),
			   size));
}

static void
print_outside(const struct term *term, const struct view_waterfall *view)
{
	const struct resident *resident = view->resident;
	char untouched[HUMAN_BYTES], live[HUMAN_BYTES], all[HUMAN_BYTES], huge[HUMAN_BYTES];
	char zero[HUMAN_BYTES];

	fprintf(term->stream,
		"not resident  live but never written %s, live but swapped out %s (of the process "
		"%s), hugetlb %s, read but never written %s\n",
		human_size((int64_t)resident->untouched, untouched),
		human_size((int64_t)resident->swapped_live, live),
		human_size((int64_t)resident->swapped, all),
		human_size((int64_t)resident->hugetlb, huge),
		human_size((int64_t)resident->zero, zero));
}

/* What is in the parts and has a name of its own. */
static void
print_told_apart(const struct term *term, const struct view_waterfall *view)
{
	const struct resident *resident = view->resident;
	const struct {
		const char *name;
		uint64_t bytes;
	} table[] = {
		{"in huge pages", resident->huge},
		{"reclaimable by the kernel (LazyFree)", resident->lazy_free},
		{"merged by the kernel (KSM)", resident->merged},
		{"the main thread's stack", resident->main_stack},
		{"still shared with the parent", resident->inherited_shared},
	};
	const char *gap = "of it         ";
	char size[HUMAN_BYTES];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].bytes == 0)
			continue;
		fprintf(term->stream, "%s%s %s", gap, table[i].name,
			human_size((int64_t)table[i].bytes, size));
		gap = ", ";
	}
	if (gap[0] == ',')
		fputc('\n', term->stream);
}

static void
print_regions(const struct term *term, const struct view_waterfall *view)
{
	static const char *const titles[] = {"live",   "rounding", "headers",
					     "pinned", "kept",     "not known"};
	char size[HUMAN_BYTES];

	if (resident_get_heap(view->resident) == 0 || view->summary != NULL)
		return;
	fprintf(term->stream, "\n  %-16s%7s%11s", "the heap", "count", "resident");
	for (unsigned part = 0; part < RESIDENT_HEAP_PARTS; part++)
		if (view->resident->parts[part] != 0)
			fprintf(term->stream, "%11s", titles[part]);
	fputc('\n', term->stream);
	for (unsigned kind = 0; kind < MEMORY_REGION_KINDS; kind++) {
		const struct resident_regions *all = &view->resident->regions[kind];

		if (all->count == 0)
			continue;
		fprintf(term->stream, "  %-16s%7s", memory_region_name(kind),
			human_count(all->count, size));
		fprintf(term->stream, "%11s", human_size((int64_t)all->resident, size));
		for (unsigned part = 0; part < RESIDENT_HEAP_PARTS; part++)
			if (view->resident->parts[part] != 0)
				fprintf(term->stream, "%11s",
					human_size((int64_t)all->parts[part], size));
		fputc('\n', term->stream);
	}
}

/* A name of a mapping that has none: that of what lies before it. */
static char *
describe_mapping(const struct memory *memory, size_t index)
{
	const struct memory_mapping *mapping = &memory->mappings.items[index];
	struct buffer text = BUFFER_INIT;
	char *name, *result;

	if (mapping->name[0] != '\0') {
		buffer_insert_string(&text, mapping->name);
	} else if (index > 0 && memory->mappings.items[index - 1].end == mapping->start &&
		   memory->mappings.items[index - 1].name[0] != '\0') {
		buffer_insert_format(&text, "behind %s",
				     text_base_name(memory->mappings.items[index - 1].name));
	} else {
		buffer_insert_string(&text, "without a name");
	}
	if ((mapping->flags & MEMORY_HUGE_PAGES) != 0)
		buffer_insert_string(&text, ", asked for huge pages");
	if ((mapping->flags & MEMORY_NO_DUMP) != 0)
		buffer_insert_string(&text, ", not dumped");
	if ((mapping->flags & MEMORY_NO_RESERVE) != 0)
		buffer_insert_string(&text, ", not reserved");
	name = term_escape(buffer_string(&text));
	result = xstrdup(name);
	free(name);
	buffer_release(&text);
	return result;
}

static void
print_mappings(const struct term *term, const struct view_waterfall *view)
{
	size_t *largest, count = view_waterfall_find_largest(view, &largest);
	char size[HUMAN_BYTES], all[HUMAN_BYTES];

	if (count != 0)
		fprintf(term->stream, "\n  %-16s%18s%11s\n", "other anonymous", "resident", "of");
	for (size_t i = 0; i < count; i++) {
		const struct memory_mapping *mapping =
			&view->resident->memory->mappings.items[largest[i]];
		char *name = describe_mapping(view->resident->memory, largest[i]);

		fprintf(term->stream, "  %#-20" PRIx64 "%14s%11s  %s\n", mapping->start,
			human_size((int64_t)resident_get_other(view->resident, largest[i]), size),
			human_size((int64_t)(mapping->end - mapping->start), all), name);
		free(name);
	}
	free(largest);
}

struct warn_context {
	const struct term *term;
};

static void
print_note(void *context, const char *sentence)
{
	view_quality_warn(((struct warn_context *)context)->term, "", sentence);
}

void
view_waterfall_text(const struct term *term, const struct view_waterfall *view)
{
	const struct profile *profile = view->profile;
	char *command = term_escape(*profile->command ? profile->command : profile->executable);
	struct warn_context context = {term};
	char size[HUMAN_BYTES], live[HUMAN_BYTES], count[HUMAN_BYTES], time[HUMAN_BYTES];

	fprintf(term->stream, "%s%s %" PRIu32 "%s, %s: %s resident", term_style(term, TERM_BOLD),
		command, profile->pid, term_style(term, TERM_PLAIN),
		view->summary != NULL ? human_duration(view->summary->time_ns, time) : "now",
		human_size((int64_t)view->resident->memory->resident_after, size));
	if (view->resident->memory->blocks_from != MEMORY_BLOCKS_NONE)
		fprintf(term->stream, ", %s live in %s block%s",
			human_size((int64_t)view->resident->live_bytes, live),
			human_count(view->resident->blocks, count),
			text_plural(view->resident->blocks));
	fputs("\n\n", term->stream);
	free(command);
	print_parts(term, view);
	print_outside(term, view);
	print_told_apart(term, view);
	view_remedy_text(term, view->resident, view->pins != NULL);
	print_regions(term, view);
	if (view->mapped != NULL && view->mapped->list->lines.count != 0)
		view_mapped_text(term, view->mapped, view->rows);
	print_mappings(term, view);
	if (view->pins != NULL)
		view_pins_text(term, view->pins, view->rows);
	view_waterfall_notes(view, print_note, &context);
	view_quality_warnings(term, "", profile);
}
