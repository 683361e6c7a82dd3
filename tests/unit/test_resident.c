/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_resident.c - pages taken apart on maps made by hand: each byte in one part, whatever was
 * read
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "glibc_heap.h"
#include "model/attribution.h"
#include "model/memory.h"
#include "model/memory_class.h"
#include "model/pin.h"
#include "model/remedy.h"
#include "model/resident.h"
#include "model/resident_look.h"
#include "scratch.h"
#include "util/intern.h"

#define HEAP  UINT64_C(0x500000000000)
#define OTHER UINT64_C(0x7f0000000000)
#define PAGE  UINT64_C(4096)

static struct memory memory;
static struct resident resident;

static void
setup(void)
{
	memory_init(&memory);
	memory.has_chunks = true;
	memory.flags_stacks = true;
	memory.threads = 2;
}

static void
teardown(void)
{
	memory_release(&memory);
}

static struct memory_mapping *
map(uint64_t start, uint64_t pages, const char *permissions, const char *name, uint32_t flags)
{
	struct memory_mapping *mapping = array_push(&memory.mappings);

	*mapping = (struct memory_mapping){
		.start = start,
		.end = start + pages * PAGE,
		.inode = name[0] == '/' ? 1 : 0,
		.name = intern_insert_string(memory.strings, name),
		.readable = permissions[0] == 'r',
		.writable = permissions[1] == 'w',
		.executable = permissions[2] == 'x',
		.shared = permissions[3] == 's',
		.of_no_file =
			strncmp(name, "/dev/shm/", 9) == 0 || name[1] == 'm' || name[1] == 'S',
		.flags = flags,
	};
	return mapping;
}

static void
present(uint64_t start, uint64_t pages, enum memory_page_state state)
{
	*array_push(&memory.runs) = (struct memory_run){start, start + pages * PAGE, state};
}

static void
block(uint64_t address, uint64_t bytes, uint32_t rounding)
{
	*array_push(&memory.blocks) = (struct memory_block){address, bytes, rounding, 1};
}

static void
work_out(void)
{
	memory_class_set(&memory);
	memory_sort_blocks(&memory, 0);
	memory_cut_blocks(&memory);
	memory_class_add_regions(&memory);
	resident_init(&resident, &memory);
	resident_release(&resident);
}

static void
expect(enum resident_part part, uint64_t bytes)
{
	ck_assert_msg(resident.parts[part] == bytes, "%s: %lu, not %lu", resident_part_key(part),
		      (unsigned long)resident.parts[part], (unsigned long)bytes);
}

START_TEST(a_heap_page_by_page)
{
	map(HEAP, 4, "rw-p", "[heap]", 0);
	present(HEAP, 3, MEMORY_PRESENT);
	block(HEAP + 16, 100, 4);
	/* Over the edge of the first page, and the header of the third on its own page. */
	block(HEAP + 4000, 200, 8);
	block(HEAP + 2 * PAGE, 0, 24);
	work_out();
	expect(RESIDENT_LIVE, 300);
	expect(RESIDENT_ROUNDING, 36);
	expect(RESIDENT_HEADERS, 24);
	expect(RESIDENT_PINNED, 3 * PAGE - 360);
	expect(RESIDENT_KEPT, 0);
	ck_assert_uint_eq(resident.sum, 3 * PAGE);
	ck_assert_uint_eq(resident.blocks, 3);
}
END_TEST

START_TEST(pages_without_a_live_byte_are_kept)
{
	map(HEAP, 8, "rw-p", "[heap]", 0);
	present(HEAP, 6, MEMORY_PRESENT);
	block(HEAP + PAGE + 16, 24, 0);
	memory.resident_after = 7 * PAGE;
	work_out();
	expect(RESIDENT_LIVE, 24);
	expect(RESIDENT_PINNED, PAGE - 32);
	expect(RESIDENT_KEPT, 5 * PAGE);
	ck_assert_int_eq(resident.drift, (int64_t)PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_MAIN].resident, 6 * PAGE);
}
END_TEST

