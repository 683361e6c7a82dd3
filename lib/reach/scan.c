/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/hash.h"
#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "reach/pointer.h"

#define WORD       sizeof(uint64_t)
#define COPY_BYTES ((size_t)256 << 10)
#define LARGE_BYTES \
	((uint64_t)256 << 10) /* of a block: it may have pages that nobody has touched */

#define SHARED_MOST ((uint64_t)1 << 30) /* of a file: one that is larger is not read */
#define HUGE_BYTES  ((uint64_t)2 << 20)

/* /proc/self/pagemap: the page is in memory, or in swap. */
#define PAGE_IS_THERE ((uint64_t)3 << 62)

void
scan_open(struct scan *scan, uint64_t deadline_ns)
{
	scan->pagemap = os_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
	scan->deadline_ns = deadline_ns;
}

int
scan_init(struct scan *scan, const struct nodes *nodes, const struct memory_map *map,
	  struct graph_writer *writer, uint64_t *first)
{
	scan->nodes = nodes;
	scan->map = map;
	scan->writer = writer;
	scan->first = first;
	scan->copy = os_map(COPY_BYTES, false);
	return scan->copy != NULL ? 0 : -ENOMEM;
}

void
scan_release(struct scan *scan)
{
	if (scan->copy != NULL)
		os_unmap(scan->copy, COPY_BYTES);
	far_places_release(&scan->far);
	if (scan->pagemap >= 0)
		os_close(scan->pagemap);
}

/* --- edges --- */

static void
put_edge(struct scan *scan, const struct scan_candidate *candidate, enum graph_pointer pointer)
{
	const struct graph_block *block = &scan->nodes->blocks[candidate->block];
	uint64_t offset = candidate->word - block->start;
	struct graph_edge edge = {
		.target = (uint32_t)candidate->block,
		.pointer = (uint32_t)pointer & 7,
		.offset = offset < GRAPH_OFFSET_MAX ? (uint32_t)offset & 0xff : GRAPH_OFFSET_MAX,
		.word = candidate->place < GRAPH_WORD_MAX
				? (uint32_t)candidate->place & GRAPH_WORD_MAX
				: GRAPH_WORD_MAX,
	};

	if (offset >= GRAPH_OFFSET_MAX || candidate->place >= GRAPH_WORD_MAX)
		far_places_insert(&scan->far, scan->edge_count, offset, candidate->place);

	while (scan->written_source < candidate->source)
		scan->first[++scan->written_source] = scan->edge_count;
	scan->edge_count++;
	graph_writer_put(scan->writer, &edge, sizeof edge);
}

/* The bins of glibc's allocator, and its top, point at chunks that are free. The head of one begins
 * in the last word of the block in front of it. */
static bool
is_free_head(const struct graph_block *block, uint64_t word, uint64_t bytes)
{
	return bytes > 16 && bytes % 16 >= 1 && bytes % 16 <= 8 &&
	       word == block->start + bytes / 16 * 16;
}

/* Blocks come in ascending order, so that it is the same mapping most times. */
static bool
can_read(struct scan *scan, uint64_t start, uint64_t end)
{
	const struct mapping *mapping = scan->last_mapping;

	if (mapping != NULL && start >= mapping->start && end <= mapping->end)
		return true;
	if (!memory_map_can_read(scan->map, start, end))
		return false;
	mapping = memory_map_find(scan->map, start);
	if (end <= mapping->end)
		scan->last_mapping = mapping;
	return true;
}

static enum graph_pointer
classify(struct scan *scan, const struct graph_block *block, uint64_t word)
{
	if (word == block->start)
		return GRAPH_POINTER_START;
	if (!can_read(scan, block->start, block->start + nodes_get_bytes(block)))
		return GRAPH_POINTER_INTERIOR;
	return pointer_classify(scan->map, block, word);
}

static void
resolve(struct scan *scan, const struct scan_candidate *candidate)
{
	const struct graph_block *block;
	uint64_t bytes;

	if (candidate->block == NODES_NONE)
		return;
	block = &scan->nodes->blocks[candidate->block];
	bytes = nodes_get_bytes(block);
	if (candidate->word - block->start >= (bytes != 0 ? bytes : 1) ||
	    candidate->source == candidate->block ||
	    (scan->is_allocators && is_free_head(block, candidate->word, bytes)))
		return;
	put_edge(scan, candidate, classify(scan, block, candidate->word));
}

static void
look_up(struct scan *scan)
{
	const struct nodes *nodes = scan->nodes;

	for (uint32_t i = 0; i < scan->used; i++) {
		scan->batch[i].near = nodes_find_place(nodes, scan->batch[i].word);
		__builtin_prefetch(scan->batch[i].near);
	}
	for (uint32_t i = 0; i < scan->used; i++) {
		struct scan_candidate *candidate = &scan->batch[i];

		candidate->block = nodes_guess_before(nodes, candidate->near, candidate->word);
		if (candidate->block != NODES_NONE)
			__builtin_prefetch(&nodes->blocks[candidate->block]);
	}
	for (uint32_t i = 0; i < scan->used; i++) {
		struct scan_candidate *candidate = &scan->batch[i];

		candidate->block = nodes_find_before(nodes, candidate->block, candidate->word);
		resolve(scan, candidate);
	}
	scan->used = 0;
}

