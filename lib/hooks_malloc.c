/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_malloc.c - the allocation functions that programs call instead of libc's
 *
 * Every hook enters, calls the real function inside the gate (an allocator that calls itself
 * through the public names is thus counted once), records, leaves. A refused entry passes the call
 * through. No hook makes a system call or touches errno on its own account.
 *
 * Budget when idle: one TLS load, two predictable branches.
 */
#include "hooks.h"

#include <errno.h>
#include <string.h>

#include "memory/boot_alloc.h"
#include "process.h"
#include "memory/real.h"
#include "record.h"
#include "record_domain.h"
#include "thread_gate.h"

/* The call was passed through: count it as far as can be. What the real allocator calls on behalf
 * of a hook is no event of the program. */
static COLD void *
refused(void *block, size_t bytes, uintptr_t caller_ip)
{
	struct thread *interrupted = thread_interrupted();
	struct thread *unregistered = interrupted == NULL ? thread_unregistered() : NULL;

	if (interrupted == NULL && unregistered == NULL)
		process_count_early();
	else if (interrupted != NULL && interrupted->passing)
		interrupted->passed = block;
	else if (block == NULL || real_contains(caller_ip))
		return block;
	else if (interrupted != NULL)
		record_nested_allocate(interrupted, block, bytes);
	else
		record_lost_allocate(unregistered, bytes);
	return block;
}

/* A block goes away in a call that is passed through. */
static COLD void
refused_end(void *block)
{
	struct thread *t = thread_interrupted();

	if (t == NULL)
		t = thread_unregistered();
	if (t != NULL && !record_domain_is_passed(t, block))
		record_nested_free(t, block);
}

/* Whether the real functions can be called; if not, the boot area has to do. */
static inline bool
has_real(void)
{
	return likely(real_ready()) || real_find();
}

static COLD void *
allocate_early(size_t alignment, size_t bytes)
{
	void *block = boot_allocate(alignment, bytes);

	process_count_early();
	if (block == NULL)
		errno = ENOMEM;
	return block;
}

static ALWAYS_INLINE void *
leave_with(struct thread *t, uint32_t kind, void *block, size_t bytes, const struct caller *caller)
{
	if (likely(block != NULL))
		record_allocate(t, kind, block, bytes, caller);
	else
		record_failure(t);
	thread_leave(t);
	return block;
}

/* For the functions that programs seldom call: one copy of the hot path does. */
static __attribute__((noinline)) void *
leave_seldom(struct thread *t, uint32_t kind, void *block, size_t bytes,
	     const struct caller *caller)
{
	return leave_with(t, kind, block, bytes, caller);
}

HEAPTALLY_EXPORT void *
malloc(size_t bytes)
{
	struct thread *t = thread_enter(STACK, true);

	if (likely(t != NULL))
		return leave_with(t, FRAME_MALLOC, real.malloc(bytes), bytes, CALLER);
	if (!has_real())
		return allocate_early(0, bytes);
	return refused(real.malloc(bytes), bytes, CALLER->ip);
}

HEAPTALLY_EXPORT void *
calloc(size_t count, size_t bytes)
{
	struct thread *t = thread_enter(STACK, true);
	size_t product;

	if (likely(t != NULL))
		return leave_with(t, FRAME_CALLOC, real.calloc(count, bytes), count * bytes,
				  CALLER);
	if (has_real())
		return refused(real.calloc(count, bytes), count * bytes, CALLER->ip);
	if (__builtin_mul_overflow(count, bytes, &product))
		product = SIZE_MAX;
	return allocate_early(0, product);
}

/* Freed by a call that interrupted the runtime, or before or after its time. */
static COLD void
refused_free(void *block)
{
	if (boot_owns(block) || !has_real())
		return;
	refused_end(block);
	real.free(block);
}

HEAPTALLY_EXPORT void
free(void *block)
{
	struct thread *t;

	if (unlikely(block == NULL))
		return;
	t = thread_enter(STACK, false);
	if (unlikely(t == NULL)) {
		refused_free(block);
		return;
	}
	/* Forget the block first: once the real free returns, another thread may get its address.
	 */
	if (likely(record_free(t, block)) || !boot_owns(block))
		real.free(block);
	thread_leave(t);
}

/* A block of the boot area moves to the real allocator. */
static COLD void *
realloc_boot(void *block, size_t bytes)
{
	size_t old_bytes = boot_usable_size(block);
	void *new = malloc(bytes);

	if (new != NULL)
		memcpy(new, block, old_bytes < bytes ? old_bytes : bytes);
	return new;
}

static COLD void *
refused_realloc(void *block, size_t bytes, uintptr_t caller_ip)
{
	void *new;

	if (!has_real()) {
		new = allocate_early(0, bytes);
		if (new != NULL && block != NULL)
			memcpy(new, block,
			       boot_usable_size(block) < bytes ? boot_usable_size(block) : bytes);
		return new;
	}
	if (block != NULL)
		refused_end(block);
	return refused(real.realloc(block, bytes), bytes, caller_ip);
}