START_TEST(unknown_blocks_make_no_free_pages)
{
	map(HEAP, 8, "rw-p", "[heap]", 0)->shared_dirty = 2 * PAGE;
	present(HEAP, 4, MEMORY_PRESENT);
	block(HEAP + 16, 24, 0);
	memory.unseen = MEMORY_UNSEEN_FORKED;
	work_out();
	expect(RESIDENT_PINNED, 0);
	expect(RESIDENT_KEPT, 0);
	expect(RESIDENT_UNSEEN, 4 * PAGE - 32);
	ck_assert_uint_eq(resident.inherited_shared, 2 * PAGE);
}
END_TEST

START_TEST(what_is_not_resident_is_below_the_line)
{
	map(HEAP, 16, "rw-p", "[heap]", 0)->swapped = PAGE;
	block(HEAP, 10 * PAGE, 0);
	present(HEAP, 3, MEMORY_PRESENT);
	present(HEAP + 3 * PAGE, 1, MEMORY_SWAPPED);
	present(HEAP + 4 * PAGE, 2, MEMORY_ZERO);
	work_out();
	expect(RESIDENT_LIVE, 3 * PAGE);
	ck_assert_uint_eq(resident.sum, 3 * PAGE);
	ck_assert_uint_eq(resident.swapped_live, PAGE);
	ck_assert_uint_eq(resident.swapped, PAGE);
	ck_assert_uint_eq(resident.zero, 2 * PAGE);
	ck_assert_uint_eq(resident.untouched, 6 * PAGE);
}
END_TEST

/* A rounding that reaches over the next block, a block over the next one, one twice, one nowhere.
 */
START_TEST(blocks_that_cannot_be_are_cut)
{
	map(HEAP, 4, "rw-p", "[heap]", 0);
	present(HEAP, 4, MEMORY_PRESENT);
	block(HEAP + 16, 100, UINT32_MAX);
	block(HEAP + 1024, UINT64_C(1) << 46, 8);
	block(HEAP + 2048, 64, 0);
	block(HEAP + 2048, 80, 0);
	block(HEAP + 3 * PAGE, 2 * PAGE, 7);
	block(OTHER, 100, 0);
	work_out();
	/* The second ends where the header of the third begins. */
	expect(RESIDENT_LIVE, 100 + 1024 - 8 + 80 + PAGE);
	expect(RESIDENT_ROUNDING, 1024 - 116 - 8);
	ck_assert_uint_eq(resident.blocks, 4);
	ck_assert_uint_eq(resident.sum, 4 * PAGE);
}
END_TEST

START_TEST(blocks_are_merged_in_order)
{
	for (uint64_t i = 0; i < 50; i++)
		block(HEAP + i * 64, i, 0);
	for (uint64_t i = 50; i > 0; i--)
		block(HEAP + i * 64 - 32, 1000 + i, 0);
	memory_sort_blocks(&memory, 50);
	for (size_t i = 0; i < memory.blocks.count; i++) {
		const struct memory_block *one = &memory.blocks.items[i];

		ck_assert_uint_eq(one->address, HEAP + i * 32);
		ck_assert_uint_eq(one->bytes, i % 2 == 0 ? i / 2 : 1001 + i / 2);
	}
}
END_TEST

