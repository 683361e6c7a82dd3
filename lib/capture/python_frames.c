/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_frames.c - two passes: the chain is copied from the inside outward, and compared from the
 * outside inward
 *
 * Budget: about three loads, three stores and a comparison for each frame that is as it was.
 */
#include "capture/python_frames.h"

#include "base/hash.h"
#include "base/os.h"
#include "capture/python.h"
#include "capture/python_code.h"
#include "data/trace_table.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

#define CAPACITY_FIRST 64u

void
python_frames_forget(struct python_memory *m)
{
	m->depth = 0;
	m->thread = NULL;
	for (uint32_t i = 0; i < PYTHON_IDS; i++)
		m->ids[i].code = NULL;
	for (uint32_t i = 0; i < PYTHON_STACKS; i++)
		m->stacks[i].native = NODE_NONE;
	for (uint32_t i = 0; i < PYTHON_PLAIN; i++)
		m->plain[i] = NODE_NONE;
}

struct python_memory *
python_frames_new(void)
{
	struct python_memory *m = arena_allocate_lasting(sizeof *m, false);

	if (m != NULL)
		python_frames_forget(m);
	return m;
}

static COLD bool
grow(struct python_memory *m)
{
	uint32_t capacity = m->capacity == 0 ? CAPACITY_FIRST : m->capacity * 2;
	struct python_frame *frames, *fresh;

	if (m->capacity >= PYTHON_FRAMES_MAX)
		return false;
	frames = arena_allocate_lasting(capacity * sizeof *frames, false);
	fresh = arena_allocate_lasting(capacity * sizeof *fresh, false);
	if (frames == NULL || fresh == NULL)
		return false;
	arena_add_bytes(2 * capacity * sizeof *frames);
	for (uint32_t i = 0; i < m->depth; i++)
		frames[i] = m->frames[i];
	for (uint32_t i = 0; i < m->capacity; i++)
		fresh[i] = m->fresh[i];
	m->frames = frames;
	m->fresh = fresh;
	m->capacity = capacity;
	return true;
}

/*** the chain ***/

static inline const char *
pointer_at(const char *object, int offset)
{
	return *(const char *const *)(const void *)(object + offset);
}

/* Put down one more of the chain. False when there is no room. */
static inline bool
push(struct python_memory *m, uint32_t *count, const char *address, const char *code,
     uint64_t instruction)
{
	struct python_frame *f;

	if (unlikely(*count == m->capacity) && !grow(m)) {
		m->is_cut = true;
		return false;
	}
	f = &m->fresh[(*count)++];
	f->address = address;
	f->code = code;
	f->instruction = instruction;
	return true;
}

/* Up to 3.10. Every frame is an activation; up to 3.9 it has no mark. */
static uint32_t
copy_objects(struct python_memory *m, const char *thread)
{
	const struct python_layout *l = &python.layout;
	const char *frame = pointer_at(thread, l->thread_frame);
	const char *mark =
		l->thread_cframe != PYTHON_NO_FIELD ? pointer_at(thread, l->thread_cframe) : NULL;
	uint32_t count = 0;

	for (; frame != NULL; frame = pointer_at(frame, l->frame_previous)) {
		int32_t instruction =
			*(const int32_t *)(const void *)(frame + l->frame_instruction);

		if (!push(m, &count, frame, pointer_at(frame, l->frame_code),
			  (uint32_t)instruction) ||
		    !push(m, &count, mark, NULL, 0))
			break;
		if (mark != NULL)
			mark = pointer_at(mark, l->cframe_previous);
	}
	return count;
}

static inline bool
push_frame(struct python_memory *m, uint32_t *count, const char *frame, unsigned owner)
{
	const struct python_layout *l = &python.layout;
	/* From 3.14 on the lowest bits say how it is counted. */
	uintptr_t code = (uintptr_t)pointer_at(frame, l->frame_code) & ~(uintptr_t)7;
	uint64_t instruction = *(const uint64_t *)(const void *)(frame + l->frame_instruction);

	return push(m, count, frame, (const char *)code,
		    instruction | (owner == PYTHON_OWNER_GENERATOR ? 1 : 0));
}

static uint32_t
copy_entries(struct python_memory *m, const char *thread)
{
	const struct python_layout *l = &python.layout;
	const char *mark = pointer_at(thread, l->thread_cframe);
	const char *frame = mark != NULL ? pointer_at(mark, l->cframe_frame) : NULL;
	uint32_t count = 0;

	for (; frame != NULL; frame = pointer_at(frame, l->frame_previous)) {
		if (!push_frame(m, &count, frame, (uint8_t)frame[l->frame_owner]))
			break;
		if (frame[l->frame_is_entry] == 0)
			continue;
		if (!push(m, &count, mark, NULL, 0))
			break;
		if (mark != NULL)
			mark = pointer_at(mark, l->cframe_previous);
	}
	return count;
}

static uint32_t
copy_shims(struct python_memory *m, const char *thread)
{
	const struct python_layout *l = &python.layout;
	const char *frame;
	uint32_t count = 0;

	if (l->thread_frame != PYTHON_NO_FIELD) {
		frame = pointer_at(thread, l->thread_frame);
	} else {
		const char *cframe = pointer_at(thread, l->thread_cframe);

		frame = cframe != NULL ? pointer_at(cframe, l->cframe_frame) : NULL;
	}
	for (; frame != NULL; frame = pointer_at(frame, l->frame_previous)) {
		unsigned owner = (uint8_t)frame[l->frame_owner];

		if (!(owner >= PYTHON_OWNER_SHIM ? push(m, &count, frame, NULL, 0)
						 : push_frame(m, &count, frame, owner)))
			break;
	}
	return count;
}