/* A size that no number holds: the real function refuses it with the right errno. */
static COLD void *
overflowing_realloc(void *old, size_t count, size_t bytes)
{
	struct thread *t = thread_enter(STACK, false);
	void *new = NULL;

	if (t != NULL) {
		record_failure(t);
		thread_leave(t);
	}
	if (has_real() && !boot_owns(old))
		new = real.reallocarray(old, count, bytes);
	else
		errno = ENOMEM;
	return new;
}

/* A real call that fails leaves the old block alone. */
static inline void *
reallocate(uint32_t kind, void *old, size_t count, size_t bytes, const struct caller *caller)
{
	struct thread *t;
	struct realloc_state state = {.block = BLOCK_NONE};
	size_t product;
	void *new;

	if (unlikely(__builtin_mul_overflow(count, bytes, &product)))
		return overflowing_realloc(old, count, bytes);
	if (unlikely(old != NULL && boot_owns(old)))
		return realloc_boot(old, product);
	/* The hook's place, not that of this function. */
	t = thread_enter(arch_stack_of(caller), true);
	if (unlikely(t == NULL))
		return refused_realloc(old, product, caller->ip);
	if (old != NULL)
		state = record_realloc_begin(t, old);
	/* libc's reallocarray calls the public realloc, as a handler could that interrupts it. */
	new = real.realloc(old, product);
	if (likely(new != NULL) || (old != NULL && product == 0))
		record_realloc_end(t, kind, state, new, product, caller);
	else
		record_realloc_undo(t, state, old);
	thread_leave(t);
	return new;
}

HEAPTALLY_EXPORT void *
realloc(void *block, size_t bytes)
{
	return reallocate(FRAME_REALLOC, block, 1, bytes, CALLER);
}

HEAPTALLY_EXPORT void *
reallocarray(void *block, size_t count, size_t bytes)
{
	return reallocate(FRAME_REALLOCARRAY, block, count, bytes, CALLER);
}

HEAPTALLY_EXPORT int
posix_memalign(void **ret_block, size_t alignment, size_t bytes)
{
	struct thread *t = thread_enter(STACK, true);
	int result;

	if (unlikely(t == NULL)) {
		if (has_real()) {
			result = real.posix_memalign(ret_block, alignment, bytes);
			refused(result == 0 ? *ret_block : NULL, bytes, CALLER->ip);
			return result;
		}
		*ret_block = allocate_early(alignment, bytes);
		return *ret_block != NULL ? 0 : ENOMEM;
	}
	result = real.posix_memalign(ret_block, alignment, bytes);
	leave_seldom(t, FRAME_POSIX_MEMALIGN, result == 0 ? *ret_block : NULL, bytes, CALLER);
	return result;
}

#define ALIGNED_HOOK(name, kind)                                                                  \
	HEAPTALLY_EXPORT void *name(size_t alignment, size_t bytes)                               \
	{                                                                                         \
		struct thread *t = thread_enter(STACK, true);                                     \
                                                                                                  \
		if (likely(t != NULL))                                                            \
			return leave_seldom(t, kind, real.name(alignment, bytes), bytes, CALLER); \
		if (!has_real())                                                                  \
			return allocate_early(alignment, bytes);                                  \
		return refused(real.name(alignment, bytes), bytes, CALLER->ip);                   \
	}

ALIGNED_HOOK(aligned_alloc, FRAME_ALIGNED_ALLOC)
ALIGNED_HOOK(memalign, FRAME_MEMALIGN)

#define PAGE_HOOK(name, kind)                                                          \
	HEAPTALLY_EXPORT void *name(size_t bytes)                                      \
	{                                                                              \
		struct thread *t = thread_enter(STACK, true);                          \
                                                                                       \
		if (likely(t != NULL))                                                 \
			return leave_seldom(t, kind, real.name(bytes), bytes, CALLER); \
		if (!has_real())                                                       \
			return allocate_early(PAGE_BYTES, bytes);                      \
		return refused(real.name(bytes), bytes, CALLER->ip);                   \
	}

PAGE_HOOK(valloc, FRAME_VALLOC)
PAGE_HOOK(pvalloc, FRAME_PVALLOC)

HEAPTALLY_EXPORT size_t
malloc_usable_size(void *block)
{
	if (block == NULL)
		return 0;
	if (unlikely(boot_owns(block)))
		return boot_usable_size(block);
	return has_real() ? real.malloc_usable_size(block) : 0;
}

HEAPTALLY_EXPORT void
cfree(void *block)
{
	free(block);
}

HEAPTALLY_EXPORT void
free_sized(void *block, size_t bytes)
{
	(void)bytes;
	free(block);
}

HEAPTALLY_EXPORT void
free_aligned_sized(void *block, size_t alignment, size_t bytes)
{
	(void)alignment, (void)bytes;
	free(block);
}