/* Each with one resident page. */
START_TEST(mappings_by_their_marks)
{
	static const struct {
		const char *permissions, *name;
		uint32_t flags;
		enum memory_class class;
	} rows[] = {
		{"r-xp", "/bin/app", 0, MEMORY_TEXT},
		{"rw-p", "/bin/app", 0, MEMORY_DATA},
		{"rw-p", "", 0, MEMORY_DATA},
		{"---p", "", 0, MEMORY_ANONYMOUS},
		{"rw-p", "", MEMORY_NO_HUGE_PAGES | MEMORY_ACCOUNTED, MEMORY_THREAD_STACK},
		{"rwxp", "", 0, MEMORY_JIT},
		{"rw-p", "", MEMORY_NO_HUGE_PAGES | MEMORY_NO_DUMP | MEMORY_NO_RESERVE,
		 MEMORY_TRACER},
		{"rw-p", "",
		 MEMORY_NO_HUGE_PAGES | MEMORY_NO_DUMP | MEMORY_NO_RESERVE | MEMORY_ACCOUNTED,
		 MEMORY_ANONYMOUS},
		{"rw-p", "", MEMORY_NO_HUGE_PAGES | MEMORY_ACCOUNTED, MEMORY_ANONYMOUS},
		{"rw-p", "[anon: pool]", 0, MEMORY_ANONYMOUS},
		{"rw-p", "/usr/lib/libheaptally.so", 0, MEMORY_TRACER},
		{"rw-p", "", 0, MEMORY_TRACER},
		{"rw-s", "/dev/shm/heaptally-0/run.x/app.1.recording", 0, MEMORY_TRACER},
		{"rw-s", "/tmp/a.recording (deleted)", 0, MEMORY_TRACER},
		{"rw-s", "/dev/shm/mine", 0, MEMORY_SHARED},
		{"rw-s", "/memfd:x (deleted)", 0, MEMORY_SHARED},
		{"rw-s", "/SYSV00000001 (deleted)", 0, MEMORY_SHARED},
		{"rw-s", "/var/lib/data", 0, MEMORY_TEXT},
		{"rw-p", "[stack]", 0, MEMORY_MAIN_STACK},
		{"r-xp", "[vdso]", 0, MEMORY_TEXT},
		{"r--p", "[vvar]", MEMORY_DEVICE, MEMORY_OUTSIDE},
		{"rw-p", "/anon_hugepage (deleted)", MEMORY_HUGETLB, MEMORY_OUTSIDE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		map(OTHER + i * PAGE, 1, rows[i].permissions, rows[i].name, rows[i].flags);
	memory_class_set(&memory);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(memory.mappings.items[i].class == rows[i].class, "row %zu: %d", i,
			      memory.mappings.items[i].class);
}
END_TEST

/* Without the flag of Linux 6.7, and where no stack has a guard. */
START_TEST(stacks_in_other_ways)
{
	memory.flags_stacks = false;
	map(OTHER, 1, "---p", "", 0);
	map(OTHER + PAGE, 10, "rw-p", "", 0);
	map(OTHER + 20 * PAGE, 1000, "---p", "", 0);
	map(OTHER + 1020 * PAGE, 10, "rw-p", "", 0);
	memory_class_set(&memory);
	ck_assert_int_eq(memory.mappings.items[1].class, MEMORY_THREAD_STACK);
	ck_assert_int_eq(memory.mappings.items[3].class, MEMORY_ANONYMOUS);
	memory_clear(&memory);
	memory.flags_stacks = true;
	map(OTHER, 10, "rw-p", "", MEMORY_NO_HUGE_PAGES | MEMORY_ACCOUNTED);
	memory_class_set(&memory);
	ck_assert_int_eq(memory.mappings.items[0].class, MEMORY_THREAD_STACK);
	memory.threads = 1;
	memory_class_set(&memory);
	ck_assert_int_eq(memory.mappings.items[0].class, MEMORY_ANONYMOUS);
}
END_TEST

/* The kernel merges what is alike: an arena, a mapped block and what the program maps itself. */
START_TEST(regions_within_one_mapping)
{
	map(OTHER, 30, "rw-p", "", 0);
	present(OTHER, 30, MEMORY_PRESENT);
	*array_push(&memory.regions) = (struct memory_region){OTHER + 10 * PAGE, OTHER + 15 * PAGE,
							      MEMORY_REGION_CHUNK, 0, 0};
	*array_push(&memory.regions) =
		(struct memory_region){OTHER, OTHER + 5 * PAGE, MEMORY_REGION_ARENA, 0, 0};
	block(OTHER + 64, 1000, 0);
	block(OTHER + 10 * PAGE + 16, 5 * PAGE - 16, 0);
	work_out();
	expect(RESIDENT_ANONYMOUS, 20 * PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_ARENA].resident, 5 * PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_CHUNK].parts[RESIDENT_LIVE],
			  5 * PAGE - 16);
	ck_assert_uint_eq(resident.sum, 30 * PAGE);
}
END_TEST

