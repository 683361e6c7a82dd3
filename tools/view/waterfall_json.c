/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/waterfall_json.c - where the resident memory of a process is, as JSON
 */
#include "config.h"

#include "view/waterfall.h"

#include <stdlib.h>

#include "util/json_writer.h"
#include "util/term.h"
#include "view/json.h"
#include "view/moment.h"
#include "view/remedy.h"

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
	size_t *largest, count = view_waterfall_find_largest(view, &largest);

	json_writer_begin_array(json, "other_mappings");
	for (size_t i = 0; i < count; i++) {
		const struct memory_mapping *mapping =
			&view->resident->memory->mappings.items[largest[i]];

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

static const char *
get_source(const struct memory *memory)
{
	switch (memory->blocks_from) {
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
	json_writer_string(&json, "blocks_from", get_source(view->resident->memory));
	json_writer_bool(&json, "pagemap_scan", view->resident->memory->scanned);
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
	view_waterfall_notes(view, view_json_sentence, &json);
	json_writer_end_array(&json);
	view_quality_troubles_json(&json, view->profile);
	json_writer_end_object(&json);
}
