/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record_mapping.h"

#include "capture/unwind_rules.h"
#include "process.h"
#include "recording/recording_map.h"
#include "request.h"

static uint32_t domain; /* its frame; 0 until it is needed */

uint32_t
record_mapping_frame(void)
{
	uint32_t frame = load(&domain);

	if (likely(frame != FRAME_NONE))
		return frame;
	frame = unwind_rules_add_frame(FRAME_KIND_DOMAIN, RECORDING_MMAP_DOMAIN, "mmap");
	if (frame == FRAME_NONE)
		return FRAME_TRACKED;
	store(&domain, frame);
	return frame;
}

/* Whose the pages were that it gave; SITE_NONE if nobody's, or of before a clearing. */
static uint32_t
site_before(const struct mapping_removal *from)
{
	uint32_t site = from != NULL && from->count != 0 ? from->pieces[0].site : SITE_NONE;

	return site >= recording_site_base() ? site : SITE_NONE;
}

/* Where recording is paused nobody's name is noted, but pages that move keep theirs. */
void
record_mapping_insert(struct thread *t, const struct mapping_removal *from, const void *address,
		      size_t bytes, const struct caller *caller)
{
	bool paused = unlikely(recording_wants_attention()) && !request_attend();
	uint32_t site = site_before(from);

	if (!paused && (site == SITE_NONE || recording.header->realloc_origin == 0))
		site = record_site(t, record_mapping_frame(), caller);
	mapping_table_insert(address, bytes, site);
}

COLD void
record_mapping_nested_insert(const struct mapping_removal *from, const void *address, size_t bytes)
{
	uint32_t site = site_before(from);

	if (!process_is_ready())
		return;
	if (site == SITE_NONE && request_goes_on())
		site = recording_fixed_site(FIXED_SITE_NESTED);
	mapping_table_insert(address, bytes, site);
}

void
record_mapping_forget(const void *address, size_t bytes)
{
	if (process_is_ready())
		mapping_table_insert(address, bytes, SITE_NONE);
}

void
record_mapping_remove(const void *address, size_t bytes, struct mapping_removal *ret_removal)
{
	if (process_is_ready())
		mapping_table_remove(address, bytes, ret_removal);
	else
		ret_removal->count = 0;
}

void
record_mapping_restore(const struct mapping_removal *removal)
{
	if (process_is_ready())
		mapping_table_restore(removal);
}

void
record_mapping_reset(void)
{
	domain = FRAME_NONE;
}
