/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/block.c - what an address belongs to, as text, JSON or CSV
 */
#include "config.h"

#include "view/block.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"
#include "util/xalloc.h"
#include "view/csv.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/place_json.h"
#include "view/quality.h"
#include "view/source_code.h"
#include "view/stack.h"

#define NEAR_BYTES ((uint64_t)1 << 30) /* what is farther off has nothing to do with it */

static uint64_t
get_ns(uint64_t units)
{
	return units << BLOCK_TIME_SHIFT;
}

static uint64_t
get_now_ns(const struct view_block *view)
{
	return view->at.moment->time_ns;
}

static uint64_t
get_lifetime_ns(const struct block_freed *freed)
{
	return freed->death > freed->block.birth
		       ? get_ns((uint64_t)freed->death - freed->block.birth)
		       : 0;
}

static const char *
get_state(const struct view_block *view)
{
	if (view->block != NULL)
		return "live";
	return view->freed != NULL ? "freed" : "unknown";
}

/*** text ***/

/* "is 24 bytes into a block of 100 bytes (104 usable)" */
static void
print_position(const struct term *term, const struct view_block *view, const struct block *block,
	       const char *verb)
{
	uint64_t inside = view->address - block->address;

	fprintf(term->stream, "%s%#" PRIx64 "%s ", term_style(term, TERM_BOLD), view->address,
		term_style(term, TERM_PLAIN));
	if (inside == 0)
		fprintf(term->stream, "%s the start of a block", verb);
	else
		fprintf(term->stream, "%s %" PRIu64 " byte%s into a block", verb, inside,
			text_plural(inside));
	fprintf(term->stream, " of %" PRIu64 " byte%s (%" PRIu64 " usable)", block->bytes,
		text_plural(block->bytes), block_get_usable(block));
}

static void
print_stack(const struct term *term, const struct view_block *view, const struct block *block)
{
	struct view_source_code *source = view_source_code_new(view->profile->start_realtime_ns);

	view_stack_text(
		term, view->attribution->table,
		attribution_get_stack(view->attribution, view->profile->sites[block->site]), source,
		&(struct view_stack_options){.frames = view->frames,
					     .most_recent_last = view->most_recent_last,
					     .full_names = view->full_names,
					     .whole = view->attribution->selection->raw_frames});
	view_stack_warning(term, source);
	view_source_code_free(source);
}

/* "4711 (worker)". To free. */
static char *
format_thread(const struct view_block *view, uint32_t thread)
{
	const char *name = thread_names_find(&view->attribution->threads, thread);
	char *safe, *text;

	if (name == NULL)
		return xasprintf("%" PRIu32, thread);
	safe = term_escape(name);
	text = xasprintf("%" PRIu32 " (%s)", thread, safe);
	free(safe);
	return text;
}

static void
print_live(const struct term *term, const struct view_block *view)
{
	char age[HUMAN_BYTES], birth[HUMAN_BYTES];
	char *thread = format_thread(view, view->block->thread);

	print_position(term, view, view->block, "is");
	fprintf(term->stream, "\nallocated %s ago, at %s, by thread %s\n",
		human_duration(block_get_age_ns(view->block, get_now_ns(view)), age),
		human_duration(get_ns(view->block->birth), birth), thread);
	free(thread);
	print_stack(term, view, view->block);
}

static void
print_freed(const struct term *term, const struct view_block *view)
{
	const struct block_freed *freed = view->freed;
	uint64_t death_ns = get_ns(freed->death), now_ns = get_now_ns(view);
	char ago[HUMAN_BYTES], death[HUMAN_BYTES], lived[HUMAN_BYTES];
	char *by = format_thread(view, freed->thread);
	char *from = format_thread(view, freed->block.thread);

	print_position(term, view, &freed->block, "was");
	fprintf(term->stream, " that is freed\nfreed %s ago, at %s, by thread %s\n",
		human_duration(now_ns > death_ns ? now_ns - death_ns : 0, ago),
		human_duration(death_ns, death), by);
	human_duration(get_lifetime_ns(freed), lived);
	fprintf(term->stream, "lived for %s, allocated by thread %s\n",
		get_lifetime_ns(freed) != 0 ? lived : "a microsecond at most", from);
	free(by);
	free(from);
	print_stack(term, view, &freed->block);
}

static void
print_neighbour(const struct term *term, const char *which, const struct block *block,
		const char *verb, uint64_t distance, const char *side)
{
	if (distance > NEAR_BYTES)
		return;
	fprintf(term->stream,
		"    %s  %#" PRIx64 ", %" PRIu64 " byte%s (%" PRIu64 " usable), %s %" PRIu64
		" byte%s %s\n",
		which, block->address, block->bytes, text_plural(block->bytes),
		block_get_usable(block), verb, distance, text_plural(distance), side);
}

