/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heaptally.h - ask the tracer from within the traced program
 *
 * Nothing is to be linked: every function is a weak symbol, which is there when the program runs
 * under heaptally. Without it each call is a comparison with NULL and answers "not tracing". The
 * functions keep errno and may be called from any thread. See heaptally(3).
 *
 *     heaptally_clear();
 *     work();
 *     heaptally_get_traced_memory(&current, &peak, NULL);
 *
 * A program that is compiled as position-dependent code (-fno-pic -no-pie) has to be linked with
 * -z dynamic-undefined-weak, or its linker decides that the functions are not there.
 */
#ifndef HEAPTALLY_H
#define HEAPTALLY_H

#include <stddef.h>
#include <stdint.h>

#define HEAPTALLY_API_VERSION 1

/* Not under heaptally, or switched off. The value that PyTraceMalloc_Track returns then. */
#define HEAPTALLY_NOT_TRACING (-2)

/* ENOENT: some part of a path does not exist. As a negative errno number it would be -2, which is
 * taken; this is beyond all errno numbers. */
#define HEAPTALLY_NOT_FOUND    (-4098)

#define HEAPTALLY_BLOCK_FRAMES 64

/* A block that lives. */
struct heaptally_block {
	uintptr_t address;                        /* where it starts */
	size_t bytes;                             /* requested */
	size_t usable;                            /* by malloc_usable_size(3) */
	int64_t age_ns;                           /* -1 unless the option `blocks` is on */
	int32_t thread;                           /* id of the thread that made it; -1 likewise */
	uint32_t depth;                           /* of its stack; `frames` holds the innermost */
	uintptr_t frames[HEAPTALLY_BLOCK_FRAMES]; /* return addresses, innermost first */
};

typedef void heaptally_watch_callback(void *block, void *context);

#ifdef HEAPTALLY_RUNTIME
#define HEAPTALLY_API __attribute__((visibility("default")))
#define HEAPTALLY_NAME(name)
#else
/* Neither a macro nor a frame: debuggers and heaptally show the line of the call. The other name is
 * for programs that take the address, as the plain one is the runtime's. */
#define HEAPTALLY_API        static __inline__ __attribute__((always_inline, artificial, unused))
#define HEAPTALLY_NAME(name) __asm__("heaptally_if_there_" name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Unless the contract says otherwise: 0, HEAPTALLY_NOT_TRACING, or -EAGAIN when a table is busy
 * because the call interrupted the tracer itself, or full.
 */

/* Start tracing with the `frames` innermost frames of every stack, 0 for all. While tracing nothing
 * happens and the number stays. -EINVAL if it is above 65535. */
HEAPTALLY_API int heaptally_start(unsigned frames) HEAPTALLY_NAME("start");

/* Stop, and forget all blocks. */
HEAPTALLY_API int heaptally_stop(void) HEAPTALLY_NAME("stop");

/* Record no new blocks for a while; frees of recorded ones still count. */
HEAPTALLY_API int heaptally_pause(void) HEAPTALLY_NAME("pause");
HEAPTALLY_API int heaptally_resume(void) HEAPTALLY_NAME("resume");

/* 1 or 0; 1 while paused. */
HEAPTALLY_API int heaptally_is_tracing(void) HEAPTALLY_NAME("is_tracing");

/* The last number given to `heaptally_start`, or the option `frames`; 0 is all. */
HEAPTALLY_API unsigned heaptally_get_frames(void) HEAPTALLY_NAME("get_frames");

/* Forget all blocks: everything is counted from zero, the peak, too. Frees of forgotten blocks are
 * ignored. */
HEAPTALLY_API int heaptally_clear(void) HEAPTALLY_NAME("clear");

/* The peak is what is live now. */
HEAPTALLY_API int heaptally_reset_peak(void) HEAPTALLY_NAME("reset_peak");

/* Requested bytes that are live, their maximum, and live blocks; zeros when not tracing. Each
 * pointer may be NULL; blocks are added up over all sites, which takes its time. */
HEAPTALLY_API int heaptally_get_traced_memory(uint64_t *ret_current, uint64_t *ret_peak,
					      uint64_t *ret_blocks)
	HEAPTALLY_NAME("get_traced_memory");

/* Bytes that the tracer uses itself; 0 when not tracing. */
HEAPTALLY_API uint64_t heaptally_get_tracer_memory(void) HEAPTALLY_NAME("get_tracer_memory");

/* The block of malloc that an address lies in, its start or anywhere inside. 1; 0 if there is none;
 * -EAGAIN if none was found by a call that interrupted the tracer, which may be about to change
 * that. What Python's own allocators hand out is not found. */
HEAPTALLY_API int heaptally_get_block(const void *address, struct heaptally_block *ret_block)
	HEAPTALLY_NAME("get_block");

/* 1 if a recorded block of malloc starts at address, else 0. */
HEAPTALLY_API int heaptally_is_traced(const void *address) HEAPTALLY_NAME("is_traced");

/* Note this moment. -EINVAL if label is NULL or longer than 95 bytes. */
HEAPTALLY_API int heaptally_mark(const char *label) HEAPTALLY_NAME("mark");

