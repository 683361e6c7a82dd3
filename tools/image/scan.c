/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan.c - memory is read in large pieces, in the order of addresses; nearly all words are rejected
 * by one comparison
 */
#include "config.h"
#include "image/scan.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/pointer.h"
#include "util/xalloc.h"

#define WORD         sizeof(uint64_t)
#define BUFFER_BYTES ((size_t)256 << 10)

void
scan_init(struct scan *scan, const struct image *image, const struct graph_node *blocks,
	  size_t count)
{
	*scan = (struct scan){.image = image};
	block_index_init(&scan->index, blocks, count);
	scan->buffer = xmalloc(BUFFER_BYTES);
}

void
scan_release(struct scan *scan)
{
	block_index_release(&scan->index);
	array_release(&scan->arcs);
	array_release(&scan->far);
	free(scan->buffer);
	*scan = (struct scan){0};
}

/* --- words --- */

/* The bins of glibc's allocator, and its top, point at chunks that are free. The head of one begins
 * in the last word of the block in front of it. */
static bool
is_free_head(uint64_t offset, uint64_t bytes)
{
	return bytes > 16 && bytes % 16 >= 1 && bytes % 16 <= 8 && offset == bytes / 16 * 16;
}

static void
put_arc(struct scan *scan, size_t target, uint64_t word, uint64_t place)
{
	const struct graph_node *block = &scan->index.blocks[target];
	uint64_t offset = word - block->start;

	if (offset >= GRAPH_OFFSET_MOST || place >= GRAPH_WORD_MOST)
		*array_push(&scan->far) = (struct graph_far_arc){scan->arcs.count, offset, place};
	*array_push(&scan->arcs) = (struct graph_arc){
		.target = (uint32_t)target,
		.how = (uint32_t)pointer_classify(scan->image, block, word) & 7,
		.offset = offset < GRAPH_OFFSET_MOST ? (uint32_t)offset & 0xff : GRAPH_OFFSET_MOST,
		.word = place < GRAPH_WORD_MOST ? (uint32_t)place & GRAPH_WORD_MOST
						: GRAPH_WORD_MOST,
	};
}

static void
consider(struct scan *scan, uint64_t word, uint64_t place)
{
	size_t target = block_index_find_before(&scan->index, word);
	uint64_t offset, bytes;

	if (target == BLOCK_INDEX_NONE || target == scan->source)
		return;
	offset = word - scan->index.blocks[target].start;
	bytes = graph_get_bytes(&scan->index.blocks[target]);
	/* One without bytes has its first. */
	if (offset < (bytes != 0 ? bytes : 1) &&
	    !(scan->is_allocators && is_free_head(offset, bytes)))
		put_arc(scan, target, word, place);
}

void
scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t place)
{
	const uint64_t low = scan->index.low, span = scan->index.span;

	scan->read_bytes += count * WORD;
	for (size_t i = 0; i < count; i++) {
		/* The factor is odd, so that no change of a word is without one of the sum. */
		scan->sum += words[i] * (2 * (place + i) + 1);
		if (words[i] - low < span)
			consider(scan, words[i], place + i);
	}
}

uint16_t
scan_take_sum(struct scan *scan)
{
	/* 2^64 divided by the golden ratio: the upper bits are well mixed. */
	uint64_t mixed = (scan->sum ^ scan->sum >> 32) * 0x9E3779B97F4A7C15u;

	scan->sum = 0;
	return (uint16_t)(mixed >> 48);
}

/* --- memory --- */

/* Have what begins at `start` in the buffer, or as much as there is of it, with what comes behind
 * it. How much of it that is. */
static uint64_t
fetch(struct scan *scan, uint64_t start, uint64_t end)
{
	if (start < scan->at || end > scan->end) {
		uint64_t most = start + BUFFER_BYTES;
		bool is_there;

		/* What has never been touched is not read for the sake of its neighbours. */
		most = start + image_get_run(scan->image, start, most, &is_there);
		if (most < end)
			most = end < start + BUFFER_BYTES ? end : start + BUFFER_BYTES;
		scan->at = start;
		scan->end = start +
			    image_read(scan->image, start, scan->buffer, (size_t)(most - start));
	}
	return (end < scan->end ? end : scan->end) - start;
}

/* What can be read of it. */
static void
scan_piece(struct scan *scan, uint64_t start, uint64_t end, uint64_t place)
{
	while (start < end) {
		uint64_t got = fetch(scan, start, end) & ~(uint64_t)(WORD - 1), next;

		if (got != 0) {
			scan_words(scan, scan->buffer + (start - scan->at) / WORD,
				   (size_t)(got / WORD), place);
			start += got;
			place += got / WORD;
			continue;
		}
		/* A page cannot be read: those behind it may. */
		next = image_skip(scan->image, start);
		if (next > end)
			next = end;
		scan->missed_bytes += next - start;
		place += (next - start) / WORD;
		start = next;
		scan->at = scan->end = 0;
	}
}

void
scan_memory(struct scan *scan, uint64_t start, uint64_t end, uint64_t place)
{
	start = (start + WORD - 1) & ~(uint64_t)(WORD - 1);
	end &= ~(uint64_t)(WORD - 1);
	while (start < end) {
		bool is_there = true;
		/* Of small pieces it is not worth asking. */
		uint64_t bytes = end - start >= BUFFER_BYTES
					 ? image_get_run(scan->image, start, end, &is_there)
					 : end - start;

		bytes &= ~(uint64_t)(WORD - 1);
		if (is_there)
			scan_piece(scan, start, start + bytes, place);
		start += bytes;
		place += bytes / WORD;
	}
}
