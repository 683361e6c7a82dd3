/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/waterfall.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/quality.h"
#include "view/remedy.h"

#define NAME_COLUMNS    21
#define SIZE_COLUMNS    11
#define PERCENT_COLUMNS 7
#define BAR_LEAST       10
#define BAR_MOST        50
#define WIDTH           80 /* of what is no terminal */
#define MAPPINGS        5

/* A drift beyond this share of Rss is worth a sentence. */
#define DRIFT_SHARE 1000

static const struct memory *
get_memory(const struct view_waterfall *view)
{
	return view->resident->memory;
}

static const char *
get_source(const struct view_waterfall *view)
{
	switch (get_memory(view)->blocks_from) {
	case MEMORY_BLOCKS_TABLE:
		return "table";
	case MEMORY_BLOCKS_RECORDING:
		return "recording";
	case MEMORY_BLOCKS_SUMMARY:
		return "summary";
	default:
		return "none";
	}
}

/* --- sentences --- */

static const char *
explain_unseen(enum memory_unseen unseen)
{
	static const char *const sentences[] = {
		[MEMORY_ALL_SEEN] = NULL,
		[MEMORY_UNSEEN_FORKED] =
			"a forked child: the blocks that it has from its parent are not known, so "
			"what is free cannot be told from them",
		[MEMORY_UNSEEN_PAUSED] =
			"recording was off or paused for some time: blocks of then are not known, "
			"so what is free cannot be told from them",
		[MEMORY_UNSEEN_NEW] =
			"operator new is the allocator's own and was not seen: blocks are missing, "
			"so what is free cannot be told from them",
		[MEMORY_UNSEEN_MALLOC] =
			"the program's own malloc was not seen: its heap is among [heap] and other "
			"anonymous memory",
		[MEMORY_UNSEEN_LOST] =
			"not all blocks found a place in the tables, so what is free cannot be "
			"told from those",
		[MEMORY_UNSEEN_TABLE] =
			"the memory of the process may not be read, and single blocks were not "
			"recorded: of the heap only its size is known, and what malloc has outside "
			"[heap] is among other anonymous memory",
	};

	return sentences[unseen];
}

static char *
explain_drift(const struct resident *resident)
{
	uint64_t drift =
		resident->drift < 0 ? -(uint64_t)resident->drift : (uint64_t)resident->drift;
	uint64_t before = resident->memory->resident_before;
	char first[HUMAN_BYTES], second[HUMAN_BYTES], change[HUMAN_BYTES];

	if (drift <= resident->memory->resident_after / DRIFT_SHARE)
		return NULL;
	return xasprintf("the process went on while it was read: Rss was %s before and %s after, "
			 "the pages that were seen are %s off",
			 human_size((int64_t)before, first),
			 human_size((int64_t)resident->memory->resident_after, second),
			 human_size_change(resident->drift, change));
}

static void
tell(const struct view_waterfall *view, view_quality_tell *tell_one, void *context)
{
	const struct memory *memory = get_memory(view);
	char *drift = explain_drift(view->resident);

	if (explain_unseen(memory->unseen) != NULL)
		tell_one(context, explain_unseen(memory->unseen));
	if (memory->blocks_from == MEMORY_BLOCKS_RECORDING)
		tell_one(context,
			 "the memory of the process may not be read: blocks are those of the "
			 "recording, and glibc's headers and arenas are not told apart");
	if (memory->misses_owned)
		tell_one(context, "not all calls of mmap could be seen: some of what the program "
				  "maps by itself is among other anonymous memory");
	if (memory->lost_owned != 0)
		tell_one(context, "some calls of mmap or munmap were not noted, for want of room "
				  "or because they interrupted another one: names of mapped memory "
				  "may be wrong");
	if (drift != NULL)
		tell_one(context, drift);
	free(drift);
}

/* --- text --- */

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

static size_t
find_largest(const struct view_waterfall *view, size_t **ret_mappings)
{
	size_t limit = view->rows != 0 ? view->rows : get_memory(view)->mappings.count;

	*ret_mappings = xcalloc(limit + 1, sizeof(**ret_mappings));
	return resident_get_largest(view->resident, limit, *ret_mappings);
}

static void
print_mappings(const struct term *term, const struct view_waterfall *view)
{
	size_t *largest, count = find_largest(view, &largest);
	char size[HUMAN_BYTES], all[HUMAN_BYTES];

	if (count != 0)
		fprintf(term->stream, "\n  %-16s%18s%11s\n", "other anonymous", "resident", "of");
	for (size_t i = 0; i < count; i++) {
		const struct memory_mapping *mapping =
			&get_memory(view)->mappings.items[largest[i]];
		char *name = describe_mapping(get_memory(view), largest[i]);

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
		human_size((int64_t)get_memory(view)->resident_after, size));
	if (get_memory(view)->blocks_from != MEMORY_BLOCKS_NONE)
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
	tell(view, print_note, &context);
	view_quality_warnings(term, "", profile);
}

/* --- JSON --- */