/* Write a recording of this moment to path, for the reading commands. An empty file or the
 * recording of an ended process is replaced; -EBUSY for that of a living one, -EEXIST for anything
 * else. 0, HEAPTALLY_NOT_TRACING, HEAPTALLY_NOT_FOUND for ENOENT, or any other errno number,
 * negative. */
HEAPTALLY_API int heaptally_snapshot(const char *path) HEAPTALLY_NAME("snapshot");

/*
 * Blocks of a pool of the program's own, as if they had been allocated here. (domain, address) is
 * the key, so an address may be in several domains; domain 0 is malloc's and refused with -1. A
 * block that is tracked already is replaced. 0; -1 when memory is out; -EAGAIN when the table is
 * busy, and then nothing has changed; HEAPTALLY_NOT_TRACING.
 */
HEAPTALLY_API int heaptally_track(unsigned domain, uintptr_t address, size_t bytes)
	HEAPTALLY_NAME("track");

/* An unknown block is ignored. -EAGAIN when the table is busy: the block is still tracked. */
HEAPTALLY_API int heaptally_untrack(unsigned domain, uintptr_t address) HEAPTALLY_NAME("untrack");

/* What reports call a domain; before its first block. -EINVAL for domain 0 or no name; -EEXIST when
 * it has a name or has had a block already, and then nothing changes. */
HEAPTALLY_API int heaptally_name_domain(unsigned domain, const char *name)
	HEAPTALLY_NAME("name_domain");

/* The block of malloc at address has a new owner: the caller. -EINVAL if it is not known. */
HEAPTALLY_API int heaptally_retag(void *address) HEAPTALLY_NAME("retag");

/*
 * Have callback(block, context) called when the block at address is freed or reallocated: right
 * before, on the thread that does it, where it may allocate and free. Once; a second call for the
 * same block replaces the first, a NULL callback ends it. While anything is watched every event
 * costs a few nanoseconds more. -EINVAL if the block is not known, -ENOMEM beyond 1024.
 */
HEAPTALLY_API int heaptally_watch(void *address, heaptally_watch_callback *callback, void *context)
	HEAPTALLY_NAME("watch");

#ifndef HEAPTALLY_RUNTIME
#define HEAPTALLY_CALL(type, name, parameters, arguments, otherwise)                          \
	extern type heaptally_weak_##name parameters __asm__("heaptally_" #name)              \
		__attribute__((weak));                                                        \
	HEAPTALLY_API type heaptally_##name parameters                                        \
	{                                                                                     \
		return heaptally_weak_##name ? heaptally_weak_##name arguments : (otherwise); \
	}

static __inline__ __attribute__((unused)) int
heaptally_no_memory(uint64_t *ret_current, uint64_t *ret_peak, uint64_t *ret_blocks)
{
	if (ret_current)
		*ret_current = 0;
	if (ret_peak)
		*ret_peak = 0;
	if (ret_blocks)
		*ret_blocks = 0;
	return HEAPTALLY_NOT_TRACING;
}

HEAPTALLY_CALL(int, start, (unsigned frames), (frames), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, stop, (void), (), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, pause, (void), (), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, resume, (void), (), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, is_tracing, (void), (), 0)
HEAPTALLY_CALL(unsigned, get_frames, (void), (), 0)
HEAPTALLY_CALL(int, clear, (void), (), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, reset_peak, (void), (), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, get_traced_memory,
	       (uint64_t * ret_current, uint64_t *ret_peak, uint64_t *ret_blocks),
	       (ret_current, ret_peak, ret_blocks),
	       heaptally_no_memory(ret_current, ret_peak, ret_blocks))
HEAPTALLY_CALL(uint64_t, get_tracer_memory, (void), (), 0)
HEAPTALLY_CALL(int, get_block, (const void *address, struct heaptally_block *ret_block),
	       (address, ret_block), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, is_traced, (const void *address), (address), 0)
HEAPTALLY_CALL(int, mark, (const char *label), (label), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, snapshot, (const char *path), (path), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, track, (unsigned domain, uintptr_t address, size_t bytes),
	       (domain, address, bytes), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, untrack, (unsigned domain, uintptr_t address), (domain, address),
	       HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, name_domain, (unsigned domain, const char *name), (domain, name),
	       HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, retag, (void *address), (address), HEAPTALLY_NOT_TRACING)
HEAPTALLY_CALL(int, watch, (void *address, heaptally_watch_callback *callback, void *context),
	       (address, callback, context), HEAPTALLY_NOT_TRACING)

#undef HEAPTALLY_CALL
#endif

#ifdef __cplusplus
}

namespace heaptally
{

/*
 * Marks where it begins and where it ends: `heaptally::scope load("load");` makes the marks "load"
 * and "load end", however the scope is left. The label has to live as long.
 */
class scope
{
      public:
	explicit scope(const char *label) : label_(label)
	{
		heaptally_mark(label);
	}

	~scope()
	{
		char text[96];
		size_t i = 0;

		for (; label_[i] != '\0' && i < sizeof(text) - sizeof(" end"); i++)
			text[i] = label_[i];
		for (size_t k = 0; k < sizeof(" end"); k++)
			text[i + k] = " end"[k];
		heaptally_mark(text);
	}

      private:
	scope(const scope &);
	scope &operator=(const scope &);

	const char *label_;
};

} /* namespace heaptally */
#endif

#undef HEAPTALLY_API
#undef HEAPTALLY_NAME

#endif
