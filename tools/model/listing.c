/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/listing.h"

#include <stdbool.h>
#include <stdlib.h>

#include "model/group_blocks.h"
#include "util/array.h"
#include "util/xalloc.h"

const char *const listing_order_names[] = {
	[LISTING_BY_AGE] = "age",
	[LISTING_BY_SIZE] = "size",
	[LISTING_BY_ADDRESS] = "address",
	NULL,
};

/* What is chosen so far: with a limit a heap, the last one in the order on top. */
struct choice {
	const struct block *blocks;
	enum listing_order order;
	size_t rows;
	ARRAY(uint32_t) chosen;
};

/* Whether block a comes before block b. Indices are in the order of addresses. */
static bool
is_before(const struct choice *choice, uint32_t a, uint32_t b)
{
	const struct block *left = &choice->blocks[a], *right = &choice->blocks[b];

	if (choice->order == LISTING_BY_AGE && left->birth != right->birth)
		return left->birth < right->birth;
	if (choice->order == LISTING_BY_SIZE && left->bytes != right->bytes)
		return left->bytes > right->bytes;
	return a < b;
}

static int
compare(const void *a, const void *b, void *context)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	if (left == right)
		return 0;
	return is_before(context, left, right) ? -1 : 1;
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t saved = *a;

	*a = *b;
	*b = saved;
}

static void
sift_up(struct choice *choice)
{
	uint32_t *heap = choice->chosen.items;

	for (size_t i = choice->chosen.count - 1; i > 0;) {
		size_t parent = (i - 1) / 2;

		if (!is_before(choice, heap[parent], heap[i]))
			return;
		swap(&heap[parent], &heap[i]);
		i = parent;
	}
}

static void
sift_down(struct choice *choice)
{
	uint32_t *heap = choice->chosen.items;
	size_t count = choice->chosen.count;

	for (size_t i = 0, child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && is_before(choice, heap[child], heap[child + 1]))
			child++;
		if (!is_before(choice, heap[i], heap[child]))
			return;
		swap(&heap[i], &heap[child]);
	}
}

static void
choose(struct choice *choice, uint32_t index)
{
	if (choice->rows == 0) {
		*array_push(&choice->chosen) = index;
	} else if (choice->chosen.count < choice->rows) {
		*array_push(&choice->chosen) = index;
		sift_up(choice);
	} else if (is_before(choice, index, choice->chosen.items[0])) {
		choice->chosen.items[0] = index;
		sift_down(choice);
	}
}

void
listing_init(struct listing *listing, const struct profile *profile,
	     const struct attribution *attribution, enum listing_order order, size_t rows)
{
	const struct block_set *set = &profile->blocks;
	uint64_t now_ns = profile->moments[profile->moment_count - 1].time_ns;
	struct choice choice = {.blocks = set->blocks, .order = order, .rows = rows};
	struct group_marks marks;

	*listing = (struct listing){.profile = profile};
	group_marks_init(&marks, profile);
	for (size_t i = 0; i < set->count && i < UINT32_MAX; i++) {
		const struct block *block = &set->blocks[i];
		struct filter_block described;
		struct attribution_site site;

		attribution_get_site(attribution, profile->sites[block->site], &site);
		group_describe_block(block, &marks, now_ns, &described);
		if (!attribution_keep(attribution, &site, &described))
			continue;
		listing->all++;
		listing->all_bytes += block->bytes;
		listing->all_usable += block_get_usable(block);
		choose(&choice, (uint32_t)i);
	}
	group_marks_release(&marks);
	if (choice.chosen.count > 1 && (rows != 0 || order != LISTING_BY_ADDRESS))
		qsort_r(choice.chosen.items, choice.chosen.count, sizeof(uint32_t), compare,
			&choice);
	listing->blocks = choice.chosen.items;
	listing->count = choice.chosen.count;
}

void
listing_release(struct listing *listing)
{
	free(listing->blocks);
	*listing = (struct listing){0};
}