/* Of another allocator a mapping is a heap if a leaf of the table is in it, or a block. */
START_TEST(mappings_of_another_allocator)
{
	memory.has_chunks = false;
	map(OTHER, 64, "rw-p", "", 0);
	map(OTHER + 100 * PAGE, 64, "rw-p", "", 0);
	map(OTHER + 200 * PAGE, 64, "rw-p", "", 0);
	map(OTHER + 300 * PAGE, 4, "rw-p", "", 0);
	for (size_t i = 0; i < 4; i++)
		present(memory.mappings.items[i].start, 4, MEMORY_PRESENT);
	*array_push(&memory.leaves) = (struct memory_range){OTHER, OTHER + 64 * PAGE};
	*array_push(&memory.leaves) = (struct memory_range){OTHER + 160 * PAGE, OTHER + 224 * PAGE};
	/* Behind the data of a file, with a block. */
	map(OTHER + 400 * PAGE, 1, "rw-p", "/lib/data", 0);
	map(OTHER + 401 * PAGE, 63, "rw-p", "", 0);
	present(OTHER + 410 * PAGE, 1, MEMORY_PRESENT);
	*array_push(&memory.leaves) = (struct memory_range){OTHER + 400 * PAGE, OTHER + 464 * PAGE};
	*array_push(&memory.domain_leaves) =
		(struct memory_range){OTHER + 301 * PAGE, OTHER + 302 * PAGE};
	block(OTHER + 210 * PAGE, 100, 12);
	block(OTHER + 301 * PAGE, PAGE, 0);
	block(OTHER + 410 * PAGE, 100, 0);
	work_out();
	expect(RESIDENT_HEADERS, 0);
	expect(RESIDENT_ANONYMOUS, 4 * PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_OTHER].count, 3);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_OTHER].parts[RESIDENT_KEPT], 8 * PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_PYTHON].parts[RESIDENT_LIVE], PAGE);
	ck_assert_uint_eq(resident.regions[MEMORY_REGION_PYTHON].parts[RESIDENT_KEPT], 3 * PAGE);
}
END_TEST

static void
own(uint64_t page, uint64_t pages, uint32_t site)
{
	*array_push(&memory.owned) =
		(struct memory_owned){OTHER + page * PAGE, OTHER + (page + pages) * PAGE, site};
}

static void
expect_owned(size_t index, uint64_t pages, uint64_t mapped)
{
	ck_assert_uint_eq(resident.owned[index].resident, pages * PAGE);
	ck_assert_uint_eq(resident.owned[index].mapped, mapped * PAGE);
}

/* In a mapping that the kernel has made of a heap and ranges of the program: what never had a block
 * is the program's, what had one is the heap's. */
START_TEST(what_the_program_maps_beside_a_heap)
{
	memory.has_chunks = false;
	map(OTHER, 100, "rw-p", "", 0);
	present(OTHER, 95, MEMORY_PRESENT);
	*array_push(&memory.leaves) = (struct memory_range){OTHER, OTHER + 16 * PAGE};
	*array_push(&memory.leaves) = (struct memory_range){OTHER + 52 * PAGE, OTHER + 54 * PAGE};
	own(20, 20, 1);
	own(50, 10, 2);
	own(90, 20, 3);
	memory_class_set(&memory);
	memory_class_add_regions(&memory);
	resident_init(&resident, &memory);
	expect(RESIDENT_MAPPED, 25 * PAGE);
	expect(RESIDENT_KEPT, 70 * PAGE);
	expect(RESIDENT_ANONYMOUS, 0);
	ck_assert_uint_eq(resident.sum, 95 * PAGE);
	expect_owned(0, 20, 20);
	expect_owned(1, 0, 0);
	expect_owned(2, 5, 10);
	resident_release(&resident);
}
END_TEST

