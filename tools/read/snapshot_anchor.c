/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_anchor.c - the anchor is among the variables of the runtime, whose file has a name;
 * where a core has no names, it is looked for in all variables
 */
#include "config.h"
#include "read/snapshot_anchor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "image/image.h"
#include "read/snapshot_process.h"
#include "util/text.h"
#include "util/xalloc.h"

#define LIBRARY     "libheaptally.so"
#define RANGES_MOST (1u << 16)

static bool
may_be_the_library(const struct image_mapping *mapping, bool by_name)
{
	if (!mapping->writable || !mapping->readable || mapping->is_device)
		return false;
	return !by_name || text_starts_with(text_base_name(mapping->object), LIBRARY);
}

static bool
find_in(const struct image *image, const struct image_mapping *mapping, struct anchor *ret_anchor,
	uint64_t *ret_address)
{
	uint8_t bytes[IMAGE_PAGE_BYTES];

	for (uint64_t page = mapping->start; page < mapping->known_end; page += sizeof(bytes)) {
		if (image_read(image, page, bytes, sizeof(bytes)) != sizeof(bytes))
			continue;
		for (size_t at = 0; at < sizeof(bytes); at += ANCHOR_ALIGNMENT) {
			if (memcmp(bytes + at, ANCHOR_MAGIC, sizeof(ret_anchor->magic)) != 0)
				continue;
			*ret_address = page + at;
			return image_peek(image, page + at, ret_anchor, sizeof(*ret_anchor));
		}
	}
	return false;
}

static bool
search(const struct image *image, bool by_name, struct anchor *ret_anchor, uint64_t *ret_address)
{
	array_each (&image->mappings, mapping)
		if (may_be_the_library(mapping, by_name) &&
		    find_in(image, mapping, ret_anchor, ret_address))
			return true;
	return false;
}

/* A tracer of memory that cannot say which is its own would count it as the program's. */
static void
take_ranges(const struct image *image, const struct anchor *found, struct snapshot_anchor *anchor)
{
	*array_push(&anchor->own) = (struct memory_range){found->self_start, found->self_end};
	for (uint32_t i = 0; i < found->range_count && i < RANGES_MOST; i++) {
		struct anchor_range range;

		if (!image_peek(image, found->ranges + i * sizeof(range), &range, sizeof(range)))
			break;
		if (range.start != 0 && range.start < range.end && range.kind != ANCHOR_RANGE_LENT)
			*array_push(&anchor->own) = (struct memory_range){range.start, range.end};
	}
}

int
snapshot_anchor_find(const struct image *image, struct snapshot_anchor *ret_anchor)
{
	struct anchor found;
	uint64_t address;

	if (!search(image, true, &found, &address) && !search(image, false, &found, &address))
		return -ENOENT;
	if (found.version != ANCHOR_VERSION)
		return -EPROTO;
	if (found.start_monotonic_ns == 0)
		return -ESRCH;
	*ret_anchor = (struct snapshot_anchor){
		.address = address,
		.pid = found.pid,
		.start_monotonic_ns = found.start_monotonic_ns,
		.start_realtime_ns = found.start_realtime_ns,
		.site_base = found.site_base,
		.is_glibc = found.blocks.size_bits == 0,
		.layout = found.layout,
		.has_unknown_blocks = (found.flags & ANCHOR_UNKNOWN_BLOCKS) != 0,
	};
	take_ranges(image, &found, ret_anchor);
	return 0;
}

void
snapshot_anchor_release(struct snapshot_anchor *anchor)
{
	array_release(&anchor->own);
	*anchor = (struct snapshot_anchor){0};
}

int
snapshot_anchor_read_blocks(const struct image *image, struct snapshot_anchor *anchor,
			    struct memory *memory)
{
	struct anchor found;
	int result;

	if (!image_peek(image, anchor->address, &found, sizeof(found)))
		return -ENODATA;
	result = snapshot_read_table_of_image(image, &found.blocks, memory, &anchor->misses_blocks);
	/* What is not in the image cannot be read. */
	if (result == -EFAULT || result == -EIO)
		return -ENODATA;
	return result;
}
