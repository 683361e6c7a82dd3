/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_own.c - what an allocator offers besides malloc: operator new and delete, mallocx
 *
 * jemalloc, tcmalloc and mimalloc serve these without calling malloc. The runtime does not export
 * them: where the allocator has none, libstdc++'s operator new calls malloc, and a program that
 * asks whether mallocx exists shall be told the truth. Where it has, the addresses that the loader
 * has filled in are replaced at the start, and what later lookups find.
 *
 * operator new may throw, and calls the program's new_handler: it runs with the gate open.
 */
#include "hooks.h"

#include <link.h>

#include "base/elf_patch.h"
#include "base/elf_symbol.h"
#include "base/loader.h"
#include "memory/boot_alloc.h"
#include "memory/real.h"
#include "process.h"
#include "record.h"
#include "start.h"
#include "thread_gate.h"

/* Up to two more arguments, for alignment and std::nothrow: what a function does not take it does
 * not see. */
typedef void *new_function(size_t, uintptr_t, uintptr_t);
typedef void delete_function(void *, uintptr_t, uintptr_t);

enum own {
	NEW,
	NEW_ARRAY,
	NEW_NOTHROW,
	NEW_ARRAY_NOTHROW,
	NEW_ALIGNED,
	NEW_ARRAY_ALIGNED,
	NEW_ALIGNED_NOTHROW,
	NEW_ARRAY_ALIGNED_NOTHROW,
	DELETE,
	DELETE_ARRAY,
	DELETE_SIZED,
	DELETE_ARRAY_SIZED,
	DELETE_NOTHROW,
	DELETE_ARRAY_NOTHROW,
	DELETE_ALIGNED,
	DELETE_ARRAY_ALIGNED,
	DELETE_ALIGNED_NOTHROW,
	DELETE_ARRAY_ALIGNED_NOTHROW,
	DELETE_SIZED_ALIGNED,
	DELETE_ARRAY_SIZED_ALIGNED,
	MALLOCX,
	RALLOCX,
	XALLOCX,
	DALLOCX,
	SDALLOCX,
	OWN_COUNT
};

/* As an alignment, too. */
#define PROBE_BYTES 64

/* The allocator's. */
static void *own[OWN_COUNT];

/* The call was passed through. */
static COLD void *
refused_new(void *block, size_t bytes, uintptr_t caller_ip)
{
	struct thread *interrupted = thread_interrupted();

	if (interrupted == NULL)
		process_count_early();
	else if (block != NULL && !real_contains(caller_ip))
		record_nested_allocate(interrupted, block, bytes);
	return block;
}

/* The allocator has made the block, with the gate open. */
static __attribute__((noinline)) void *
note_new(void *block, size_t bytes, const struct caller *caller)
{
	struct thread *t = thread_enter(arch_stack_of(caller), true);

	if (unlikely(t == NULL))
		return refused_new(block, bytes, caller->ip);
	if (likely(block != NULL))
		record_allocate(t, FRAME_NEW, block, bytes, caller);
	else
		record_failure(t);
	thread_leave(t);
	return block;
}

static __attribute__((noinline)) void
release(enum own which, void *block, uintptr_t a, uintptr_t b, uintptr_t sp)
{
	delete_function *function = (delete_function *)own[which];
	struct thread *t, *interrupted;

	if (block == NULL || unlikely(boot_owns(block)))
		return;
	t = thread_enter(sp, false);
	if (unlikely(t == NULL)) {
		interrupted = thread_interrupted();
		if (interrupted != NULL)
			record_nested_free(interrupted, block);
		function(block, a, b);
		return;
	}
	record_free(t, block);
	function(block, a, b);
	thread_leave(t);
}

#define NEW_HOOK(name, which)                                                              \
	static void *name(size_t bytes, uintptr_t a, uintptr_t b)                          \
	{                                                                                  \
		return note_new(((new_function *)own[which])(bytes, a, b), bytes, CALLER); \
	}

#define DELETE_HOOK(name, which)                                \
	static void name(void *block, uintptr_t a, uintptr_t b) \
	{                                                       \
		release(which, block, a, b, STACK);             \
	}