START_TEST(what_the_program_maps_elsewhere)
{
	map(OTHER, 10, "rw-p", "", 0);
	map(OTHER + 20 * PAGE, 1, "rw-p", "/lib/data", 0);
	map(OTHER + 21 * PAGE, 3, "rw-p", "", 0);
	map(OTHER + 30 * PAGE, 4, "rwxp", "", 0);
	map(OTHER + 40 * PAGE, 4, "rw-s", "/memfd:x", 0);
	map(OTHER + 50 * PAGE, 1000, "---p", "", 0);
	for (size_t i = 0; i < 5; i++)
		present(memory.mappings.items[i].start,
			(memory.mappings.items[i].end - memory.mappings.items[i].start) / PAGE,
			MEMORY_PRESENT);
	own(2, 3, 1);
	own(5, 1, 2);
	own(20, 1, 1);
	/* Behind the data of a file, as its bss is. */
	own(23, 1, 1);
	own(30, 14, 1);
	own(60, 500, 4);
	memory_class_set(&memory);
	memory_class_add_regions(&memory);
	resident_init(&resident, &memory);
	expect(RESIDENT_MAPPED, 5 * PAGE);
	expect(RESIDENT_ANONYMOUS, 6 * PAGE);
	expect(RESIDENT_DATA, 3 * PAGE);
	expect(RESIDENT_JIT, 4 * PAGE);
	expect(RESIDENT_SHARED, 4 * PAGE);
	expect_owned(0, 3, 3);
	expect_owned(1, 1, 1);
	expect_owned(2, 0, 0);
	expect_owned(3, 1, 1);
	expect_owned(4, 0, 0);
	expect_owned(5, 0, 500);
	ck_assert_uint_eq(resident_get_other(&resident, 0), 6 * PAGE);
	resident_release(&resident);
}
END_TEST

