/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_tables.c - read modules, frames, nodes and sites of a recording
 *
 * In small pieces, every record checked when it arrives. A hole reads as records that are not
 * valid, so a sparse file with huge counts ends after the first piece.
 */
#include "config.h"
#include "read/snapshot_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/profile.h"
#include "util/intern.h"
#include "util/xalloc.h"

/* Paths of modules are strings, which are read one by one. */
#define MODULES_MAX (1u << 16)

enum {
	PIECE_BYTES = 64 * 1024
};

static const char *const allocator_names[] = {
	[FRAME_MALLOC] = "malloc",
	[FRAME_CALLOC] = "calloc",
	[FRAME_REALLOC] = "realloc",
	[FRAME_REALLOCARRAY] = "reallocarray",
	[FRAME_POSIX_MEMALIGN] = "posix_memalign",
	[FRAME_ALIGNED_ALLOC] = "aligned_alloc",
	[FRAME_MEMALIGN] = "memalign",
	[FRAME_VALLOC] = "valloc",
	[FRAME_PVALLOC] = "pvalloc",
	[FRAME_TRACKED] = "tracked",
	[FRAME_NEW] = "operator new",
	[FRAME_MALLOCX] = "mallocx",
};

static int
convert_fixed_frame(uint64_t id, struct profile_frame *frame)
{
	if (id >= FRAME_FIRST)
		return -EBADMSG;
	if (id < sizeof(allocator_names) / sizeof(allocator_names[0]) &&
	    allocator_names[id] != NULL) {
		frame->kind = PROFILE_FRAME_ALLOCATOR;
		frame->name = allocator_names[id];
	} else if (id == FRAME_TRUNCATED) {
		frame->kind = PROFILE_FRAME_TRUNCATED;
	} else if (id == FRAME_NESTED) {
		frame->kind = PROFILE_FRAME_NESTED;
	} else {
		frame->kind = PROFILE_FRAME_UNKNOWN;
	}
	return 0;
}

/* A pool that the program told of through heaptally.h. */
static int
convert_domain(const struct snapshot *snapshot, const struct recording_frame *record,
	       struct profile_frame *frame)
{
	const char *name;
	char number[32];
	int result = snapshot_file_read_string(&snapshot->file, snapshot->profile->strings,
					       record->module, &name);

	if (result != 0)
		return result;
	if (name[0] == '\0') {
		snprintf(number, sizeof(number), "domain %" PRIu32, (uint32_t)record->value);
		name = intern_insert_string(snapshot->profile->strings, number);
	}
	frame->kind = PROFILE_FRAME_ALLOCATOR;
	frame->name = name;
	frame->offset = PROFILE_POOL + (uint32_t)record->value;
	return 0;
}

/* Its name is the last one that the runtime knew; a thread of no name has none. */
static int
convert_thread(const struct snapshot *snapshot, const struct recording_frame *record,
	       struct profile_frame *frame)
{
	const char *name = "";
	int result = record->module == 0 ? 0
					 : snapshot_file_read_string(&snapshot->file,
								     snapshot->profile->strings,
								     record->module, &name);

	frame->kind = PROFILE_FRAME_THREAD;
	frame->name = name[0] != '\0' ? name : NULL;
	return result;
}

static int
convert_frame(struct snapshot *snapshot, uint32_t id, const struct recording_frame *record,
	      struct profile_frame *frame)
{
	const struct profile *profile = snapshot->profile;

	*frame = (struct profile_frame){.module = PROFILE_NO_MODULE, .offset = record->value};
	if (id < FRAME_FIRST)
		return convert_fixed_frame(id, frame);
	switch (record->kind) {
	case FRAME_KIND_FIXED:
		/* A record of zeros: a hole. */
		return record->value != 0 ? convert_fixed_frame(record->value, frame) : -EBADMSG;
	case FRAME_KIND_MODULE:
		frame->kind = PROFILE_FRAME_CODE;
		frame->module = record->module;
		return record->module < profile->module_count ? 0 : -EBADMSG;
	case FRAME_KIND_ADDRESS:
		frame->kind = PROFILE_FRAME_ADDRESS;
		return 0;
	case FRAME_KIND_CUT:
		frame->kind = PROFILE_FRAME_CUT;
		return 0;
	case FRAME_KIND_THREAD:
		return convert_thread(snapshot, record, frame);
	case FRAME_KIND_DOMAIN:
		return convert_domain(snapshot, record, frame);
	case FRAME_KIND_PYTHON:
		return snapshot_insert_python(snapshot, record->module, frame);
	default:
		return -EBADMSG;
	}
}