NEW_HOOK(new_plain, NEW)
NEW_HOOK(new_array, NEW_ARRAY)
NEW_HOOK(new_nothrow, NEW_NOTHROW)
NEW_HOOK(new_array_nothrow, NEW_ARRAY_NOTHROW)
NEW_HOOK(new_aligned, NEW_ALIGNED)
NEW_HOOK(new_array_aligned, NEW_ARRAY_ALIGNED)
NEW_HOOK(new_aligned_nothrow, NEW_ALIGNED_NOTHROW)
NEW_HOOK(new_array_aligned_nothrow, NEW_ARRAY_ALIGNED_NOTHROW)
DELETE_HOOK(delete_plain, DELETE)
DELETE_HOOK(delete_array, DELETE_ARRAY)
DELETE_HOOK(delete_sized, DELETE_SIZED)
DELETE_HOOK(delete_array_sized, DELETE_ARRAY_SIZED)
DELETE_HOOK(delete_nothrow, DELETE_NOTHROW)
DELETE_HOOK(delete_array_nothrow, DELETE_ARRAY_NOTHROW)
DELETE_HOOK(delete_aligned, DELETE_ALIGNED)
DELETE_HOOK(delete_array_aligned, DELETE_ARRAY_ALIGNED)
DELETE_HOOK(delete_aligned_nothrow, DELETE_ALIGNED_NOTHROW)
DELETE_HOOK(delete_array_aligned_nothrow, DELETE_ARRAY_ALIGNED_NOTHROW)
DELETE_HOOK(delete_sized_aligned, DELETE_SIZED_ALIGNED)
DELETE_HOOK(delete_array_sized_aligned, DELETE_ARRAY_SIZED_ALIGNED)
DELETE_HOOK(hook_dallocx, DALLOCX)
DELETE_HOOK(hook_sdallocx, SDALLOCX)

static void *
hook_mallocx(size_t bytes, int flags)
{
	struct thread *t = thread_enter(STACK, true);
	void *block = ((void *(*)(size_t, int))own[MALLOCX])(bytes, flags);

	if (unlikely(t == NULL))
		return refused_new(block, bytes, CALLER->ip);
	if (likely(block != NULL))
		record_allocate(t, FRAME_MALLOCX, block, bytes, CALLER);
	else
		record_failure(t);
	thread_leave(t);
	return block;
}

static void *
hook_rallocx(void *old, size_t bytes, int flags)
{
	void *(*function)(void *, size_t, int) = (void *(*)(void *, size_t, int))own[RALLOCX];
	struct thread *t = thread_enter(STACK, true), *interrupted;
	struct realloc_state state;
	void *new;

	if (unlikely(t == NULL)) {
		interrupted = thread_interrupted();
		if (interrupted != NULL)
			record_nested_free(interrupted, old);
		return refused_new(function(old, bytes, flags), bytes, CALLER->ip);
	}
	state = record_realloc_begin(t, old);
	new = function(old, bytes, flags);
	if (likely(new != NULL))
		record_realloc_end(t, FRAME_MALLOCX, state, new, bytes, CALLER);
	else
		record_realloc_undo(t, state, old);
	thread_leave(t);
	return new;
}

/* In place; what it returns is the usable size, less than `bytes` if there was no room. Of `extra`
 * the program gets what comes cheap. */
static size_t
hook_xallocx(void *block, size_t bytes, size_t extra, int flags)
{
	size_t (*function)(void *, size_t, size_t, int) =
		(size_t(*)(void *, size_t, size_t, int))own[XALLOCX];
	struct thread *t = thread_enter(STACK, true);
	struct realloc_state state;
	size_t usable, most;

	if (unlikely(t == NULL))
		return function(block, bytes, extra, flags);
	state = record_realloc_begin(t, block);
	usable = function(block, bytes, extra, flags);
	if (__builtin_add_overflow(bytes, extra, &most))
		most = SIZE_MAX;
	if (usable >= bytes)
		record_realloc_end(t, FRAME_MALLOCX, state, block, usable < most ? usable : most,
				   CALLER);
	else
		record_realloc_restore(t, state, block);
	thread_leave(t);
	return usable;
}