START_TEST(heads_of_arenas)
{
	const uint64_t start = UINT64_C(0x7f0004000000);
	uint64_t good[] = {start + 0x30, 0, 0x21000, 0x21000};
	static const uint64_t bad[][4] = {
		{0x7f0004000000, 0, 0x21000, 0x21000},     {0x7f0004000038, 0, 0x21000, 0x21000},
		{0x7f0004000230, 0, 0x21000, 0x21000},     {0x7f0004000030, 0, 0x21001, 0x22000},
		{0x7f0004000030, 0, 0x21000, 0x20000},     {0x7f0004000030, 0, 0, 0x20000},
		{0x7f0004000030, 0, 0x4001000, 0x4001000}, {0, 0, 0, 0},
	};

	ck_assert_uint_eq(memory_class_get_arena(good), 0x21000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_uint_eq(memory_class_get_arena(bad[i]), 0);
	ck_assert_uint_eq(memory_class_get_first_chunk(start, good[0]), start + 48 + 2200);
	ck_assert_uint_eq(memory_class_get_first_chunk(start + GLIBC_HEAP_BYTES, good[0]),
			  start + GLIBC_HEAP_BYTES + 48);
}
END_TEST

START_TEST(largest_mappings_first)
{
	static const uint64_t pages[] = {3, 9, 1, 7, 5};
	size_t largest[3];

	for (size_t i = 0; i < 5; i++) {
		map(OTHER + i * 100 * PAGE, 10, "rw-p", "", 0);
		present(OTHER + i * 100 * PAGE, pages[i], MEMORY_PRESENT);
	}
	memory_class_set(&memory);
	resident_init(&resident, &memory);
	ck_assert_uint_eq(resident_get_largest(&resident, 3, largest), 3);
	ck_assert_uint_eq(largest[0], 1);
	ck_assert_uint_eq(largest[1], 3);
	ck_assert_uint_eq(largest[2], 4);
	resident_release(&resident);
}
END_TEST

/* Two blocks of one line and one of another; a block alone; a page that nobody has. */
START_TEST(pins_by_share)
{
	static const struct fixture_site sites[] = {
		{"f@a.c:1 < main@a.c:9", 1, 1, NULL},
		{"g@a.c:2 < main@a.c:9", 1, 1, NULL},
		{"f@a.c:1 < h@a.c:3", 1, 1, NULL},
	};
	struct profile *profile = fixture_profile(sites, 3);
	const struct place_options places = {.across_builds = false};
	struct place_table *table = place_table_new(&places);
	const struct selection selection = {.raw_frames = false};
	struct attribution attribution;
	struct pin_list list;

	memory.has_chunks = false;
	map(OTHER, 4, "rw-p", "", 0);
	present(OTHER, 4, MEMORY_PRESENT);
	*array_push(&memory.leaves) = (struct memory_range){OTHER, OTHER + 4 * PAGE};
	block(OTHER, 512, 0);
	block(OTHER + 1024, 256, 0);
	block(OTHER + 2048, 256, 0);
	block(OTHER + PAGE, 96, 0);
	memory.blocks.items[1].site = 2;
	memory.blocks.items[2].site = memory.blocks.items[3].site = 3;
	work_out();
	attribution_init(&attribution, profile, &selection, table, NULL);
	pin_list_init(&list, &memory, &attribution, 2);
	ck_assert_uint_eq(list.pins.count, 2);
	ck_assert_uint_eq(list.pins.items[0].live_blocks, 3);
	ck_assert_uint_eq((uint64_t)list.pins.items[0].exclusive, 4000);
	ck_assert_uint_eq((uint64_t)list.pins.items[0].pinned, 4000 + 3072 * 3 / 4);
	ck_assert_uint_eq((uint64_t)list.pins.items[1].pinned, 3072 / 4);
	ck_assert_uint_eq((uint64_t)list.pins.items[1].exclusive, 0);
	ck_assert_uint_eq(list.pages, 2);
	ck_assert_uint_eq(list.cells.count, 2);
	ck_assert_uint_eq(list.cells.items[0].used, 1024 + 96);
	ck_assert_uint_eq(list.cells.items[1].used, 0);
	pin_list_release(&list);
	attribution_release(&attribution);
	place_table_free(table);
	profile_free(profile);
}
END_TEST

/* Between live chunks, at the end of the main heap, of an arena's first heap and of its last. */
START_TEST(what_malloc_trim_returns)
{
	const uint64_t arena = UINT64_C(0x7f0004000000), next = arena + GLIBC_HEAP_BYTES;
	struct remedy remedy;

	map(HEAP, 32, "rw-p", "[heap]", 0);
	present(HEAP, 32, MEMORY_PRESENT);
	map(arena, 16, "rw-p", "", 0);
	present(arena, 16, MEMORY_PRESENT);
	map(next, 16, "rw-p", "", 0);
	present(next, 16, MEMORY_PRESENT);
	*array_push(&memory.regions) = (struct memory_region){
		arena, arena + 16 * PAGE, MEMORY_REGION_ARENA, 0, arena + 48 + 2200};
	*array_push(&memory.regions) = (struct memory_region){
		next, next + 16 * PAGE, MEMORY_REGION_ARENA, arena, next + 48};
	memory.blocks_from = MEMORY_BLOCKS_TABLE;
	/* A chunk ends 8 bytes before the end of its block; 48 bytes behind that whole pages begin.
	 */
	block(HEAP + 16, PAGE - 16 - 40, 0);
	block(HEAP + 10 * PAGE + 16, 24, 0);
	block(HEAP + 20 * PAGE + 16, 24, 0);
	block(arena + 4096 + 16, 24, 0);
	block(next + 4096 + 16, UINT64_C(130) << 8, 0);
	memory_class_set(&memory);
	memory_cut_blocks(&memory);
	memory_class_add_regions(&memory);
	resident_init(&resident, &memory);
	remedy_init(&remedy, &resident);
	ck_assert(remedy.is_known);
	/* 9 and 9 pages of gaps, 11 of the end; 14 - 1 of the arena's first heap, for the fence. */
	ck_assert_uint_eq(remedy.trim, (9 + 9 + 11 + 13) * PAGE);
	ck_assert_uint_eq(remedy.tops, 6 * PAGE);
	ck_assert_uint_eq(remedy.large_blocks, 0);
	memory.unseen = MEMORY_UNSEEN_FORKED;
	remedy_init(&remedy, &resident);
	ck_assert(!remedy.is_known);
	ck_assert_uint_eq(remedy.trim + remedy.tops + remedy.at_most, 0);
	resident_release(&resident);
}
END_TEST

/* Slabs of 80 bytes are five pages; a large block is alone. */
START_TEST(what_decay_returns)
{
	struct remedy remedy;

	memory.has_chunks = false;
	memory.allocator = MEMORY_JEMALLOC;
	map(OTHER, 64, "rw-p", "", 0);
	present(OTHER, 64, MEMORY_PRESENT);
	*array_push(&memory.leaves) = (struct memory_range){OTHER, OTHER + 64 * PAGE};
	block(OTHER + 10 * PAGE + 51 * 80, 72, 8);
	block(OTHER + 10 * PAGE + 60 * 80, 72, 8);
	block(OTHER + 20 * PAGE, 4 * PAGE, 0);
	memory_class_set(&memory);
	memory_cut_blocks(&memory);
	memory_class_add_regions(&memory);
	resident_init(&resident, &memory);
	remedy_init(&remedy, &resident);
	ck_assert_uint_eq(remedy.decay, (64 - 5 - 5) * PAGE);
	resident_release(&resident);
}
END_TEST

START_TEST(allocators_by_their_files)
{
	ck_assert_int_eq(memory_get_allocator("/lib/x86_64-linux-gnu/libc.so.6"), MEMORY_GLIBC);
	ck_assert_int_eq(memory_get_allocator("/usr/lib/libjemalloc.so.2"), MEMORY_JEMALLOC);
	ck_assert_int_eq(memory_get_allocator("libtcmalloc_minimal.so.4"), MEMORY_TCMALLOC);
	ck_assert_int_eq(memory_get_allocator("/opt/libmimalloc.so.2"), MEMORY_MIMALLOC);
	ck_assert_int_eq(memory_get_allocator("/opt/libmine.so"), MEMORY_OTHER_ALLOCATOR);
}
END_TEST

/* --- how often one may look --- */

START_TEST(looks_take_a_share_of_the_time)
{
	struct resident_look look = {0};
	struct profile *profile = profile_new(), *other = profile_new();
	const struct profile_resident found = {.time_ns = 7, .resident_bytes = PAGE};

	profile->pid = other->pid = 11;
	profile->start_realtime_ns = other->start_realtime_ns = 5;
	ck_assert(resident_look_is_due(&look, 0));
	resident_look_lend(&look, other);
	ck_assert_uint_eq(other->resident_count, 0);
	profile_insert_resident(profile, &found);
	resident_look_note(&look, profile, 1000, 1100);
	ck_assert(!resident_look_is_due(&look, 2999));
	ck_assert(resident_look_is_due(&look, 3000));
	resident_look_lend(&look, other);
	ck_assert_uint_eq(other->resident_count, 1);
	ck_assert_uint_eq(other->residents[0].time_ns, 7);
	/* What is as new is there already, and numbers of processes come again. */
	resident_look_lend(&look, other);
	ck_assert_uint_eq(other->resident_count, 1);
	other->resident_count = 0;
	other->start_realtime_ns = 6;
	resident_look_lend(&look, other);
	ck_assert_uint_eq(other->resident_count, 0);
	/* A look that found nothing is one, too. */
	resident_look_note(&look, other, 4000, 4001);
	ck_assert(!resident_look_is_due(&look, 4019));
	resident_look_lend(&look, profile);
	ck_assert_uint_eq(profile->resident_count, 1);
	profile_free(profile);
	profile_free(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resident");
	TCase *tcase = tcase_create("resident");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_heap_page_by_page);
	tcase_add_test(tcase, pages_without_a_live_byte_are_kept);
	tcase_add_test(tcase, unknown_blocks_make_no_free_pages);
	tcase_add_test(tcase, what_is_not_resident_is_below_the_line);
	tcase_add_test(tcase, blocks_that_cannot_be_are_cut);
	tcase_add_test(tcase, blocks_are_merged_in_order);
	tcase_add_test(tcase, mappings_by_their_marks);
	tcase_add_test(tcase, stacks_in_other_ways);
	tcase_add_test(tcase, regions_within_one_mapping);
	tcase_add_test(tcase, mappings_of_another_allocator);
	tcase_add_test(tcase, what_the_program_maps_beside_a_heap);
	tcase_add_test(tcase, what_the_program_maps_elsewhere);
	tcase_add_test(tcase, heads_of_arenas);
	tcase_add_test(tcase, largest_mappings_first);
	tcase_add_test(tcase, pins_by_share);
	tcase_add_test(tcase, what_malloc_trim_returns);
	tcase_add_test(tcase, what_decay_returns);
	tcase_add_test(tcase, allocators_by_their_files);
	tcase_add_test(tcase, looks_take_a_share_of_the_time);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
