/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_python.c - the allocation functions of CPython's domains: raw, mem, obj
 *
 * CPython takes most of its memory in large pieces and hands it out itself, through three tables of
 * functions that it lets anybody replace (PyMem_SetAllocator). Ours count the block and call the
 * ones that were there. They are put in when the interpreter is found, which is before it starts;
 * debug modes put others in their place, so there is a second look at the first Python frame.
 *
 * In a table `ctx` stays what it was: a thread that calls raw functions without the global lock may
 * see half of a change.
 *
 * A call that the gate refuses is passed through: among them all that a domain asks of another one
 * for itself.
 */
#include "start.h"

#include "base/elf_symbol.h"
#include "capture/python.h"
#include "capture/python_code.h"
#include "capture/unwind_finish.h"
#include "capture/unwind_rules.h"
#include "process.h"
#include "python_objects.h"
#include "record_domain.h"
#include "recording/recording_map.h"
#include "thread_gate.h"

/* As CPython numbers them. */
enum domain {
	DOMAIN_RAW,
	DOMAIN_MEM,
	DOMAIN_OBJ,
	DOMAINS
};

/* PyMemAllocatorEx */
struct allocator {
	void *ctx;
	void *(*malloc)(void *ctx, size_t bytes);
	void *(*calloc)(void *ctx, size_t count, size_t bytes);
	void *(*realloc)(void *ctx, void *block, size_t bytes);
	void (*free)(void *ctx, void *block);
};

static struct allocator original[DOMAINS];
static uint32_t frames[DOMAINS]; /* 0 until it is needed */
static bool probed;              /* our own function was reached */

static COLD uint32_t
make_frame(enum domain domain)
{
	static const char *const names[] = {"pymem.raw", "pymem.mem", "pymem.obj"};
	uint32_t frame = unwind_rules_add_frame(FRAME_KIND_DOMAIN, RECORDING_PYTHON_DOMAIN + domain,
						names[domain]);

	if (frame == FRAME_NONE)
		return FRAME_TRACKED;
	frames[domain] = frame;
	return frame;
}

static inline uint32_t
frame_of(enum domain domain)
{
	return likely(frames[domain] != 0) ? frames[domain] : make_frame(domain);
}

static uint32_t
frame_of_objects(void)
{
	return frame_of(DOMAIN_OBJ);
}

/* Its line is known, if it becomes an object. */
static inline void
expect_object(struct thread *t, enum domain domain, const void *block)
{
	if (domain == DOMAIN_OBJ && unlikely(python.mode == PYTHON_OBJECTS))
		python_objects_expect(t, block);
}

static ALWAYS_INLINE void *
allocate(enum domain domain, void *ctx, size_t count, size_t bytes, const struct caller *caller)
{
	const struct allocator *real = &original[domain];
	bool zeroed = count != 0;
	struct thread *t = python_has_blocks() ? thread_enter(arch_stack_of(caller), true) : NULL;
	void *block;

	if (unlikely(t == NULL)) {
		probed = true;
		return zeroed ? real->calloc(ctx, count - 1, bytes) : real->malloc(ctx, bytes);
	}
	record_domain_pass(t);
	block = zeroed ? real->calloc(ctx, count - 1, bytes) : real->malloc(ctx, bytes);
	record_domain_return(t);
	if (likely(block != NULL))
		record_domain_allocate(t, frame_of(domain), block,
				       zeroed ? (count - 1) * bytes : bytes, caller);
	else
		record_failure(t);
	expect_object(t, domain, block);
	thread_leave(t);
	return block;
}

/* A block goes away in a call that is passed through. */
static COLD void
refused_end(void *block)
{
	struct thread *t = thread_interrupted();

	if (t == NULL)
		t = thread_unregistered();
	if (t != NULL && !t->passing)
		record_domain_nested_free(t, block);
}

static ALWAYS_INLINE void *
reallocate(enum domain domain, void *ctx, void *old, size_t bytes, const struct caller *caller)
{
	const struct allocator *real = &original[domain];
	struct thread *t = python_has_blocks() ? thread_enter(arch_stack_of(caller), true) : NULL;
	struct record_domain_state state;
	void *block;

	if (unlikely(t == NULL)) {
		if (old != NULL && python_has_blocks())
			refused_end(old);
		return real->realloc(ctx, old, bytes);
	}
	if (old != NULL)
		state = record_domain_realloc_begin(t, old);
	record_domain_pass(t);
	block = real->realloc(ctx, old, bytes);
	record_domain_return(t);
	if (unlikely(block == NULL && old == NULL))
		record_failure(t);
	else if (unlikely(block == NULL))
		record_domain_realloc_undo(t, state, old);
	else if (old == NULL)
		record_domain_allocate(t, frame_of(domain), block, bytes, caller);
	else
		record_domain_realloc_end(t, frame_of(domain), state, block, bytes, caller);
	expect_object(t, domain, block);
	thread_leave(t);
	return block;
}