/* Make room for one more item and return its place. */
static void *
push(void **items, uint32_t count, uint32_t *capacity, size_t item_bytes)
{
	if (count == *capacity) {
		*capacity = *capacity < 64 ? 64 : *capacity + *capacity / 2;
		*items = xreallocarray(*items, *capacity, item_bytes);
	}
	return (char *)*items + (size_t)count * item_bytes;
}

static int
insert_frame(struct snapshot *snapshot, const void *record)
{
	struct profile *profile = snapshot->profile;
	struct profile_frame *frame = push((void **)&profile->frames, profile->frame_count,
					   &snapshot->frame_capacity, sizeof(*frame));
	int result = convert_frame(snapshot, profile->frame_count, record, frame);

	if (result == 0)
		profile->frame_count++;
	return result;
}

static int
insert_node(struct snapshot *snapshot, const void *record)
{
	const struct recording_node *node = record;
	struct profile *profile = snapshot->profile;
	uint32_t index = profile->node_count;
	bool root = index == 0;
	struct profile_node *copy =
		push((void **)&profile->nodes, index, &snapshot->node_capacity, sizeof(*copy));

	if (root ? node->parent != 0 : node->parent >= index || node->frame == FRAME_NONE)
		return -EBADMSG;
	if (node->frame >= profile->frame_count)
		return -EBADMSG;
	*copy = (struct profile_node){node->parent, node->frame};
	profile->node_count++;
	return 0;
}

static int
insert_site(struct snapshot *snapshot, const void *record)
{
	struct profile *profile = snapshot->profile;
	uint32_t leaf = *(const uint32_t *)record;
	uint32_t *copy = push((void **)&profile->sites, profile->site_count,
			      &snapshot->site_capacity, sizeof(*copy));

	/* Only the fixed sites may be without a stack. Site numbers here are one less than in the
	 * recording, whose first is SITE_NONE. */
	if (leaf >= profile->node_count ||
	    (leaf == 0 && profile->site_count + 1 >= SITE_BASE_FIRST + FIXED_SITES))
		return -EBADMSG;
	*copy = leaf;
	profile->site_count++;
	return 0;
}

static const enum profile_mark_kind mark_kinds[] = {
	[REQUEST_CLEAR] = PROFILE_MARK_CLEAR,   [REQUEST_RESET_PEAK] = PROFILE_MARK_RESET_PEAK,
	[REQUEST_MARK] = PROFILE_MARK_LABEL,    [REQUEST_PAUSE] = PROFILE_MARK_PAUSE,
	[REQUEST_RESUME] = PROFILE_MARK_RESUME, [REQUEST_STOP] = PROFILE_MARK_STOP,
};

_Static_assert(RECORDING_LABEL_BYTES == PROFILE_LABEL_BYTES, "a moment can have any label");

static int
convert_mark(const struct snapshot *snapshot, const struct recording_mark *record,
	     struct profile_mark *ret_mark)
{
	const char *end = memchr(record->label, '\0', sizeof(record->label));

	/* The first of all is zero, and what no runtime writes: a hole. */
	if (record->kind == REQUEST_NONE ||
	    record->kind >= sizeof(mark_kinds) / sizeof(mark_kinds[0]) || end == NULL)
		return -EBADMSG;
	*ret_mark = (struct profile_mark){
		.kind = mark_kinds[record->kind],
		.label = intern_insert(snapshot->profile->strings, record->label,
				       (size_t)(end - record->label)),
		.time_ns = record->time_ns,
		.live_bytes = record->live_bytes,
		.peak_bytes = record->peak_bytes,
	};
	return 0;
}

static int
insert_mark(struct snapshot *snapshot, const void *record)
{
	struct profile *profile = snapshot->profile;
	struct profile_mark *mark = push((void **)&profile->marks, profile->mark_count,
					 &snapshot->mark_capacity, sizeof(*mark));
	int result = convert_mark(snapshot, record, mark);

	if (result == 0)
		profile->mark_count++;
	return result;
}

/* Hand the records from `first` on to insert, one after the other. */
static int
read_records(struct snapshot *snapshot, const struct snapshot_extent *extent, uint32_t first,
	     size_t record_bytes, int (*insert)(struct snapshot *, const void *))
{
	char piece[PIECE_BYTES] __attribute__((aligned(16)));
	const uint32_t per_piece = (uint32_t)(sizeof(piece) / record_bytes);

	while (first < extent->count) {
		uint32_t count = extent->count - first;
		int result;

		if (count > per_piece)
			count = per_piece;
		result = snapshot_file_read(&snapshot->file, piece, count * record_bytes,
					    extent->offset + (uint64_t)first * record_bytes);
		for (uint32_t i = 0; i < count && result == 0; i++)
			result = insert(snapshot, piece + i * record_bytes);
		if (result != 0)
			return result;
		first += count;
	}
	return 0;
}