static void
print_nothing(const struct term *term, const struct view_block *view)
{
	fprintf(term->stream, "%s%#" PRIx64 "%s is in no block that lives%s\n",
		term_style(term, TERM_BOLD), view->address, term_style(term, TERM_PLAIN),
		view->only_living ? "; of freed ones a snapshot file knows nothing"
				  : " or is known to have been freed");
	if (view->below != NULL)
		print_neighbour(term, "below", view->below, "ends",
				view->address - view->below->address -
					block_get_usable(view->below),
				"before");
	if (view->above != NULL)
		print_neighbour(term, "above", view->above, "begins",
				view->above->address - view->address, "after");
}

void
view_block_text(const struct term *term, const struct view_block *view)
{
	if (view->block != NULL)
		print_live(term, view);
	else if (view->freed != NULL)
		print_freed(term, view);
	else
		print_nothing(term, view);
	view_quality_warnings(term, "", view->profile);
}

/*** CSV ***/

/* One line besides the titles; what is not known is empty. */
void
view_block_csv(const struct term *term, const struct view_block *view)
{
	FILE *stream = term->stream;
	const struct block *block = view->freed != NULL ? &view->freed->block : view->block;
	struct attribution_site site;

	fputs("address,state,block,inside,bytes,usable_bytes,age_ns,lifetime_ns,thread,"
	      "freed_by_thread,",
	      stream);
	view_csv_place_titles(stream, GROUP_BY_LINE);
	putc('\n', stream);
	fprintf(stream, "0x%" PRIx64 ",%s,", view->address, get_state(view));
	if (block == NULL) {
		fputs(",,,,,,,,,,,,\n", stream);
		return;
	}
	fprintf(stream, "0x%" PRIx64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", block->address,
		view->address - block->address, block->bytes, block_get_usable(block));
	if (view->freed == NULL)
		fprintf(stream, "%" PRIu64 ",,%" PRIu32 ",,",
			block_get_age_ns(block, get_now_ns(view)), (uint32_t)block->thread);
	else
		fprintf(stream, ",%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",",
			get_lifetime_ns(view->freed), (uint32_t)block->thread,
			(uint32_t)view->freed->thread);
	attribution_get_site(view->attribution, view->profile->sites[block->site], &site);
	view_csv_place(stream, place_table_get(view->attribution->table, site.position->place),
		       GROUP_BY_LINE);
	putc('\n', stream);
}

/*** JSON ***/

static void
write_block(struct json_writer *json, const char *key, const struct view_block *view,
	    const struct block *block)
{
	json_writer_begin_object(json, key);
	json_writer_hex(json, "address", block->address);
	json_writer_unsigned(json, "size_bytes", block->bytes);
	json_writer_unsigned(json, "usable_bytes", block_get_usable(block));
	json_writer_seconds(json, "born_seconds", get_ns(block->birth));
	json_writer_unsigned(json, "thread", block->thread);
	json_writer_string(json, "thread_name",
			   thread_names_find(&view->attribution->threads, block->thread));
	view_place_json(json, view->attribution->table,
			attribution_get_stack(view->attribution, view->profile->sites[block->site]),
			GROUP_BY_STACK);
	json_writer_end_object(json);
}

static void
write_nearest(struct json_writer *json, const char *key, const struct block *block)
{
	if (block == NULL) {
		json_writer_null(json, key);
		return;
	}
	json_writer_begin_object(json, key);
	json_writer_hex(json, "address", block->address);
	json_writer_unsigned(json, "size_bytes", block->bytes);
	json_writer_unsigned(json, "usable_bytes", block_get_usable(block));
	json_writer_end_object(json);
}

static void
write_found(struct json_writer *json, const struct view_block *view, const struct block *block)
{
	json_writer_unsigned(json, "offset_bytes", view->address - block->address);
	if (view->block != NULL) {
		json_writer_seconds(json, "age_seconds", block_get_age_ns(block, get_now_ns(view)));
	} else {
		json_writer_seconds(json, "freed_seconds", get_ns(view->freed->death));
		json_writer_unsigned(json, "freed_by_thread", view->freed->thread);
		json_writer_string(
			json, "freed_by_thread_name",
			thread_names_find(&view->attribution->threads, view->freed->thread));
		json_writer_seconds(json, "lifetime_seconds", get_lifetime_ns(view->freed));
	}
	write_block(json, "block", view, block);
}

void
view_block_json(const struct term *term, const struct view_block *view)
{
	struct json_writer json;

	view_json_begin(&json, term->stream, "block");
	view_moment_json(&json, "process", view->profile, &view->at);
	json_writer_hex(&json, "address", view->address);
	json_writer_string(&json, "state", get_state(view));
	if (view->block != NULL)
		write_found(&json, view, view->block);
	else if (view->freed != NULL)
		write_found(&json, view, &view->freed->block);
	write_nearest(&json, "below", view->below);
	write_nearest(&json, "above", view->above);
	view_quality_troubles_json(&json, view->profile);
	json_writer_end_object(&json);
}
