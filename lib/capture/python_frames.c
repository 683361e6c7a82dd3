/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_frames.c - what changed since the last event is most often a few inner frames
 *
 * Budget: three loads and a comparison for each frame that is as it was.
 */
#include "capture/python_frames.h"

#include "base/hash.h"
#include "base/os_memory.h"
#include "capture/python.h"
#include "capture/python_code.h"
#include "data/trace_table.h"
#include "memory/arena.h"
#include "recording/recording_map.h"

#define CAPACITY_FIRST 64u
#define NEAR           8u

void
python_frames_forget(struct python_memory *m)
{
	m->depth = m->steady = m->merged_count = 0;
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

static inline int32_t
number_at(const char *object, int offset)
{
	return *(const int32_t *)(const void *)(object + offset);
}

/* Where a look at the chain is: what comes next, and the mark of the activation it is in. */
struct cursor {
	const char *frame, *mark;
	bool at_mark; /* the mark comes first */
};

static ALWAYS_INLINE struct cursor
begin(enum python_frames kind, const char *thread)
{
	const struct python_layout *l = &python.layout;
	struct cursor c = {NULL, NULL, false};

	if (l->thread_cframe != PYTHON_NO_FIELD)
		c.mark = pointer_at(thread, l->thread_cframe);
	if (l->thread_frame != PYTHON_NO_FIELD)
		c.frame = pointer_at(thread, l->thread_frame);
	else if (kind != PYTHON_FRAME_OBJECTS && c.mark != NULL)
		c.frame = pointer_at(c.mark, l->cframe_frame);
	return c;
}

/* The word that `owner` is in, and 3.11's `is_entry`: in part unrelated, but as constant. */
static ALWAYS_INLINE uint64_t
flags_at(const char *frame, const struct python_layout *l)
{
	return *(const uint64_t *)(const void *)(frame + (l->frame_owner & ~7));
}

static ALWAYS_INLINE void
take_mark(struct cursor *c, struct python_frame *f)
{
	f->address = c->mark;
	f->code = NULL;
	f->instruction = 0;
	f->other = c->frame;
	if (c->mark != NULL && python.layout.cframe_previous != PYTHON_NO_FIELD)
		c->mark = pointer_at(c->mark, python.layout.cframe_previous);
	f->previous = c->mark;
	c->at_mark = false;
}

/* The next frame or mark outward; false at the end. */
static ALWAYS_INLINE bool
next(enum python_frames kind, struct cursor *c, struct python_frame *f)
{
	const struct python_layout *l = &python.layout;
	unsigned owner;

	if (kind != PYTHON_FRAME_SHIMS && c->at_mark) {
		take_mark(c, f);
		return true;
	}
	if (c->frame == NULL)
		return false;
	f->address = c->frame;
	f->other = c->mark;
	f->previous = c->frame = pointer_at(f->address, l->frame_previous);
	if (kind == PYTHON_FRAME_OBJECTS) {
		f->code = pointer_at(f->address, l->frame_code);
		f->instruction = (uint32_t)number_at(f->address, l->frame_instruction);
		c->at_mark = true;
		return true;
	}
	f->flags = flags_at(f->address, l);
	owner = (uint8_t)f->address[l->frame_owner];
	if (kind == PYTHON_FRAME_SHIMS && owner >= PYTHON_OWNER_SHIM) {
		f->code = NULL;
		f->instruction = 0;
		return true;
	}
	/* From 3.14 on the lowest bits say how it is counted. */
	f->code = (const char *)((uintptr_t)pointer_at(f->address, l->frame_code) & ~(uintptr_t)7);
	f->instruction = (uintptr_t)pointer_at(f->address, l->frame_instruction) |
			 (owner == PYTHON_OWNER_GENERATOR ? 1 : 0);
	if (kind == PYTHON_FRAME_ENTRIES)
		c->at_mark = f->address[l->frame_is_entry] != 0;
	return true;
}

static inline bool
is_same(const struct python_frame *a, const struct python_frame *b)
{
	return a->address == b->address && a->code == b->code && a->instruction == b->instruction;
}

/* A frame that is as it was may have moved in what says so. */
static inline void
refresh(struct python_frame *kept, const struct python_frame *now)
{
	kept->previous = now->previous;
	kept->other = now->other;
	kept->flags = now->flags;
}

/*
 * Whether a frame or mark that is in the chain is as it was, and what comes next as well. Where the
 * instruction is an address, it lies in its code object and tells it. Offsets of fields are given,
 * so that they are in registers.
 */
static ALWAYS_INLINE bool
is_unchanged(enum python_frames kind, const struct python_frame *f, const struct python_layout *l)
{
	if (kind != PYTHON_FRAME_SHIMS && f->code == NULL)
		return f->address == NULL || l->cframe_previous == PYTHON_NO_FIELD ||
		       pointer_at(f->address, l->cframe_previous) == f->previous;
	if (pointer_at(f->address, l->frame_previous) != f->previous)
		return false;
	if (kind == PYTHON_FRAME_OBJECTS)
		return pointer_at(f->address, l->frame_code) == f->code &&
		       (uint32_t)number_at(f->address, l->frame_instruction) == f->instruction;
	if (flags_at(f->address, l) != f->flags)
		return false;
	return (kind == PYTHON_FRAME_SHIMS && f->code == NULL) ||
	       (uintptr_t)pointer_at(f->address, l->frame_instruction) == (f->instruction & ~1ull);
}

/*
 * Whether the outermost `count` frames are all as they were. An address is looked at only after the
 * frame inside of it has been found to lead there, so none that is gone is read.
 */
static ALWAYS_INLINE bool
are_unchanged(enum python_frames kind, const struct python_memory *m, uint32_t count,
	      const struct cursor *c)
{
	const struct python_layout l = python.layout;
	const struct python_frame *f = &m->frames[count - 1];
	bool with_marks = kind != PYTHON_FRAME_SHIMS, is_mark = with_marks && f->code == NULL;

	if (m->is_cut || c->at_mark != is_mark || (is_mark ? c->mark : c->frame) != f->address)
		return false;
	if (with_marks && (is_mark ? c->frame : c->mark) != f->other)
		return false;
	while (is_unchanged(kind, f, &l)) {
		if (f-- == m->frames)
			return true;
	}
	return false;
}

/* Put down one more fresh frame. False when there is no room. */
static inline bool
push(struct python_memory *m, uint32_t *count, const struct python_frame *f)
{
	if (unlikely(*count == m->capacity) && !grow(m)) {
		m->is_cut = true;
		return false;
	}
	m->fresh[(*count)++] = *f;
	return true;
}

/* All of the chain is fresh; compare from the outside inward. Returns how many are as they were. */
static ALWAYS_INLINE uint32_t
take_all(enum python_frames kind, struct python_memory *m, const char *thread, uint32_t *ret_fresh)
{
	struct cursor c = begin(kind, thread);
	uint32_t count = 0, kept = 0, most;
	struct python_frame f;

	m->is_cut = false;
	while (next(kind, &c, &f) && push(m, &count, &f))
		;
	most = count < m->depth ? count : m->depth;
	while (kept < most && is_same(&m->frames[kept], &m->fresh[count - 1 - kept])) {
		refresh(&m->frames[kept], &m->fresh[count - 1 - kept]);
		kept++;
	}
	*ret_fresh = count - kept;
	return kept;
}

/* The remembered frame at an address among the innermost ones; its index plus one, or 0. */
static ALWAYS_INLINE uint32_t
find_near(const struct python_memory *m, const char *address)
{
	uint32_t end = m->depth > NEAR ? m->depth - NEAR : 0;

	for (uint32_t i = m->depth; i > end; i--) {
		if (m->frames[i - 1].address == address)
			return i;
	}
	return 0;
}

/*
 * Most often a few inner frames are others, and all further out as they were: those are compared in
 * place. Returns how many are; the rest is in m->fresh. Falls back to `take_all`.
 */
static ALWAYS_INLINE uint32_t
take_changed(enum python_frames kind, struct python_memory *m, const char *thread,
	     uint32_t *ret_fresh)
{
	struct cursor c = begin(kind, thread), start;
	uint32_t count = 0, i = 0, kept, inner;
	struct python_frame f;

	if (m->depth != 0 && are_unchanged(kind, m, m->depth, &c)) {
		*ret_fresh = 0;
		return m->depth;
	}
	for (;;) {
		start = c;
		if (!next(kind, &c, &f) || count == NEAR || count == m->capacity)
			return take_all(kind, m, thread, ret_fresh);
		i = find_near(m, f.address);
		if (i != 0)
			break;
		m->fresh[count++] = f;
	}
	c = start;
	kept = inner = i;
	for (; i > 0; i--) {
		/* The innermost one has gone on to another line; all others are as they were. */
		if (i + 1 == inner && likely(are_unchanged(kind, m, i, &c)))
			break;
		if (!next(kind, &c, &f) || f.address != m->frames[i - 1].address)
			return take_all(kind, m, thread, ret_fresh);
		if (likely(is_same(&f, &m->frames[i - 1])))
			refresh(&m->frames[i - 1], &f);
		else
			kept = i - 1;
	}
	if (i == 0 && next(kind, &c, &f))
		return take_all(kind, m, thread, ret_fresh);
	m->is_cut = false;
	for (c = start, i = inner; i > kept; i--) {
		if (!next(kind, &c, &f) || !push(m, &count, &f))
			return take_all(kind, m, thread, ret_fresh);
	}
	/* `frames` has as much room as `fresh`, which grows when it alone is full. */
	if (unlikely(kept + count > m->capacity))
		return take_all(kind, m, thread, ret_fresh);
	*ret_fresh = count;
	return kept;
}

static uint32_t
take_chain(struct python_memory *m, const char *thread, uint32_t *ret_fresh)
{
	switch (python.layout.frames) {
	case PYTHON_FRAME_OBJECTS:
		return take_changed(PYTHON_FRAME_OBJECTS, m, thread, ret_fresh);
	case PYTHON_FRAME_ENTRIES:
		return take_changed(PYTHON_FRAME_ENTRIES, m, thread, ret_fresh);
	case PYTHON_FRAME_SHIMS:
		return take_changed(PYTHON_FRAME_SHIMS, m, thread, ret_fresh);
	}
	*ret_fresh = 0;
	return 0;
}

/*** the thread ***/

/* Whether all that is read of a frame can be. */
static COLD bool
is_readable(const char *frame)
{
	const struct python_layout *l = &python.layout;
	const int16_t offsets[] = {l->frame_code, l->frame_previous, l->frame_instruction,
				   l->frame_owner, l->frame_is_entry};
	uint64_t word;

	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		if (offsets[i] != PYTHON_NO_FIELD &&
		    !os_read_memory(frame + offsets[i], &word,
				    offsets[i] == l->frame_owner || offsets[i] == l->frame_is_entry
					    ? 1
					    : sizeof word))
			return false;
	}
	return true;
}