/* Its lock is one of those that are dropped when a handler leaves by siglongjmp, which is seen only
 * behind the gate. */
static COLD void
forget_code(const void *block, uintptr_t sp)
{
	struct thread *t = thread_enter(sp, false);

	python_code_forget(block);
	if (t != NULL)
		thread_leave(t);
}

static ALWAYS_INLINE void
release(enum domain domain, void *ctx, void *block, uintptr_t sp)
{
	const struct allocator *real = &original[domain];
	struct thread *t = NULL;

	if (domain == DOMAIN_OBJ && unlikely(python_code_is_known(block)))
		forget_code(block, sp);
	if (block != NULL && python_has_blocks())
		t = thread_enter(sp, false);
	if (unlikely(t == NULL)) {
		if (block != NULL && python_has_blocks())
			refused_end(block);
		real->free(ctx, block);
		return;
	}
	record_domain_free(t, block);
	record_domain_pass_free(t, block);
	real->free(ctx, block);
	record_domain_return(t);
	thread_leave(t);
}

#define DOMAIN_HOOKS(name, domain)                                            \
	static HOT void *name##_malloc(void *ctx, size_t bytes)               \
	{                                                                     \
		return allocate(domain, ctx, 0, bytes, CALLER);               \
	}                                                                     \
                                                                              \
	static HOT void *name##_calloc(void *ctx, size_t count, size_t bytes) \
	{                                                                     \
		return allocate(domain, ctx, count + 1, bytes, CALLER);       \
	}                                                                     \
                                                                              \
	static HOT void *name##_realloc(void *ctx, void *old, size_t bytes)   \
	{                                                                     \
		return reallocate(domain, ctx, old, bytes, CALLER);           \
	}                                                                     \
                                                                              \
	static HOT void name##_free(void *ctx, void *block)                   \
	{                                                                     \
		release(domain, ctx, block, STACK);                           \
	}

DOMAIN_HOOKS(raw, DOMAIN_RAW)
DOMAIN_HOOKS(mem, DOMAIN_MEM)
DOMAIN_HOOKS(obj, DOMAIN_OBJ)

static const struct allocator hooks[DOMAINS] = {
	[DOMAIN_RAW] = {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free},
	[DOMAIN_MEM] = {NULL, mem_malloc, mem_calloc, mem_realloc, mem_free},
	[DOMAIN_OBJ] = {NULL, obj_malloc, obj_calloc, obj_realloc, obj_free},
};

/* Put ours in the place of what is there. The original is stored first: a thread that already comes
 * by way of us finds it. */
static void
install(enum domain domain)
{
	void (*get)(int, struct allocator *) = (void (*)(int, struct allocator *))elf_symbol_find(
		python.object, "PyMem_GetAllocator");
	void (*set)(int, struct allocator *) = (void (*)(int, struct allocator *))elf_symbol_find(
		python.object, "PyMem_SetAllocator");
	struct allocator now, own = hooks[domain];

	if (get == NULL || set == NULL)
		return;
	get((int)domain, &now);
	if (now.malloc == own.malloc)
		return;
	original[domain] = now;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	own.ctx = now.ctx;
	set((int)domain, &own);
}

static bool
wants(enum domain domain)
{
	/* To see code objects go, blocks of objects are enough. */
	return python_has_blocks() || domain == DOMAIN_OBJ;
}

static void
install_all(void)
{
	for (enum domain domain = DOMAIN_RAW; domain < DOMAINS; domain++) {
		if (wants(domain))
			install(domain);
	}
}

static void
when_found(void)
{
	unwind_set_python(true);
	python_objects_find(python.object, frame_of_objects);
	install_all();
}

/*
 * The interpreter has its final allocators now. If ours are no longer on top, those there may still
 * lead to them: a call tells. Of the raw domain, which needs no global lock.
 */
static void
when_checked(void)
{
	void *(*allocate_raw)(size_t) =
		(void *(*)(size_t))elf_symbol_find(python.object, "PyMem_RawMalloc");
	void (*free_raw)(void *) =
		(void (*)(void *))elf_symbol_find(python.object, "PyMem_RawFree");

	if (python_has_blocks() && allocate_raw != NULL && free_raw != NULL) {
		/* This is within the gate; malloc is to take the block for the raw domain's own. */
		struct thread *t = thread_interrupted();

		probed = false;
		if (t != NULL)
			record_domain_pass(t);
		free_raw(allocate_raw(1));
		if (t != NULL)
			record_domain_return(t);
		if (probed)
			return;
	}
	install_all();
}

void
start_python(uint32_t mode)
{
	python_init((enum python_mode)mode, when_found, when_checked);
	python_look();
}

void
start_python_tables(void)
{
	for (int i = 0; i < DOMAINS; i++)
		frames[i] = 0;
	python_code_reset();
	python_publish();
}