static void
consider(struct scan *scan, uint64_t word, uint64_t place)
{
	struct scan_candidate *candidate = &scan->batch[scan->used++];

	candidate->word = word;
	candidate->source = scan->source;
	candidate->place = place;
	if (scan->used == SCAN_BATCH)
		look_up(scan);
}

/* What word number `place` of its source adds to the sum. The factor is odd, so that no change of a
 * word is without one of the sum. */
static inline uint64_t
weigh(uint64_t word, uint64_t place)
{
	return word * (2 * place + 1);
}

/* The same of four in a row. */
static inline uint64_t
weigh_four(const uint64_t *words, uint64_t place)
{
	return weigh(words[0] + words[1] + words[2] + words[3], place) +
	       2 * (words[1] + 2 * words[2] + 3 * words[3]);
}

static ALWAYS_INLINE void
scan_run(struct scan *scan, const uint64_t *words, size_t count, uint64_t place, bool sums)
{
	const uint64_t low = scan->nodes->low, span = scan->nodes->span;
	uint64_t sum = 0;
	size_t i = 0;

	for (; i + 4 <= count; i += 4) {
		bool none = (words[i] - low >= span) & (words[i + 1] - low >= span) &
			    (words[i + 2] - low >= span) & (words[i + 3] - low >= span);

		if (sums)
			sum += weigh_four(words + i, place + i);
		if (likely(none))
			continue;
		for (size_t j = i; j < i + 4; j++)
			if (words[j] - low < span)
				consider(scan, words[j], place + j);
	}
	for (; i < count; i++) {
		if (sums)
			sum += weigh(words[i], place + i);
		if (words[i] - low < span)
			consider(scan, words[i], place + i);
	}
	scan->sum += sum;
}

void
scan_words(struct scan *scan, const uint64_t *words, size_t count, uint64_t place)
{
	scan->read_bytes += count * WORD;
	if (scan->key != 0)
		scan_run(scan, words, count, place, true);
	else
		scan_run(scan, words, count, place, false);
}

uint16_t
scan_take_sum(struct scan *scan)
{
	uint64_t sum = scan->sum + scan->key * HASH_MULTIPLIER;

	scan->sum = 0;
	/* Both halves of the words and of the key have to come to the upper end. */
	sum = (sum ^ sum >> 32) * HASH_MULTIPLIER;
	sum = (sum ^ sum >> 29) * HASH_MULTIPLIER;
	return (uint16_t)(sum >> 48);
}

void
scan_begin_source(struct scan *scan, uint32_t source)
{
	/* What waits is still looked up in the order of the sources; but whose pointers at free
	 * chunks are to be ignored is known now only. */
	if (scan->is_allocators)
		look_up(scan);
	scan->source = source;
}

void
scan_finish(struct scan *scan, uint32_t source_count)
{
	look_up(scan);
	while (scan->written_source < source_count)
		scan->first[++scan->written_source] = scan->edge_count;
}

/* --- memory --- */

/* Some pages from start on; whether the first of them are there, and how many are like it. */
static uint64_t
count_like_pages(struct scan *scan, uint64_t start, uint64_t end, bool *ret_is_there)
{
	static uint64_t flags[512];
	uint64_t pages = (end - start + PAGE_BYTES - 1) / PAGE_BYTES, count = 1;
	long wanted;

	if (pages > sizeof flags / sizeof *flags)
		pages = sizeof flags / sizeof *flags;
	wanted = (long)(pages * sizeof *flags);
	*ret_is_there = true;
	if (scan->pagemap < 0 || os_read_at(scan->pagemap, flags, (size_t)wanted,
					    start / PAGE_BYTES * sizeof *flags) != wanted)
		return pages;
	*ret_is_there = (flags[0] & PAGE_IS_THERE) != 0;
	while (count < pages && ((flags[count] & PAGE_IS_THERE) != 0) == *ret_is_there)
		count++;
	return count;
}

bool
scan_goes_on(struct scan *scan)
{
	if (scan->error == 0 && scan->check != NULL &&
	    scan->read_bytes - scan->checked_bytes >= SCAN_CHECK_BYTES) {
		scan->checked_bytes = scan->read_bytes;
		scan->error = scan->check();
	}
	return scan->error == 0;
}

/* The same of memory of which nothing may be read for long. */
static bool
goes_on_in_time(struct scan *scan)
{
	if (scan->error == 0 && scan->deadline_ns != 0 && os_monotonic_ns() > scan->deadline_ns)
		scan->error = -ETIMEDOUT;
	return scan_goes_on(scan);
}

