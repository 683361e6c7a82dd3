/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_objects.c - what is read of an object is its type, and of that, what lies in front of it
 */
#include "python_objects.h"

#include "base/elf_symbol.h"
#include "record_domain.h"
#include "recording/recording_map.h"
#include "thread_gate.h"

/* PyRefTracer and PyRefTracerEvent */
typedef int tracer(void *object, int event, void *data);
#define OBJECT_MADE 0

/* PyTypeObject, the same from 3.13 on. */
#define TYPE_FLAGS        168
#define TYPE_MANAGED      (3u << 3) /* weak references and a dictionary: two pointers in front */
#define TYPE_IS_COLLECTED (1u << 14)
#define MANAGED_BYTES     16
#define COLLECTED_BYTES   16 /* PyGC_Head */

static int (*set_tracer)(tracer *tracer, void *data);
static tracer *(*get_tracer)(void **ret_data);
static uint32_t (*frame_of_objects)(void);

static inline void *
block_of(char *object)
{
	const char *type = *(const char *const *)(const void *)(object + PYTHON_OBJECT_TYPE);
	uint64_t flags = *(const uint64_t *)(const void *)(type + TYPE_FLAGS);

	return object - ((flags & TYPE_MANAGED) != 0 ? MANAGED_BYTES : 0) -
	       ((flags & TYPE_IS_COLLECTED) != 0 ? COLLECTED_BYTES : 0);
}

static HOT int
hear(void *object, int event, void *data)
{
	const struct caller *caller = CALLER;
	struct thread *t;
	void *block;

	(void)data;
	/* While the interpreter ends there is no line to move it to. */
	if (event != OBJECT_MADE || object == NULL || unlikely(python.is_finalizing()))
		return 0;
	t = thread_enter(STACK, true);
	if (unlikely(t == NULL))
		return 0;
	block = block_of(object);
	if (t->unborn == block)
		t->unborn = NULL;
	else
		record_domain_renew(t, frame_of_objects(), block, caller);
	thread_leave(t);
	return 0;
}

void
python_objects_find(const struct link_map *object, uint32_t (*frame)(void))
{
	if (python.mode != PYTHON_OBJECTS)
		return;
	frame_of_objects = frame;
	set_tracer = (int (*)(tracer *, void *))elf_symbol_find(object, "PyRefTracer_SetTracer");
	get_tracer = (tracer * (*)(void **)) elf_symbol_find(object, "PyRefTracer_GetTracer");
	if (set_tracer != NULL && get_tracer != NULL)
		return;
	python.mode = PYTHON_ON;
	python.trouble |= TROUBLE_PYTHON_OLD;
	python_publish();
}

/* tracemalloc, for one, takes the place when it starts, and leaves it empty when it stops. */
static COLD void
take_place(tracer *other)
{
	if (other == NULL)
		set_tracer(hear, NULL);
	else
		recording_note(TROUBLE_PYTHON_TRACED);
}

void
python_objects_expect(struct thread *t, const void *block)
{
	void *data;
	tracer *now = get_tracer(&data);

	if (unlikely(now != hear) && python.state == PYTHON_CHECKED)
		take_place(now);
	t->unborn = block;
}
