/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapping_heritage.h"

#include <string.h>

#include "base/hash.h"
#include "base/lock.h"
#include "capture/python_code.h"
#include "capture/unwind_rules.h"
#include "data/domain_table.h"
#include "data/mapping_table.h"
#include "data/trace_table.h"
#include "memory/arena.h"
#include "process.h"
#include "record_mapping.h"
#include "recording/recording_map.h"

#define PLACE_NONE  0u
#define PLACE_FIRST 8u
#define RANGES_MIN  64u
#define INDEX_MIN   256u
#define TEXT_MIN    ((size_t)16 << 10)
#define TEXT_MAX    ((size_t)1 << 31)
#define TRIES       4 /* while other threads map more and more */

/* What is told of; its number is that of the parent's recording. */
enum kind {
	MODULE = 1,
	CODE,
	FRAME,
	SITE,
};

/* One of them, at a place in the text; what it is made of comes behind it. */
struct told {
	uint64_t key;
	uint32_t made; /* its number in this process, of code plus one; 0: none yet */
	uint32_t count;
};

struct told_module {
	struct told told; /* the path behind it */
	struct recording_module module;
};

struct told_code {
	struct told told; /* its texts behind it */
	struct recording_code code;
};

struct told_frame {
	struct told told; /* a name behind it */
	struct recording_frame frame;
	uint32_t owner; /* the place of its module or its code */
	uint32_t reserved;
};

/* All of it lasts over a fork. */
static struct {
	struct lock lock;
	bool is_left;       /* it is what the table was at the last copy */
	uint32_t site_base; /* sites below are of before a clearing */
	struct recording_mapping *ranges;
	uint64_t range_room, range_count;
	char *text;
	size_t text_room, text_bytes;
	uint32_t *index; /* places in the text, by key: open addressing */
	uint32_t index_room, index_count;
} heritage;

static void *
at(uint32_t place)
{
	return heritage.text + place;
}

/* --- memory --- */

static void *
enlarge(const void *old, size_t used, size_t bytes)
{
	char *memory = arena_allocate_lasting(bytes, true);

	if (memory != NULL && old != NULL)
		memcpy(memory, old, used);
	return memory;
}

static bool
reserve_ranges(uint64_t count)
{
	uint64_t room = count + count / 2 + RANGES_MIN;
	void *memory;

	if (count <= heritage.range_room && heritage.range_room != 0)
		return true;
	memory = enlarge(NULL, 0, room * sizeof *heritage.ranges);
	if (memory == NULL)
		return false;
	heritage.ranges = memory;
	heritage.range_room = room;
	return true;
}

/* Where so many bytes are free behind the text; PLACE_NONE when there is no room. */
static uint32_t
reserve_text(size_t bytes)
{
	size_t room = heritage.text_room;
	void *memory;

	if (heritage.text_bytes == 0)
		heritage.text_bytes = PLACE_FIRST;
	if (bytes > TEXT_MAX - heritage.text_bytes)
		return PLACE_NONE;
	while (room < heritage.text_bytes + bytes)
		room = room == 0 ? TEXT_MIN : room * 2;
	if (room != heritage.text_room) {
		memory = enlarge(heritage.text, heritage.text_bytes, room);
		if (memory == NULL)
			return PLACE_NONE;
		heritage.text = memory;
		heritage.text_room = room;
	}
	return (uint32_t)heritage.text_bytes;
}

