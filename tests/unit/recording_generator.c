/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_generator.c - recordings made by hand, for tests of their readers
 */
#include "config.h"
#include "recording_generator.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char strings[] = "\0/usr/bin/program\0/lib/libfoo.so\0/lib/libc.so.6";

enum {
	STRING_PROGRAM = 1,
	STRING_LIBRARY = 18,
	STRING_ALLOCATOR = 33,
};

/* Pages are aligned so that this can be seen as an offset in the file. */
#define PLACE(field) offsetof(struct generated, field)

static void
set_extent(struct generated *generated, enum recording_section section, size_t offset,
	   size_t capacity, size_t count, size_t record_bytes)
{
	generated->header.sections[section] = (struct recording_extent){
		.offset = offset,
		.capacity = capacity,
		.count = count,
		.record_bytes = (uint32_t)record_bytes,
	};
}

static void
fill_header(struct generated *generated)
{
	struct recording_header *header = &generated->header;

	memcpy(header->magic, RECORDING_MAGIC, sizeof(header->magic));
	header->byte_order = RECORDING_BYTE_ORDER;
	header->version = RECORDING_VERSION;
	header->header_bytes = sizeof(*header);
	header->page_bytes = GENERATED_PAGE;
	header->file_bytes = generated->length = PLACE(leaves);
	header->machine = EM_X86_64;
	header->pid = GENERATED_COMMAND_PID;
	header->parent_pid = 1;
	header->uid = geteuid();
	header->start_realtime_ns = 1700000000000000000u;
	header->start_monotonic_ns = 5000000000u;
	header->end_monotonic_ns = 7500000000u;
	header->state = RECORDING_EXITED;
	header->executable = STRING_PROGRAM;
	header->allocator = STRING_ALLOCATOR;
	strcpy(header->command, "program");
	header->shard_count = GENERATED_SHARDS;
	header->tracer_bytes = 65536;
	header->control.epoch = 7;
	header->control.peak_bytes = 10500;
	header->control.peak_ns = 1000000000u;
	header->control.live_bytes = 6500;
	header->control.site_base = SITE_BASE_FIRST;
}

static void
fill_extents(struct generated *generated)
{
	set_extent(generated, SECTION_STRINGS, PLACE(strings), GENERATED_PAGE, sizeof(strings), 1);
	set_extent(generated, SECTION_MODULES, PLACE(modules), GENERATED_MODULES, GENERATED_MODULES,
		   sizeof(struct recording_module));
	set_extent(generated, SECTION_FRAMES, PLACE(frames), FRAME_FIRST + 4, FRAME_FIRST + 4,
		   sizeof(struct recording_frame));
	set_extent(generated, SECTION_NODES, PLACE(nodes), GENERATED_NODES, GENERATED_NODES,
		   sizeof(struct recording_node));
	set_extent(generated, SECTION_SITES, PLACE(sites), GENERATED_SITES, GENERATED_SITES,
		   sizeof(uint32_t));
	set_extent(generated, SECTION_SHARDS, PLACE(shards), SHARDS_MAX, GENERATED_SHARDS,
		   sizeof(struct recording_shard));
	set_extent(generated, SECTION_CHUNKS, PLACE(chunks), 1, 1, sizeof(generated->chunks[0]));
	set_extent(generated, SECTION_COUNTERS, PLACE(counters), GENERATED_SHARDS, GENERATED_SHARDS,
		   sizeof(generated->counters[0]));
	set_extent(generated, SECTION_MARKS, PLACE(marks), GENERATED_MARKS, GENERATED_MARKS,
		   sizeof(struct recording_mark));
}

static void
fill_tables(struct generated *generated)
{
	memcpy(generated->strings, strings, sizeof(strings));
	generated->modules[0] = (struct recording_module){
		.start = 0x400000,
		.end = 0x500000,
		.bias = 0x400000,
		.path = STRING_PROGRAM,
		.flags = RECORDING_MODULE_MAIN,
		.build_id_bytes = 4,
		.build_id = {1, 2, 3, 4},
	};
	generated->modules[1] = (struct recording_module){
		.start = 0x7000000,
		.end = 0x7100000,
		.path = STRING_LIBRARY,
		.flags = RECORDING_MODULE_UNLOADED,
		.device = 0x801,
		.inode = UINT64_MAX,
		.file_bytes = 12345,
		.modified_ns = 1700000000000000001,
		.seen_ns = 1700000000000000002,
	};
	generated->frames[16] = (struct recording_frame){0x1234, 0, FRAME_KIND_MODULE};
	generated->frames[17] = (struct recording_frame){0x99, 1, FRAME_KIND_MODULE};
	generated->frames[18] = (struct recording_frame){0xdeadbeef, 0, FRAME_KIND_ADDRESS};
	generated->frames[19] = (struct recording_frame){3, 0, FRAME_KIND_CUT};
	generated->nodes[1] = (struct recording_node){.parent = 0, .frame = FRAME_UNKNOWN};
	generated->nodes[2] = (struct recording_node){.parent = 1, .frame = FRAME_MALLOC};
	generated->nodes[3] = (struct recording_node){.parent = 0, .frame = 16};
	generated->nodes[4] = (struct recording_node){.parent = 3, .frame = 17};
	generated->nodes[5] = (struct recording_node){.parent = 4, .frame = FRAME_MALLOC};
	generated->nodes[6] = (struct recording_node){.parent = 3, .frame = FRAME_CALLOC};
	generated->nodes[7] = (struct recording_node){.parent = 0, .frame = 18};
	generated->sites[SITE_BASE_FIRST + FIXED_SITE_UNKNOWN] = 2;
	generated->sites[SITE_BASE_FIRST + FIXED_SITE_NESTED] = 2;
	generated->sites[3] = 5;
	generated->sites[4] = 6;
	generated->marks[0] = (struct recording_mark){
		.time_ns = 1000000000u,
		.live_bytes = 10500,
		.peak_bytes = 10500,
		.kind = REQUEST_MARK,
		.label = "warm",
	};
	generated->marks[1] = (struct recording_mark){
		.time_ns = 2000000000u,
		.live_bytes = 6400,
		.peak_bytes = 10500,
		.kind = REQUEST_RESET_PEAK,
	};
}