static inline bool
has_frame(const struct python_layout *l)
{
	return l->thread_frame != PYTHON_NO_FIELD;
}

/* The word of a thread's state that its chain begins with: a frame, or where one is. */
static inline const char *
start_of(const char *thread)
{
	const struct python_layout *l = &python.layout;

	return thread + (has_frame(l) ? l->thread_frame : l->thread_cframe);
}

/* Whether a chain of frames that nobody has looked at yet is one, as far as it can be read. */
static COLD bool
is_chain(const char *start)
{
	const struct python_layout *l = &python.layout;
	const char *frame = start;

	if (!has_frame(l) && frame != NULL &&
	    !os_read_memory(frame + l->cframe_frame, &frame, sizeof frame))
		return false;
	for (uint32_t i = 0; i < PYTHON_FRAMES_MAX && frame != NULL; i++) {
		if (!is_readable(frame) ||
		    !os_read_memory(frame + l->frame_previous, &frame, sizeof frame))
			return false;
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
	if (python.state == PYTHON_FOUND &&
	    (!own || !os_read_memory(start_of(thread), &m->start, sizeof m->start) ||
	     !is_chain(m->start)))
		python_refuse(TROUBLE_PYTHON_STRANGE);
	m->thread = thread;
	return own && python_is_readable();
}

/* An interpreter that starts makes thousands of blocks before its first frame: what could be read
 * when its state was looked at is as it was. */
static COLD bool
has_no_frame_yet(const struct python_memory *m, const char *thread)
{
	const char *start;

	if (thread != m->thread || python.state != PYTHON_FOUND)
		return false;
	start = pointer_at(start_of(thread), 0);
	if (start != m->start || start == NULL)
		return start == m->start;
	return !has_frame(&python.layout) && pointer_at(start, python.layout.cframe_frame) == NULL;
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
	if (likely(thread == m->thread && python.state != PYTHON_FOUND))
		return thread;
	if (has_no_frame_yet(m, thread))
		return NULL;
	if (meet_thread(m, thread))
		return thread;
	m->thread = NULL;
	return NULL;
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

/* Give the fresh frames their nodes, on top of the `kept` outermost ones. */
static uint32_t
place(struct python_memory *m, uint32_t kept, uint32_t fresh)
{
	uint32_t count = kept + fresh;
	uint32_t node = kept > 0 ? m->frames[kept - 1].node : NODE_ROOT;
	struct trace_path path = {false};

	m->depth = kept;
	for (uint32_t k = kept; k < count; k++) {
		struct python_frame *f = &m->frames[k];

		*f = m->fresh[count - 1 - k];
		f->merged = NODE_NONE;
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
	uint32_t kept, fresh, node;

	if (python.is_finalizing())
		return PYTHON_NODE_NONE;
	thread = find_thread(m);
	if (thread == NULL)
		return PYTHON_NODE_NONE;
	if (unlikely(m->generation != load(&python_code_generation))) {
		m->generation = load(&python_code_generation);
		m->depth = 0;
	}
	kept = take_chain(m, thread, &fresh);
	if (kept < m->steady)
		m->steady = kept;
	if (likely(fresh == 0)) {
		m->depth = kept;
		return kept > 0 ? m->frames[kept - 1].node : PYTHON_NODE_NONE;
	}
	node = place(m, kept, fresh);
	if (node == NODE_NONE)
		return PYTHON_NODE_NONE;
	if (python.state == PYTHON_FOUND)
		python_check();
	return node;
}
