/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "thread.h"

#include <string.h>

#include "memory/arena.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/os_memory.h"
#include "capture/unwind_rules.h"
#include "process.h"
#include "recording/recording_map.h"

#define LIST_MAX   (1u << 16)
#define CANDIDATES 4 /* dead threads are looked for among so many */

/* What a thread has before its first event: a gate that never opens. */
static struct {
	char gates[THREAD_GATES];
	struct thread thread;
} nobody __attribute__((aligned(CACHE_LINE)));

__thread struct thread *thread_self = &nobody.thread;
bool thread_ready;

/* Stands for a thread that is just being registered, when a handler interrupts that. */
static struct thread newcomer;
__thread uintptr_t thread_registering;

static struct {
	struct lock lock;
	struct thread **list;
	uint32_t count;
	uint32_t made; /* in a forked child the list goes on with structs of the parent's threads */
	uint32_t hand;
	uint32_t shards;
	uint32_t shard_limit;
	char *next;    /* struct in the newest slab */
	uint32_t room; /* for so many from there on */
} threads;

#define STRIDE round_up(sizeof(struct thread), CACHE_LINE)

/* A thread that is gone, whose struct and shard can be had. */
static struct thread *
find_dead(uint32_t self)
{
	for (uint32_t i = 0; i < CANDIDATES && i < threads.count; i++) {
		struct thread *t = threads.list[threads.hand++ % threads.count];

		/* Its number came back to us: it must be gone. */
		if (t->id == self || !os_thread_lives(t->id))
			return t;
	}
	return NULL;
}

static bool
make_slab(void)
{
	char *slab = os_map(2 * THREAD_GATES, false);

	if (slab == NULL)
		return false;
	if (!os_wipe_on_fork(slab, THREAD_GATES)) {
		os_unmap(slab, 2 * THREAD_GATES);
		return false;
	}
	/* The room last: a handler may leave in between by siglongjmp. */
	threads.next = slab + THREAD_GATES;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	threads.room = THREAD_GATES / STRIDE;
	return true;
}

/* Add a struct to the end of the list. */
static bool
make_struct(void)
{
	char *made;

	if (threads.list == NULL)
		threads.list = arena_allocate_lasting(LIST_MAX * sizeof(struct thread *), false);
	if (threads.list == NULL || threads.made == LIST_MAX || (threads.room == 0 && !make_slab()))
		return false;
	made = threads.next;
	/* Nothing is given twice, and nothing counted that is not there, when a handler leaves. */
	threads.room--;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	threads.next = made + STRIDE;
	threads.list[threads.made] = (struct thread *)(void *)made;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	threads.made++;
	arena_add_bytes(2 * STRIDE);
	return true;
}

static struct thread *
new_thread(void)
{
	uint32_t shard = SHARD_SHARED;
	struct thread *t;

	if (threads.count == threads.made && !make_struct())
		return NULL;
	t = threads.list[threads.count];
	if (threads.shards < threads.shard_limit)
		shard = SHARD_FIRST + threads.shards;
	if (!counters_attach(shard, &t->counting))
		return NULL;
	threads.shards += shard != SHARD_SHARED;
	threads.count++;
	if (shard >= recording.header->shard_count)
		store(&recording.header->shard_count, shard + 1);
	return t;
}

/* A struct that nobody uses becomes that of the thread `self`. */
static void
begin_thread(struct thread *t, uint32_t self)
{
	t->id = self;
	t->control = arch_thread_control();
	t->forks_inside = false;
	t->asking = false;
	t->passing = false;
	t->callback_sp = 0;
	t->last_block = NULL;
	t->site = SITE_NONE;
	t->name[0] = '\0';
	t->births = 0;
	unwind_set_thread(&t->unwind, self, recording.control->blocks != 0);
	t->counting.shard->threads++;
	counters_prepare(&t->counting);
	if (!t->counting.shared)
		t->counting.shard->owner = self;
	/* Whoever comes second ends the first one's being alone, even if that one is gone: the
	 * kernel's word for it may be late. */
	if (threads.count > 1)
		counters_share();
}