static void
fill_counters(struct generated *generated)
{
	generated->chunks[0][0] = 1;
	generated->chunks[0][1] = 2;
	/* Changed since the peak: its live value of then is saved. */
	generated->counters[0][3] = (struct recording_counters){
		.total_bytes = 10000,
		.total_blocks = 10,
		.freed_bytes = 4000,
		.freed_blocks = 4,
		.temporary_blocks = 2,
		.rounding_bytes = 48,
		.peak_bytes = 9000,
		.peak_blocks = 9,
		.epoch = 7,
	};
	/* Not touched since before the peak: it still has what it had then. */
	generated->counters[0][4] = (struct recording_counters){
		.total_bytes = 1000,
		.total_blocks = 2,
		.peak_bytes = 77,
		.peak_blocks = 1,
		.epoch = 6,
	};
	/* Freed here what was made there. */
	generated->counters[1][4] = (struct recording_counters){
		.total_bytes = 500,
		.total_blocks = 1,
		.freed_bytes = 1000,
		.freed_blocks = 2,
		.peak_bytes = 500,
		.peak_blocks = 1,
		.epoch = 7,
	};
	generated->shards[0] = (struct recording_shard){
		.reallocs = 3, .failed = 1, .unknown_frees = 2, .cut = 1, .threads = 1};
	generated->shards[1] = (struct recording_shard){
		.pending_bytes = -100, .nested = 4, .dropped = 5, .cut = 1, .threads = 2};
}

struct generated *
generated_new(void)
{
	struct generated *generated = aligned_alloc(64, sizeof(*generated));

	if (generated == NULL)
		abort();
	memset(generated, 0, sizeof(*generated));
	fill_header(generated);
	fill_extents(generated);
	fill_tables(generated);
	fill_counters(generated);
	return generated;
}

static struct recording_block
make_block(uint64_t bytes, uint32_t rounding, uint32_t place, uint32_t site, uint64_t birth,
	   uint32_t thread)
{
	return (struct recording_block){
		.bytes = bytes,
		.birth = birth << BLOCK_THREAD_BITS | thread,
		.site = site,
		.rounding_place = rounding << BLOCK_PLACE_BITS | place,
	};
}

void
generated_add_blocks(struct generated *generated)
{
	set_extent(generated, SECTION_LIFETIMES, PLACE(lifetimes), 1, 1,
		   SITES_PER_CHUNK * sizeof(generated->lifetimes[0]));
	set_extent(generated, SECTION_LEAVES, PLACE(leaves), 1, 1, sizeof(generated->leaves[0]));
	set_extent(generated, SECTION_BLOCKS, PLACE(blocks), BLOCKS_PER_LEAF, BLOCKS_PER_LEAF,
		   sizeof(generated->blocks[0]));
	generated->length = generated->header.file_bytes = PLACE(length);
	generated->header.block_shift = GENERATED_BLOCK_SHIFT;
	generated->header.missing_blocks = 5;
	generated->header.control.blocks = 1;
	generated->leaves[0] = GENERATED_LEAF;
	generated->blocks[0] = make_block(100, 4, 16, 3, 1000, 7);
	generated->blocks[4] = make_block(0, 24, 0, 4, 500, 8);
	generated->blocks[6] = make_block(5000, 0, 16, 3, 2000, 7);
	generated->blocks[100] = make_block(40, 0, 0, 3, 10, 7);
	generated->blocks[100].death = (uint64_t)20 << BLOCK_THREAD_BITS | 9;
	generated->blocks[101] = make_block(16, 8, 0, SITE_NONE, 0, 0);
	generated->lifetimes[3].freed[1] = 2;
	generated->lifetimes[3].freed[10] = 1;
	generated->lifetimes[3].sum = 1002;
}

void
generated_write_part(const struct generated *generated, const char *path, size_t length)
{
	const char *bytes = (const char *)generated;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || close(fd) != 0)
		abort();
}

void
generated_write(const struct generated *generated, const char *path)
{
	generated_write_part(generated, path, generated->length);
}
