/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/remedy.h"

#include <stdio.h>

#include "model/remedy.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"

static const char *const costs[REMEDY_KINDS] = {
	[REMEDY_MMAP_THRESHOLD] =
		"large blocks get mappings of their own again, which costs a call "
		"and page faults for each",
	[REMEDY_TRIM_THRESHOLD] =
		"the ends of arenas are given back again, which costs page faults",
	[REMEDY_DECAY] = "pages are given back at once, which costs page faults",
};

/* What happens now, without a setting. */
static void
print_now(const struct term *term, const struct resident *resident, const struct remedy *remedy)
{
	char size[HUMAN_BYTES], tops[HUMAN_BYTES];

	if (!remedy->is_known) {
		fprintf(term->stream,
			"returns       at most %s of free pages; how this allocator returns them "
			"is "
			"not known\n",
			human_size((int64_t)remedy->at_most, size));
		return;
	}
	if (resident->memory->has_chunks) {
		fprintf(term->stream, "returns       %s by malloc_trim(0) now",
			human_size((int64_t)remedy->trim, size));
		if (remedy->tops != 0)
			fprintf(term->stream, "; %s at the ends of arenas stay",
				human_size((int64_t)remedy->tops, tops));
	} else {
		fprintf(term->stream,
			"returns       %s by decay, pages in no slab with a live block; "
			"malloc_trim(3) "
			"returns nothing",
			human_size((int64_t)remedy->decay, size));
	}
	fputc('\n', term->stream);
}

/* What no call and no setting gives back. */
static void
print_pinned(const struct term *term, const struct resident *resident, bool has_pins)
{
	uint64_t bytes = resident->parts[RESIDENT_PINNED];
	char size[HUMAN_BYTES];

	if (!remedy_is_worth(resident, bytes))
		return;
	fprintf(term->stream,
		"pinned        %s stay with the blocks on their pages, whatever is set: %s\n",
		human_size((int64_t)bytes, size),
		has_pins ? "the lines are below" : "--pins names the lines");
}

static void
print_free(const struct term *term, const struct resident *resident)
{
	struct remedy remedy;
	char size[HUMAN_BYTES];

	remedy_init(&remedy, resident);
	print_now(term, resident, &remedy);
	for (unsigned kind = REMEDY_TRIM + 1; kind < REMEDY_KINDS; kind++) {
		uint64_t bytes = remedy_get_bytes(&remedy, resident, kind);

		if (bytes != 0)
			fprintf(term->stream,
				"advice        about %s in the next run with %s: %s\n",
				human_size((int64_t)bytes, size), remedy_get_advice(kind),
				costs[kind]);
	}
}

void
view_remedy_text(const struct term *term, const struct resident *resident, bool has_pins)
{
	if (resident->memory->blocks_from == MEMORY_BLOCKS_SUMMARY ||
	    resident->memory->unseen != MEMORY_ALL_SEEN)
		return;
	if (resident->parts[RESIDENT_KEPT] != 0)
		print_free(term, resident);
	print_pinned(term, resident, has_pins);
}

void
view_remedy_json(struct json_writer *json, const struct resident *resident)
{
	struct remedy remedy;

	remedy_init(&remedy, resident);
	json_writer_begin_array(json, "remedies");
	for (unsigned kind = 0; kind < REMEDY_KINDS; kind++) {
		uint64_t bytes = remedy_get_bytes(&remedy, resident, kind);

		if (bytes == 0)
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_string(json, "advice", remedy_get_advice(kind));
		json_writer_bool(json, "is_now", kind == REMEDY_TRIM);
		json_writer_unsigned(json, "returned_bytes", bytes);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}