/* From here on the thread has its struct. The gate is busy before that is seen: what interrupts is
 * nested in the event that comes now. */
static void
take_struct(struct thread *t, uintptr_t sp)
{
	t->entry_sp = sp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	thread_gate(t)->now = GATE_BUSY;
	thread_self = t;
	/* In this order: whatever was stored after a fork by a handler is taken back. */
	thread_gate(t)->open = GATE_OPEN;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!process_is_ready())
		thread_gate(t)->open = GATE_CLOSED;
}

static struct thread *
register_locked(uint32_t self, uintptr_t sp)
{
	struct thread *t = find_dead(self);

	if (t == NULL)
		t = new_thread();
	if (t != NULL) {
		begin_thread(t, self);
		take_struct(t, sp);
	}
	return t;
}

COLD struct thread *
thread_register(uintptr_t sp)
{
	uint32_t self = os_thread_id();
	struct thread *t = NULL;

	/* The id is what `lock_take` names the holder by, also when a handler takes one. */
	lock_thread_id = self;
	thread_registering = sp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (lock_take(&threads.lock)) {
		t = register_locked(self, sp);
		lock_drop(&threads.lock);
	}
	thread_registering = 0;
	return t;
}

COLD void
thread_note_name(struct thread *t)
{
	char name[OS_THREAD_NAME_BYTES];

	if (t->unwind.thread_frame == FRAME_NONE)
		return;
	os_thread_name(name);
	if (strcmp(name, t->name) == 0)
		return;
	memcpy(t->name, name, sizeof name);
	unwind_rules_name_frame(t->unwind.thread_frame, name);
}

struct thread *
thread_newcomer(void)
{
	return newcomer.counting.shard != NULL ? &newcomer : NULL;
}

void
thread_before_fork(void)
{
	if (thread_ready)
		thread_self->forks_inside = thread_gate(thread_self)->now == GATE_BUSY;
}

void
thread_after_fork_in_parent(void)
{
	if (thread_ready)
		thread_self->forks_inside = false;
}

void
thread_after_fork(void)
{
	struct thread *t = thread_self;

	if (!process_detach() || !thread_ready)
		return;
	/* What the callback does here is nested in the hook that it will return to. */
	if (STACK < t->callback_sp)
		t->entry_sp = t->callback_sp;
	else if (!t->forks_inside)
		return;
	t->forks_inside = false;
	thread_gate(t)->now = GATE_BUSY;
}

bool
thread_is_inside(void)
{
	return thread_registering != 0 || thread_gate(thread_self)->now == GATE_BUSY;
}

size_t
thread_list(struct graph_thread *found, size_t most)
{
	size_t count = 0;

	for (uint32_t i = 0; i < load(&threads.count) && count < most; i++) {
		const struct thread *t = threads.list[i];

		if (t->control != 0 && os_thread_lives(t->id))
			found[count++] = (struct graph_thread){.control = t->control, .id = t->id};
	}
	return count;
}

void
thread_reset(uint32_t shard_limit)
{
	newcomer = (struct thread){0};
	if (counters_attach(SHARD_SHARED, &newcomer.counting))
		counters_prepare(&newcomer.counting);
	/* What a forked child's thread has had in the parent is its own again: it comes first. With
	 * none, it cannot be told from the others', whether they are in use. */
	threads.made = thread_self == &nobody.thread ? 0 : threads.made;
	for (uint32_t i = 0; i < threads.made; i++) {
		if (threads.list[i] == thread_self) {
			threads.list[i] = threads.list[0];
			threads.list[0] = thread_self;
		}
	}
	threads.count = threads.hand = threads.shards = 0;
	threads.shard_limit = shard_limit;
}
