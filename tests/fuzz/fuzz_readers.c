/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_readers.c - any bytes as a recording, as a tally, as a graph and as a core file
 *
 * For libFuzzer; fuzz.sh builds and runs it, once alone and once with the reports.
 *
 * A tally is compressed with a checksum, which no mutation gets past: bytes that begin with its
 * title are compressed here first.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zstd.h>

#include "fuzz_reports.h"
#include "graph.h"
#include "graph_generator.h"
#include "image/core.h"
#include "image/image.h"
#include "model/likeness.h"
#include "model/profile.h"
#include "model/owner.h"
#include "model/owner_growth.h"
#include "model/owner_path.h"
#include "model/reach.h"
#include "model/referrers.h"
#include "model/retained.h"
#include "read/anchor_graph.h"
#include "read/graph_file.h"
#include "recording_generator.h"
#include "read/snapshot.h"
#include "read/snapshot_anchor.h"
#include "read/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void
report(struct profile *profile)
{
	if (fuzz_report && profile)
		fuzz_report(profile);
	profile_free(profile);
}

static void
read_as_recording(const char *path)
{
	static const uint64_t freed_at = GENERATED_LEAF + 100 * 32;
	struct snapshot *snapshot;
	int result;

	if (snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot) != 0)
		return;
	snapshot_update(snapshot, "");
	snapshot_refresh(snapshot);
	result = snapshot_update(snapshot, "");
	snapshot_update_blocks(snapshot, &freed_at);
	snapshot_update_lifetimes(snapshot);
	if (result == 0)
		report(snapshot_take_profile(snapshot));
	snapshot_free(snapshot);
}

static void
read_as_tally(int fd)
{
	struct tally_reader *reader;
	struct profile *profile;

	if (lseek(fd, 0, SEEK_SET) != 0 || tally_reader_new(fd, &reader) != 0)
		return;
	tally_reader_keep_blocks(reader);
	while (tally_reader_next(reader, &profile) == 1)
		report(profile);
	tally_reader_free(reader);
}

/* Who holds what, as retained, refs and leaks compute it. */
static void
hold(const struct graph *graph, const bool *loaders)
{
	size_t count = graph->block_count + 1;
	uint32_t *groups = calloc(count, sizeof(*groups));
	bool *targets = calloc(count, sizeof(*targets));
	struct retained_amount amounts[2], own[2];
	struct retained_first *firsts;
	struct owner_growth growth;
	struct owner_paths paths;
	struct owner_set owners;
	struct referrer_set referrers;
	struct retained retained;

	for (size_t i = 0; i < graph->block_count; i++) {
		groups[i] = graph->blocks[i].site % 2;
		targets[i] = i % 2 == 0;
	}
	owner_set_init(&owners, graph, NULL, loaders, 2);
	retained_init(&retained, graph, &owners, NULL);
	retained_sum_groups(&retained, groups, 2, amounts, own);
	firsts = calloc(owners.count + 1u, sizeof(*firsts));
	retained_find_first(&retained, groups, firsts);
	if (owners.count != 0)
		retained_reach_owners(&retained, &(uint32_t){0}, 1, amounts);
	retained_reach_groups(&retained, groups, &(uint32_t){1}, 1, amounts);
	retained_release(&retained);
	referrer_set_init(&referrers, graph, &owners, groups, targets, 0);
	referrer_set_release(&referrers);
	owner_paths_init(&paths, graph, &owners);
	owner_growth_init(&growth, &(struct graph){.site_count = 1}, graph, &owners, &paths, groups,
			  2);
	owner_growth_release(&growth);
	owner_paths_release(&paths);
	owner_set_release(&owners);
	free(firsts);
	free(groups);
	free(targets);
}

static const char *
find_class(void *context, uint64_t address)
{
	(void)context;
	return address % 2 == 0 ? "a class" : NULL;
}

/* What its blocks look like: any site may be any node. */
static void
find_likeness(const struct graph *graph)
{
	static const enum std_node sites[] = {STD_NODE_NONE, STD_NODE_UNKNOWN, STD_NODE_UNKNOWN};
	const struct likeness_naming naming = {find_class, NULL};
	struct likeness_set set;

	likeness_set_init(&set, graph, &naming, NULL, sites, sizeof(sites) / sizeof(*sites));
	likeness_set_release(&set);
}

static void
read_as_graph(const char *path)
{
	const bool roots[] = {false, true};
	const struct reach_options options = {
		.heuristics = REACH_HEURISTICS_ALL, .root_sites = roots, .root_site_count = 2};
	struct reach reach;
	struct graph graph;

	if (graph_file_read(path, GENERATED_GRAPH_SITES, &graph) != 0)
		return;
	if (graph.error == 0) {
		reach_init(&reach, &graph, &options);
		reach_release(&reach);
		hold(&graph, roots);
		find_likeness(&graph);
	}
	graph_release(&graph);
}

/* As --core does, up to the kinds. */
static void
look_into(struct image *image, struct snapshot_anchor *anchor, struct memory *memory)
{
	const struct reach_options options = {.heuristics = REACH_HEURISTICS_ALL};
	struct reach reach;
	struct graph graph;

	if (snapshot_anchor_read_blocks(image, anchor, memory) != 0)
		return;
	anchor_graph_make(&graph, image, anchor, memory, 0);
	if (!graph_is_valid(&graph))
		abort();
	/* A recording has fewer sites. */
	if (graph.site_count < GENERATED_GRAPH_SITES) {
		reach_init(&reach, &graph, &options);
		reach_release(&reach);
	}
	graph_release(&graph);
}

static void
read_as_core(const char *path)
{
	struct snapshot_anchor anchor;
	struct memory memory;
	struct image image;
	char *why;

	if (core_open(&image, path, &why) != 0) {
		free(why);
		return;
	}
	memory_init(&memory);
	if (snapshot_anchor_find(&image, &anchor) == 0) {
		look_into(&image, &anchor, &memory);
		snapshot_anchor_release(&anchor);
	}
	memory_release(&memory);
	image_release(&image);
}

static void
store(int fd, const void *bytes, size_t length)
{
	if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, length, 0) != (ssize_t)length)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const char title[] = "heaptally tally ";
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	store(fd, bytes, length);
	if (length > strlen(title) && memcmp(bytes, title, strlen(title)) == 0) {
		size_t room = ZSTD_compressBound(length);
		void *packed = malloc(room);

		store(fd, packed, ZSTD_compress(packed, room, bytes, length, 1));
		free(packed);
		read_as_tally(fd);
	} else if (length >= sizeof(struct graph_header) &&
		   memcmp(bytes, GRAPH_MAGIC, strlen(GRAPH_MAGIC)) == 0) {
		/* The length is checked first, and no mutation keeps it. */
		uint64_t whole = length;

		if (pwrite(fd, &whole, sizeof(whole), offsetof(struct graph_header, file_bytes)) <
		    0)
			abort();
		read_as_graph(path);
	} else if (length > 4 && memcmp(bytes, "\177ELF", 4) == 0) {
		read_as_core(path);
	} else {
		read_as_recording(path);
		read_as_tally(fd);
	}
	close(fd);
	return 0;
}