static uint32_t
copy_chain(struct python_memory *m, const char *thread)
{
	m->is_cut = false;
	switch (python.layout.frames) {
	case PYTHON_FRAME_OBJECTS:
		return copy_objects(m, thread);
	case PYTHON_FRAME_ENTRIES:
		return copy_entries(m, thread);
	case PYTHON_FRAME_SHIMS:
		return copy_shims(m, thread);
	}
	return 0;
}

/*** the thread ***/

/* Whether a chain of frames that nobody has looked at yet is one, as far as it can be read. */
static COLD bool
is_chain(const char *thread)
{
	const struct python_layout *l = &python.layout;
	const char *frame = NULL;
	bool has_frame = l->thread_frame != PYTHON_NO_FIELD;
	char page[96];

	if (!os_read_memory(thread + (has_frame ? l->thread_frame : l->thread_cframe), &frame,
			    sizeof frame))
		return false;
	if (!has_frame && frame != NULL &&
	    !os_read_memory(frame + l->cframe_frame, &frame, sizeof frame))
		return false;
	for (uint32_t i = 0; i < PYTHON_FRAMES_MAX && frame != NULL; i++) {
		if (!os_read_memory(frame, page, sizeof page))
			return false;
		frame = pointer_at(page, l->frame_previous);
	}
	return true;
}

/* A state that this thread did not have at its last event. False: it is not its own. */
static COLD bool
meet_thread(struct python_memory *m, const char *thread)
{
	uintptr_t id = 0;

	bool own = os_read_memory(thread + python.layout.thread_id, &id, sizeof id) &&
		   id == arch_thread_control();

	/* Later one may be met that another thread has made for this one. */
	if (python.state == PYTHON_FOUND && (!own || !is_chain(thread)))
		python_refuse(TROUBLE_PYTHON_STRANGE);
	m->thread = thread;
	return own && python_is_readable();
}

static inline const char *
find_thread(struct python_memory *m)
{
	/* The first one asks for no memory of a thread that has no frames. */
	const char *thread = python.get_thread(), *attached;

	if (thread == NULL)
		return NULL;
	if (python.get_attached_thread != NULL) {
		attached = python.get_attached_thread();
		if (attached != NULL)
			thread = attached;
	}
	if (unlikely(thread != m->thread || python.state == PYTHON_FOUND) &&
	    !meet_thread(m, thread)) {
		m->thread = NULL;
		return NULL;
	}
	return thread;
}

/*** nodes ***/

/* The frame of code at an instruction; false if the code is none. */
static inline bool
set_frame(struct python_memory *m, struct python_frame *f)
{
	uint64_t key = (uintptr_t)f->code ^ f->instruction << 5;
	struct python_id *id = &m->ids[hash_u64(key) % PYTHON_IDS];
	bool strange = false;

	if (f->code == NULL) {
		f->frame = FRAME_TRUNCATED;
		return true;
	}
	if (unlikely(id->code != f->code || id->instruction != f->instruction ||
		     id->generation != m->generation)) {
		uint32_t frame = python_code_frame(f->code, f->instruction, &strange);

		if (frame == FRAME_UNKNOWN) {
			f->frame = frame;
			return !strange;
		}
		*id = (struct python_id){f->code, f->instruction, frame, m->generation};
	}
	f->frame = id->frame;
	return true;
}

static inline bool
is_same(const struct python_frame *a, const struct python_frame *b)
{
	return a->address == b->address && a->code == b->code && a->instruction == b->instruction;
}

/* Give the frames from the `kept` outermost ones on their nodes. */
static uint32_t
place(struct python_memory *m, uint32_t kept, uint32_t count)
{
	uint32_t node = kept > 0 ? m->frames[kept - 1].node : NODE_ROOT;
	struct trace_path path = {false};

	m->depth = kept;
	for (uint32_t k = kept; k < count; k++) {
		struct python_frame *f = &m->frames[k];

		*f = m->fresh[count - 1 - k];
		if (!set_frame(m, f)) {
			m->depth = 0;
			python_refuse(TROUBLE_PYTHON_STRANGE);
			return NODE_NONE;
		}
	}
	for (uint32_t k = kept; k < count && node != NODE_NONE; k++) {
		struct python_frame *f = &m->frames[k];

		if (f->frame != PYTHON_FRAME_SKIPPED)
			node = trace_table_path_child(&path, node, f->frame);
		f->node = node;
	}
	if (unlikely(path.locked))
		trace_table_end_path(&path);
	m->depth = node != NODE_NONE ? count : 0;
	return node;
}

uint32_t
python_frames_node(struct python_memory *m)
{
	const char *thread;
	uint32_t count, kept = 0, most, node;

	if (python.is_finalizing())
		return PYTHON_NODE_NONE;
	thread = find_thread(m);
	if (thread == NULL)
		return PYTHON_NODE_NONE;
	if (unlikely(m->generation != load(&python_code_generation))) {
		m->generation = load(&python_code_generation);
		m->depth = 0;
	}
	count = copy_chain(m, thread);
	most = count < m->depth ? count : m->depth;
	while (kept < most && is_same(&m->frames[kept], &m->fresh[count - 1 - kept]))
		kept++;
	if (likely(kept == count)) {
		m->depth = count;
		return count > 0 ? m->frames[count - 1].node : PYTHON_NODE_NONE;
	}
	node = place(m, kept, count);
	if (node == NODE_NONE)
		return PYTHON_NODE_NONE;
	if (python.state == PYTHON_FOUND)
		python_check();
	return node;
}