static const struct {
	const char *name;
	const void *hook;
} interface[OWN_COUNT] = {
	[NEW] = {"_Znwm", new_plain},
	[NEW_ARRAY] = {"_Znam", new_array},
	[NEW_NOTHROW] = {"_ZnwmRKSt9nothrow_t", new_nothrow},
	[NEW_ARRAY_NOTHROW] = {"_ZnamRKSt9nothrow_t", new_array_nothrow},
	[NEW_ALIGNED] = {"_ZnwmSt11align_val_t", new_aligned},
	[NEW_ARRAY_ALIGNED] = {"_ZnamSt11align_val_t", new_array_aligned},
	[NEW_ALIGNED_NOTHROW] = {"_ZnwmSt11align_val_tRKSt9nothrow_t", new_aligned_nothrow},
	[NEW_ARRAY_ALIGNED_NOTHROW] = {"_ZnamSt11align_val_tRKSt9nothrow_t",
				       new_array_aligned_nothrow},
	[DELETE] = {"_ZdlPv", delete_plain},
	[DELETE_ARRAY] = {"_ZdaPv", delete_array},
	[DELETE_SIZED] = {"_ZdlPvm", delete_sized},
	[DELETE_ARRAY_SIZED] = {"_ZdaPvm", delete_array_sized},
	[DELETE_NOTHROW] = {"_ZdlPvRKSt9nothrow_t", delete_nothrow},
	[DELETE_ARRAY_NOTHROW] = {"_ZdaPvRKSt9nothrow_t", delete_array_nothrow},
	[DELETE_ALIGNED] = {"_ZdlPvSt11align_val_t", delete_aligned},
	[DELETE_ARRAY_ALIGNED] = {"_ZdaPvSt11align_val_t", delete_array_aligned},
	[DELETE_ALIGNED_NOTHROW] = {"_ZdlPvSt11align_val_tRKSt9nothrow_t", delete_aligned_nothrow},
	[DELETE_ARRAY_ALIGNED_NOTHROW] = {"_ZdaPvSt11align_val_tRKSt9nothrow_t",
					  delete_array_aligned_nothrow},
	[DELETE_SIZED_ALIGNED] = {"_ZdlPvmSt11align_val_t", delete_sized_aligned},
	[DELETE_ARRAY_SIZED_ALIGNED] = {"_ZdaPvmSt11align_val_t", delete_array_sized_aligned},
	[MALLOCX] = {"mallocx", hook_mallocx},
	[RALLOCX] = {"rallocx", hook_rallocx},
	[XALLOCX] = {"xallocx", hook_xallocx},
	[DALLOCX] = {"dallocx", hook_dallocx},
	[SDALLOCX] = {"sdallocx", hook_sdallocx},
};

/* Names that tcmalloc and mimalloc give to their malloc besides, for who wants no other. */
static const struct {
	const char *name;
	const void *hook;
} standard[] = {
	{"malloc", malloc},
	{"free", free},
	{"calloc", calloc},
	{"realloc", realloc},
	{"posix_memalign", posix_memalign},
	{"aligned_alloc", aligned_alloc},
	{"memalign", memalign},
	{"valloc", valloc},
	{"pvalloc", pvalloc},
};

#define STANDARD (sizeof standard / sizeof *standard)

/* The functions that undo those of `enum own` before DELETE, the best first. */
static void
delete_probe(enum own made_by, void *block)
{
	bool array = (made_by & 1) != 0, aligned = made_by >= NEW_ALIGNED;
	enum own fitting = aligned ? DELETE_ALIGNED : DELETE;

	fitting += array;
	if (own[fitting] == NULL)
		fitting = DELETE;
	((delete_function *)own[fitting])(block, PROBE_BYTES, 0);
}

/* Some functions of some allocators call malloc or aligned_alloc, by names that reach us: there is
 * nothing to add then. jemalloc's aligned operator new is of that kind. */
static bool
calls_malloc_now(enum own which)
{
	static const char nothrow;
	uint64_t before = process_other_events();
	void *block = ((new_function *)own[which])(PROBE_BYTES, PROBE_BYTES, (uintptr_t)&nothrow);
	bool calls = process_other_events() != before;

	if (block != NULL)
		delete_probe(which, block);
	return calls;
}

/* What an allocator does at its first call tells nothing. */
static bool
calls_malloc(enum own which)
{
	calls_malloc_now(which);
	return calls_malloc_now(which);
}

/* What is not to be taken is NULL afterwards. */
static void
find_own(const struct link_map *allocator)
{
	for (size_t i = 0; i < OWN_COUNT; i++)
		own[i] = elf_symbol_find(allocator, interface[i].name);
	for (enum own i = NEW; i < DELETE; i++) {
		if (own[DELETE] == NULL || (own[i] != NULL && calls_malloc(i)))
			own[i] = NULL;
	}
}

void
start_take_own(void)
{
	const struct link_map *allocator = real_object(), *object = loader_first();
	struct elf_patch patches[OWN_COUNT + STANDARD];
	bool taken = true;
	size_t count = 0;

	if (allocator == NULL)
		return;
	find_own(allocator);
	for (size_t i = 0; i < OWN_COUNT; i++) {
		if (own[i] == NULL)
			continue;
		taken &= elf_patch_symbol(allocator, interface[i].name, interface[i].hook);
		patches[count++] = (struct elf_patch){own[i], interface[i].hook};
	}
	for (size_t i = 0; i < STANDARD; i++) {
		patches[count] = (struct elf_patch){elf_symbol_find(allocator, standard[i].name),
						    standard[i].hook};
		count += patches[count].from != NULL;
	}
	for (; object != NULL; object = object->l_next) {
		if (object != allocator && object->l_ld != real_self()->l_ld)
			taken &= elf_patch_slots(object, patches, count);
	}
	real_own_is_seen(taken);
}