static uint64_t
key_of(enum kind kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

/* The entry of a key, or the free one where it belongs. */
static uint32_t *
entry_of(uint64_t key)
{
	uint32_t mask = heritage.index_room - 1, i = hash_u64(key) & mask;

	while (heritage.index[i] != PLACE_NONE &&
	       ((const struct told *)at(heritage.index[i]))->key != key)
		i = (i + 1) & mask;
	return &heritage.index[i];
}

static bool
grow_index(void)
{
	const uint32_t *old = heritage.index;
	uint32_t old_room = heritage.index_room, room = old_room == 0 ? INDEX_MIN : old_room * 2;
	uint32_t *index = enlarge(NULL, 0, room * sizeof *index);

	if (index == NULL)
		return false;
	heritage.index = index;
	heritage.index_room = room;
	for (uint32_t i = 0; i < old_room; i++)
		if (old[i] != PLACE_NONE)
			*entry_of(((const struct told *)at(old[i]))->key) = old[i];
	return true;
}

static uint32_t
find(enum kind kind, uint32_t number)
{
	return heritage.index_room != 0 ? *entry_of(key_of(kind, number)) : PLACE_NONE;
}

/* Begin one more: its first bytes. Where `more` bytes of it go to, or NULL when there is no room.
 */
static void *
begin(const void *head, size_t head_bytes, size_t more)
{
	uint32_t place = reserve_text(head_bytes + more);

	if (place == PLACE_NONE ||
	    (heritage.index_count >= heritage.index_room / 2 && !grow_index()))
		return NULL;
	memcpy(heritage.text + place, head, head_bytes);
	return heritage.text + place + head_bytes;
}

/* It is complete. Returns its place. */
static uint32_t
end(size_t bytes)
{
	uint32_t place = (uint32_t)heritage.text_bytes;

	*entry_of(((const struct told *)at(place))->key) = place;
	heritage.index_count++;
	heritage.text_bytes += round_up(bytes, sizeof(uint64_t));
	return place;
}

/* One with a text behind it. Its place, or PLACE_NONE when there is no room. */
static uint32_t
insert(const void *head, size_t head_bytes, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *behind = begin(head, head_bytes, bytes);

	if (behind == NULL)
		return PLACE_NONE;
	memcpy(behind, text, bytes);
	return end(head_bytes + bytes);
}

/* --- the parent tells --- */

static uint32_t
tell_module(uint32_t number)
{
	struct told_module head = {{key_of(MODULE, number), 0, 0}, recording.modules[number]};
	uint32_t place = find(MODULE, number);

	if (place != PLACE_NONE)
		return place;
	return insert(&head, sizeof head, recording.strings + head.module.path);
}

static uint32_t
tell_code(uint32_t number)
{
	struct told_code head = {{key_of(CODE, number), 0, 0}, recording.codes[number]};
	const struct recording_code *code = &head.code;
	size_t bytes = (size_t)code->file_bytes + code->name_bytes + code->table_bytes;
	uint32_t place = find(CODE, number);
	char *text;

	if (place != PLACE_NONE)
		return place;
	text = begin(&head, sizeof head, bytes);
	if (text == NULL)
		return PLACE_NONE;
	memcpy(text, recording.code_text + code->file, code->file_bytes);
	text += code->file_bytes;
	memcpy(text, recording.code_text + code->name, code->name_bytes);
	text += code->name_bytes;
	memcpy(text, recording.code_text + code->table, code->table_bytes);
	return end(sizeof head + bytes);
}

static uint32_t
tell_frame(uint32_t number)
{
	struct told_frame head = {{key_of(FRAME, number), 0, 0}, recording.frames[number], 0, 0};
	uint32_t place = find(FRAME, number), kind = head.frame.kind;
	const char *name = "";

	if (place != PLACE_NONE)
		return place;
	if (kind == FRAME_KIND_MODULE || kind == FRAME_KIND_PYTHON) {
		head.owner = kind == FRAME_KIND_MODULE ? tell_module(head.frame.module)
						       : tell_code(head.frame.module);
		if (head.owner == PLACE_NONE)
			return PLACE_NONE;
	} else if (kind == FRAME_KIND_THREAD || kind == FRAME_KIND_DOMAIN) {
		name = recording.strings + head.frame.module;
	}
	return insert(&head, sizeof head, name);
}

/* The places of its frames from the leaf outwards. */
static uint32_t
tell_site(uint32_t number)
{
	struct told head = {key_of(SITE, number), 0, 0};
	uint32_t place = find(SITE, number), leaf = recording.sites[number], node;
	uint32_t *frames;

	if (place != PLACE_NONE)
		return place;
	for (node = leaf; node != NODE_ROOT; node = recording.nodes[node].parent) {
		if (tell_frame(recording.nodes[node].frame) == PLACE_NONE)
			return PLACE_NONE;
		head.count++;
	}
	frames = begin(&head, sizeof head, head.count * sizeof *frames);
	if (frames == NULL)
		return PLACE_NONE;
	for (node = leaf; node != NODE_ROOT; node = recording.nodes[node].parent)
		*frames++ = find(FRAME, recording.nodes[node].frame);
	return end(sizeof head + head.count * sizeof *frames);
}

static bool
copy_ranges(void)
{
	uint64_t count = heritage.range_room;

	for (unsigned i = 0; i < TRIES; i++) {
		if (!reserve_ranges(count))
			return false;
		if (mapping_table_copy(heritage.ranges, heritage.range_room, &count)) {
			heritage.range_count = count;
			return true;
		}
	}
	return false;
}

/* Those that are somebody's, and no heap. */
static bool
tell_ranges(void)
{
	uint64_t kept = 0;

	for (uint64_t i = 0; i < heritage.range_count; i++) {
		struct recording_mapping range = heritage.ranges[i];

		if (range.site < heritage.site_base ||
		    domain_table_has_block(range.start, range.end))
			continue;
		if (tell_site(range.site) == PLACE_NONE)
			return false;
		heritage.ranges[kept++] = range;
	}
	heritage.range_count = kept;
	return true;
}

static bool
is_current(void)
{
	return load(&heritage.is_left) && mapping_table_is_copied() &&
	       heritage.site_base == recording_site_base();
}

void
mapping_heritage_leave(void)
{
	/* A child that has not begun leaves its own children what it has. */
	if (!process_is_ready() || !mapping_table_exists() || is_current() ||
	    !lock_take(&heritage.lock))
		return;
	/* Another thread may fork meanwhile: its child has none. */
	store(&heritage.is_left, false);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	heritage.site_base = recording_site_base();
	if (copy_ranges() && tell_ranges()) {
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		store(&heritage.is_left, true);
	}
	lock_drop(&heritage.lock);
}

/* --- the child takes it --- */

static uint32_t
make_owner(struct told_frame *frame)
{
	struct told_code *code = at(frame->owner);
	uint32_t number;

	if (code->told.made == 0) {
		number = python_code_inherit(&code->code, (const char *)(code + 1));
		if (number == UINT32_MAX)
			return UINT32_MAX;
		code->told.made = number + 1;
	}
	return code->told.made - 1;
}

static uint32_t
make_new_frame(struct told_frame *told)
{
	struct recording_frame frame = told->frame;
	const char *name = (const char *)(told + 1);
	const struct told_module *module;

	switch (frame.kind) {
	case FRAME_KIND_FIXED:
		return (uint32_t)frame.value;
	case FRAME_KIND_MODULE:
		module = at(told->owner);
		return unwind_rules_inherit_frame(&module->module, (const char *)(module + 1),
						  frame.value);
	case FRAME_KIND_PYTHON:
		frame.module = make_owner(told);
		return frame.module == UINT32_MAX ? FRAME_NONE : unwind_rules_intern(&frame);
	case FRAME_KIND_DOMAIN:
		if (frame.value == RECORDING_MMAP_DOMAIN)
			return record_mapping_frame();
		break;
	default:
		break;
	}
	return unwind_rules_add_frame(frame.kind, frame.value, name[0] != '\0' ? name : NULL);
}

/* The number of the frame; FRAME_NONE when there is no room. */
static uint32_t
make_frame(uint32_t place)
{
	struct told_frame *told = at(place);

	if (told->told.made == 0)
		told->told.made = make_new_frame(told);
	return told->told.made;
}

static uint32_t
make_new_site(const struct told *told)
{
	const uint32_t *frames = (const void *)(told + 1);
	uint32_t node = NODE_ROOT;

	for (uint32_t i = told->count; i > 1 && node != NODE_NONE; i--)
		node = trace_table_child(node, make_frame(frames[i - 1]));
	if (node == NODE_NONE || told->count == 0)
		return recording_fixed_site(FIXED_SITE_UNKNOWN);
	return trace_table_site(node, make_frame(frames[0]));
}

static uint32_t
make_site(uint32_t place)
{
	struct told *told = at(place);

	if (told->made == 0)
		told->made = make_new_site(told);
	return told->made;
}

static void
take_ranges(void)
{
	struct mapping_changes changes;
	struct mapping_removal removal;

	mapping_table_get_changes(&changes);
	if (changes.more)
		return;
	for (uint64_t i = 0; i < heritage.range_count; i++) {
		const struct recording_mapping *range = &heritage.ranges[i];

		mapping_table_insert((const void *)range->start, range->end - range->start,
				     make_site(find(SITE, range->site)));
	}
	for (uint32_t i = 0; i < changes.count; i++)
		mapping_table_remove((const void *)changes.ranges[i].start,
				     changes.ranges[i].end - changes.ranges[i].start, &removal);
}

void
mapping_heritage_accept(void)
{
	if (heritage.is_left && mapping_table_exists())
		take_ranges();
	/* What was told of has numbers of the parent's. */
	heritage.is_left = false;
	heritage.range_count = heritage.index_count = 0;
	heritage.text_bytes = 0;
	if (heritage.index != NULL)
		memset(heritage.index, 0, heritage.index_room * sizeof *heritage.index);
}

bool
mapping_heritage_waits(const void *address, size_t bytes)
{
	uintptr_t start = (uintptr_t)address;

	if (likely(process_state() != PROCESS_NEW) || !heritage.is_left)
		return false;
	for (uint64_t i = 0; i < heritage.range_count; i++)
		if (heritage.ranges[i].start < start + bytes && heritage.ranges[i].end > start)
			return true;
	return false;
}