static int
convert_module(const struct snapshot *snapshot, const struct recording_module *record,
	       struct profile_module *ret_module)
{
	struct profile_module module = {
		.build_id_bytes = record->build_id_bytes,
		.unloaded = (record->flags & RECORDING_MODULE_UNLOADED) != 0,
		.is_main = (record->flags & RECORDING_MODULE_MAIN) != 0,
		.start = record->start,
		.end = record->end,
		.bias = record->bias,
		.file = ret_module->file,
		.device = record->device,
		.inode = record->inode,
		.file_bytes = record->file_bytes,
		.modified_ns = record->modified_ns,
		.seen_ns = record->seen_ns,
	};
	int result;

	if (record->build_id_bytes > sizeof(module.build_id))
		return -EBADMSG;
	memcpy(module.build_id, record->build_id, record->build_id_bytes);
	result = snapshot_file_read_string(&snapshot->file, snapshot->profile->strings,
					   record->path, &module.path);
	if (result == 0)
		*ret_module = module;
	return result;
}

/* Modules are few, and their flags change: all of them, each time. */
static int
read_modules(struct snapshot *snapshot, const struct snapshot_extent *extent)
{
	struct profile *profile = snapshot->profile;
	struct recording_module record;
	int result = 0;

	for (uint32_t i = 0; i < extent->count && result == 0; i++) {
		if (i >= profile->module_count) {
			profile->modules =
				xreallocarray(profile->modules, i + 1, sizeof(*profile->modules));
			memset(&profile->modules[i], 0, sizeof(*profile->modules));
		}
		result = snapshot_file_read(&snapshot->file, &record, sizeof(record),
					    extent->offset + (uint64_t)i * sizeof(record));
		if (result == 0)
			result = convert_module(snapshot, &record, &profile->modules[i]);
		if (result == 0 && i >= profile->module_count)
			profile->module_count = i + 1;
	}
	return result;
}

/* The only frames that change. */
static int
reread_threads(struct snapshot *snapshot, const struct snapshot_extent *extent)
{
	struct profile *profile = snapshot->profile;
	struct recording_frame record;
	int result = 0;

	for (uint32_t i = 0; i < profile->frame_count && result == 0; i++) {
		if (profile->frames[i].kind != PROFILE_FRAME_THREAD)
			continue;
		result = snapshot_file_read(&snapshot->file, &record, sizeof(record),
					    extent->offset + (uint64_t)i * sizeof(record));
		if (result == 0 && record.kind == FRAME_KIND_THREAD)
			result = convert_thread(snapshot, &record, &profile->frames[i]);
	}
	return result;
}

int
snapshot_read_marks(struct snapshot *snapshot)
{
	struct snapshot_extent marks;
	int result = snapshot_file_read_extent(&snapshot->file, SECTION_MARKS,
					       sizeof(struct recording_mark), SNAPSHOT_RECORDS_MAX,
					       &marks);

	if (result == 0)
		result = read_records(snapshot, &marks, snapshot->profile->mark_count,
				      sizeof(struct recording_mark), insert_mark);
	return result;
}

int
snapshot_read_tables(struct snapshot *snapshot)
{
	struct profile *profile = snapshot->profile;
	struct snapshot_extent sites, nodes, frames, modules;
	int result;

	result = snapshot_file_read_extent(&snapshot->file, SECTION_SITES, sizeof(uint32_t),
					   SNAPSHOT_RECORDS_MAX, &sites);
	if (result == 0)
		result = snapshot_file_read_extent(&snapshot->file, SECTION_NODES,
						   sizeof(struct recording_node),
						   SNAPSHOT_RECORDS_MAX, &nodes);
	if (result == 0)
		result = snapshot_file_read_extent(&snapshot->file, SECTION_FRAMES,
						   sizeof(struct recording_frame),
						   SNAPSHOT_RECORDS_MAX, &frames);
	if (result == 0)
		result = snapshot_file_read_extent(&snapshot->file, SECTION_MODULES,
						   sizeof(struct recording_module), MODULES_MAX,
						   &modules);
	if (result == 0)
		result = read_modules(snapshot, &modules);
	if (result == 0)
		result = snapshot_read_codes(snapshot);
	if (result == 0)
		result = reread_threads(snapshot, &frames);
	if (result == 0)
		result = read_records(snapshot, &frames, profile->frame_count,
				      sizeof(struct recording_frame), insert_frame);
	if (result == 0)
		result = read_records(snapshot, &nodes, profile->node_count,
				      sizeof(struct recording_node), insert_node);
	if (result == 0)
		result = read_records(snapshot, &sites, profile->site_count + 1, sizeof(uint32_t),
				      insert_site);
	if (result == 0)
		result = snapshot_read_marks(snapshot);
	if (result == 0)
		snapshot_read_thread_names(snapshot);
	return result;
}