static void
write_regions(struct json_writer *json, const struct resident *resident)
{
	json_writer_begin_array(json, "regions");
	for (unsigned kind = 0; kind < MEMORY_REGION_KINDS; kind++) {
		const struct resident_regions *all = &resident->regions[kind];

		if (all->count == 0)
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_string(json, "name", memory_region_name(kind));
		json_writer_unsigned(json, "region_count", all->count);
		json_writer_unsigned(json, "size_bytes", all->size);
		json_writer_unsigned(json, "resident_bytes", all->resident);
		json_writer_unsigned(json, "live_bytes", all->parts[RESIDENT_LIVE]);
		json_writer_unsigned(json, "rounding_bytes", all->parts[RESIDENT_ROUNDING]);
		json_writer_unsigned(json, "header_bytes", all->parts[RESIDENT_HEADERS]);
		json_writer_unsigned(json, "pinned_bytes", all->parts[RESIDENT_PINNED]);
		json_writer_unsigned(json, "free_page_bytes", all->parts[RESIDENT_KEPT]);
		json_writer_unsigned(json, "unseen_bytes", all->parts[RESIDENT_UNSEEN]);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_mappings(struct json_writer *json, const struct view_waterfall *view)
{
	size_t *largest, count = find_largest(view, &largest);

	json_writer_begin_array(json, "other_mappings");
	for (size_t i = 0; i < count; i++) {
		const struct memory_mapping *mapping =
			&get_memory(view)->mappings.items[largest[i]];

		json_writer_begin_object(json, NULL);
		json_writer_hex(json, "address", mapping->start);
		json_writer_unsigned(json, "size_bytes", mapping->end - mapping->start);
		json_writer_unsigned(json, "resident_bytes",
				     resident_get_other(view->resident, largest[i]));
		json_writer_string(json, "name", mapping->name);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	free(largest);
}

void
view_waterfall_parts_json(struct json_writer *json, const uint64_t *parts)
{
	json_writer_begin_array(json, "parts");
	for (unsigned part = 0; part < RESIDENT_PARTS; part++) {
		json_writer_begin_object(json, NULL);
		json_writer_string(json, "name", resident_part_key(part));
		json_writer_unsigned(json, "resident_bytes", parts[part]);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}

static void
write_numbers(struct json_writer *json, const struct resident *resident)
{
	json_writer_unsigned(json, "resident_bytes", resident->memory->resident_after);
	json_writer_unsigned(json, "resident_before_bytes", resident->memory->resident_before);
	json_writer_unsigned(json, "sum_bytes", resident->sum);
	json_writer_signed(json, "drift_bytes", resident->drift);
	view_waterfall_parts_json(json, resident->parts);
	json_writer_begin_object(json, "not_resident");
	json_writer_unsigned(json, "untouched_bytes", resident->untouched);
	json_writer_unsigned(json, "swapped_live_bytes", resident->swapped_live);
	json_writer_unsigned(json, "swapped_bytes", resident->swapped);
	json_writer_unsigned(json, "hugetlb_bytes", resident->hugetlb);
	json_writer_unsigned(json, "zero_page_bytes", resident->zero);
	json_writer_end_object(json);
	json_writer_begin_object(json, "told_apart");
	json_writer_unsigned(json, "huge_page_bytes", resident->huge);
	json_writer_unsigned(json, "lazy_free_bytes", resident->lazy_free);
	json_writer_unsigned(json, "heap_lazy_free_bytes", resident->heap_lazy_free);
	json_writer_unsigned(json, "merged_bytes", resident->merged);
	json_writer_unsigned(json, "main_stack_bytes", resident->main_stack);
	json_writer_unsigned(json, "inherited_shared_bytes", resident->inherited_shared);
	json_writer_end_object(json);
}

void
view_waterfall_json(const struct term *term, const struct view_waterfall *view)
{
	struct json_writer json;

	view_json_begin(&json, term->stream, "resident");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_seconds(&json, "time_seconds",
			    view->summary != NULL ? view->summary->time_ns
						  : view->at.moment->time_ns);
	write_numbers(&json, view->resident);
	json_writer_string(&json, "blocks_from", get_source(view));
	json_writer_bool(&json, "pagemap_scan", get_memory(view)->scanned);
	json_writer_unsigned(&json, "live_blocks", view->resident->blocks);
	json_writer_unsigned(&json, "live_bytes", view->resident->live_bytes);
	write_regions(&json, view->resident);
	write_mappings(&json, view);
	if (view->mapped != NULL)
		view_mapped_json(&json, view->mapped, view->rows);
	view_remedy_json(&json, view->resident);
	if (view->pins != NULL)
		view_pins_json(&json, view->pins, view->rows);
	json_writer_begin_array(&json, "notes");
	tell(view, view_json_sentence, &json);
	json_writer_end_array(&json);
	view_quality_troubles_json(&json, view->profile);
	json_writer_end_object(&json);
}

/* --- CSV --- */

/* The parts add up with the drift to the total. */
void
view_waterfall_csv(const struct term *term, const struct view_waterfall *view)
{
	const struct resident *resident = view->resident;
	const struct {
		const char *name;
		uint64_t bytes;
	} outside[] = {
		{"untouched", resident->untouched}, {"swapped_live", resident->swapped_live},
		{"swapped", resident->swapped},     {"hugetlb", resident->hugetlb},
		{"zero_page", resident->zero},
	};

	fputs("kind,name,bytes\n", term->stream);
	for (unsigned part = 0; part < RESIDENT_PARTS; part++)
		fprintf(term->stream, "part,%s,%" PRIu64 "\n", resident_part_key(part),
			resident->parts[part]);
	fprintf(term->stream, "part,drift,%" PRId64 "\n", resident->drift);
	fprintf(term->stream, "total,resident,%" PRIu64 "\n", resident->memory->resident_after);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		fprintf(term->stream, "not_resident,%s,%" PRIu64 "\n", outside[i].name,
			outside[i].bytes);
	if (view->mapped != NULL)
		view_mapped_csv(term->stream, view->mapped, view->rows);
	if (view->pins != NULL)
		view_pins_csv(term->stream, view->pins, view->rows);
}