/* A copy of what may end in a file that was shortened, or in a guard page. */
static void
scan_copied(struct scan *scan, uint64_t start, uint64_t end, uint64_t place)
{
	while (start < end && goes_on_in_time(scan)) {
		uint64_t bytes = end - start < COPY_BYTES ? end - start : COPY_BYTES;

		if (!os_copy_memory((const void *)start, scan->copy, bytes)) {
			/* Some of it, page by page. */
			bytes = PAGE_BYTES - start % PAGE_BYTES;
			if (bytes > end - start)
				bytes = end - start;
			if (!os_copy_memory((const void *)start, scan->copy, bytes)) {
				scan->has_failed = true;
				memset(scan->copy, 0, bytes);
			}
		}
		scan_words(scan, (const uint64_t *)(const void *)scan->copy, bytes / WORD, place);
		start += bytes;
		place += bytes / WORD;
	}
}

static void
scan_present(struct scan *scan, uint64_t start, uint64_t end, uint64_t place, bool copies)
{
	while (start < end && goes_on_in_time(scan)) {
		uint64_t page = page_of(start), stop;
		bool is_there;

		stop = page + count_like_pages(scan, page, end, &is_there) * PAGE_BYTES;
		if (stop > end)
			stop = end;
		if (is_there && copies)
			scan_copied(scan, start, stop, place);
		else if (is_there)
			scan_words(scan, (const uint64_t *)start, (stop - start) / WORD, place);
		place += (stop - start) / WORD;
		start = stop;
	}
}

/* Of memory that others may have touched: what is in nobody's memory was never written. */
static void
scan_shared(struct scan *scan, uint64_t start, uint64_t end, uint64_t place)
{
	static unsigned char pages[4096];

	while (start < end && goes_on_in_time(scan)) {
		uint64_t first = page_of(start), stop = end;
		size_t count, like = 1;

		if (stop - first > sizeof pages * PAGE_BYTES)
			stop = first + sizeof pages * PAGE_BYTES;
		count = (stop - first + PAGE_BYTES - 1) / PAGE_BYTES;
		if (!os_resident((const void *)first, stop - first, pages)) {
			scan->has_failed = true;
			memset(pages, 0, count);
		}
		for (size_t i = 0; i < count; i += like) {
			uint64_t from = first + i * PAGE_BYTES, to;

			for (like = 1; i + like < count && (pages[i + like] & 1) == (pages[i] & 1);)
				like++;
			to = from + like * PAGE_BYTES;
			from = from < start ? start : from;
			to = to > stop ? stop : to;
			if ((pages[i] & 1) != 0)
				scan_copied(scan, from, to, place + (from - start) / WORD);
		}
		place += (stop - start) / WORD;
		start = stop;
	}
}

/* Of huge pages mincore(2) knows this process's page table alone, which a copy starts without: all
 * would be holes. One small page never comes with its neighbour. */
static bool
is_huge(const struct mapping *mapping)
{
	const char *start = (const char *)mapping->start;
	unsigned char pages[2];
	char byte;

	if (((mapping->start | mapping->end) & (HUGE_BYTES - 1)) != 0 ||
	    !os_resident(start, sizeof pages * PAGE_BYTES, pages) ||
	    ((pages[0] | pages[1]) & 1) != 0)
		return false;
	return os_copy_memory(start, &byte, 1) &&
	       os_resident(start, sizeof pages * PAGE_BYTES, pages) && (pages[1] & 1) != 0;
}

/* Whether it is known which pages of it were ever written. Asked once: that may touch a page. */
static bool
knows_holes(struct scan *scan, const struct mapping *mapping)
{
	unsigned char first;

	if (scan->asked_mapping == mapping)
		return scan->knows_holes;
	scan->asked_mapping = mapping;
	scan->knows_holes =
		!os_has_swapped() && os_resident((const void *)mapping->start, 1, &first) &&
		(mapping->is_memory ||
		 (mapping->is_file && os_is_in_memory(scan->map->text + mapping->name))) &&
		!is_huge(mapping);
	return scan->knows_holes;
}

void
scan_memory(struct scan *scan, uint64_t start, uint64_t end, uint64_t place,
	    const struct mapping *mapping)
{
	start = round_up(start, WORD);
	end &= ~(uint64_t)(WORD - 1);
	if (start >= end)
		return;
	if (!mapping->is_shared)
		scan_present(scan, start, end, place, true);
	else if (knows_holes(scan, mapping))
		scan_shared(scan, start, end, place);
	else if (mapping->is_file && mapping->end - mapping->start > SHARED_MOST)
		scan->has_failed = true;
	else
		scan_copied(scan, start, end, place);
}

bool
scan_block(struct scan *scan, const struct graph_block *block)
{
	uint64_t start = round_up(block->start, WORD);
	uint64_t end = (block->start + nodes_get_bytes(block)) & ~(uint64_t)(WORD - 1);

	if (start >= end)
		return false;
	if (!can_read(scan, start, end)) {
		scan_copied(scan, start, end, 0);
		return false;
	}
	if (end - start >= LARGE_BYTES)
		scan_present(scan, start, end, 0, false);
	else
		scan_words(scan, (const uint64_t *)start, (end - start) / WORD, 0);
	return true;
}
