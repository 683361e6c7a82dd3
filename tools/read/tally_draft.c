/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_draft.h"

#include <errno.h>
#include <string.h>

#include "read/tally_format.h"
#include "util/intern.h"
#include "util/varint.h"

/*
 * A profile may take so much memory, and so much more for each byte of the file so far. Moments
 * take the most: each is a table of all sites in memory, and a few dozen bytes in the file when
 * little has changed. `heaptally run` keeps 256 MiB of them at most; then these are 4000 times what
 * was read in the worst case that a program can bring about.
 */
#define MEMORY_FREE_BYTES ((uint64_t)64 << 20)
#define MEMORY_MAX        4096

/* Of a string in the table of them, besides its letters. */
#define STRING_BYTES 80

/* Memory of the profile that is being read. A site may get a place in the table of lifetimes. */
static uint64_t
get_memory(const struct tally_draft *draft)
{
#define TABLE_BYTES(table) ((uint64_t)(table).count * sizeof(*(table).items))
	return TABLE_BYTES(draft->names) + TABLE_BYTES(draft->modules) +
	       TABLE_BYTES(draft->locations) + TABLE_BYTES(draft->frames) +
	       TABLE_BYTES(draft->nodes) + TABLE_BYTES(draft->sites) + TABLE_BYTES(draft->samples) +
	       TABLE_BYTES(draft->marks) + TABLE_BYTES(draft->resident.moments) +
	       TABLE_BYTES(draft->resident.mapped) + TABLE_BYTES(draft->leaks.sites) +
	       TABLE_BYTES(draft->leaks.parts) + TABLE_BYTES(draft->leaks.classes) +
	       TABLE_BYTES(draft->blocks.blocks) + TABLE_BYTES(draft->blocks.buckets) +
	       (uint64_t)draft->sites.count * sizeof(*draft->blocks.lifetimes.items) +
	       draft->values_bytes + draft->text_bytes + draft->leaks.text_bytes;
#undef TABLE_BYTES
}

bool
tally_draft_has_room(const struct tally_draft *draft, uint64_t bytes)
{
	return get_memory(draft) + bytes <= MEMORY_FREE_BYTES + draft->file_bytes * MEMORY_MAX;
}

bool
tally_draft_take_known(struct tally_draft *draft, bool known)
{
	draft->newer |= !known;
	return known;
}

bool
tally_draft_get_flag(struct tally_draft *draft, struct varint_input *input)
{
	bool flag = false;

	tally_draft_take_known(draft, tally_parse_flag(varint_get(input), &flag));
	return flag;
}

const char *
tally_draft_get_text(struct tally_draft *draft, struct varint_input *input)
{
	uint64_t length = varint_get(input);
	const char *text = (const char *)input->next;

	if (length > (size_t)(input->end - input->next) || memchr(text, '\0', length) != NULL) {
		input->bad = true;
		length = 0;
	}
	input->next += length;
	draft->text_bytes += length + STRING_BYTES;
	return intern_insert(draft->profile->strings, text, length);
}

const char *
tally_draft_get_name(struct tally_draft *draft, struct varint_input *input)
{
	uint32_t number = varint_get_32(input);

	if (number > draft->names.count)
		input->bad = true;
	return number == 0 || number > draft->names.count ? NULL : draft->names.items[number - 1];
}

void
tally_draft_release(struct tally_draft *draft)
{
	profile_free(draft->profile);
	draft->profile = NULL;
	array_release(&draft->names);
	array_release(&draft->modules);
	array_release(&draft->locations);
	array_release(&draft->frames);
	array_release(&draft->nodes);
	array_release(&draft->sites);
	array_release(&draft->samples);
	array_release(&draft->marks);
	draft->values_bytes = draft->text_bytes = 0;
	tally_blocks_release(&draft->blocks);
	tally_leaks_release(&draft->leaks);
	tally_resident_release(&draft->resident);
}

#define MOVE_TABLE(draft, table, count_field)                                   \
	do {                                                                    \
		(draft)->profile->table = (draft)->table.items;                 \
		(draft)->profile->count_field = (uint32_t)(draft)->table.count; \
		(draft)->table.items = NULL;                                    \
	} while (0)

int
tally_draft_finish(struct tally_draft *draft, struct profile **ret_profile)
{
	struct profile *profile = draft->profile;
	int result;

	MOVE_TABLE(draft, modules, module_count);
	MOVE_TABLE(draft, locations, location_count);
	MOVE_TABLE(draft, frames, frame_count);
	MOVE_TABLE(draft, nodes, node_count);
	MOVE_TABLE(draft, sites, site_count);
	MOVE_TABLE(draft, samples, sample_count);
	MOVE_TABLE(draft, marks, mark_count);
	tally_leaks_finish(&draft->leaks, profile->site_count, &profile->leaks);
	tally_resident_finish(&draft->resident, profile);
	result = tally_blocks_finish(&draft->blocks, draft->keeps_blocks, profile->site_count,
				     &profile->blocks)
			 ? profile_finish(profile)
			 : -EBADMSG;
	if (result == 0) {
		*ret_profile = profile;
		draft->profile = NULL;
	}
	tally_draft_release(draft);
	return result;
}
