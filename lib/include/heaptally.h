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
#define HEAPTALLY_WEAK __attribute__((visibility("default")))
#else
#define HEAPTALLY_WEAK __attribute__((weak))
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
HEAPTALLY_WEAK int heaptally_start(unsigned frames);

/* Stop, and forget all blocks. */
HEAPTALLY_WEAK int heaptally_stop(void);

/* Record no new blocks for a while; frees of recorded ones still count. */
HEAPTALLY_WEAK int heaptally_pause(void);
HEAPTALLY_WEAK int heaptally_resume(void);

/* 1 or 0; 1 while paused. */
HEAPTALLY_WEAK int heaptally_is_tracing(void);

/* The last number given to `heaptally_start`, or the option `frames`; 0 is all. */
HEAPTALLY_WEAK unsigned heaptally_get_frames(void);

/* Forget all blocks: everything is counted from zero, the peak, too. Frees of forgotten blocks are
 * ignored. */
HEAPTALLY_WEAK int heaptally_clear(void);

/* The peak is what is live now. */
HEAPTALLY_WEAK int heaptally_reset_peak(void);

/* Requested bytes that are live, their maximum, and live blocks; zeros when not tracing. Each
 * pointer may be NULL; blocks are added up over all sites, which takes its time. */
HEAPTALLY_WEAK int heaptally_get_traced_memory(uint64_t *ret_current, uint64_t *ret_peak,
					       uint64_t *ret_blocks);

/* Bytes that the tracer uses itself; 0 when not tracing. */
HEAPTALLY_WEAK uint64_t heaptally_get_tracer_memory(void);

/* The block that an address lies in, its start or anywhere inside. 1; 0 if there is none; -EAGAIN
 * if none was found by a call that interrupted the tracer, which may be about to change that. */
HEAPTALLY_WEAK int heaptally_get_block(const void *address, struct heaptally_block *ret_block);

/* 1 if a recorded block starts at address, else 0. */
HEAPTALLY_WEAK int heaptally_is_traced(const void *address);

/* Note this moment. -EINVAL if label is NULL or longer than 95 bytes. */
HEAPTALLY_WEAK int heaptally_mark(const char *label);

/* Write a recording of this moment to path, for the reading commands. An empty file or the
 * recording of an ended process is replaced; -EBUSY for that of a living one, -EEXIST for anything
 * else. 0, HEAPTALLY_NOT_TRACING, HEAPTALLY_NOT_FOUND for ENOENT, or any other errno number,
 * negative. */
HEAPTALLY_WEAK int heaptally_snapshot(const char *path);

/*
 * Blocks of a pool of the program's own, as if they had been allocated here. (domain, address) is
 * the key, so an address may be in several domains; domain 0 is malloc's and refused with -1. A
 * block that is tracked already is replaced. 0; -1 when memory is out; -EAGAIN when the table is
 * busy, and then nothing has changed; HEAPTALLY_NOT_TRACING.
 */
HEAPTALLY_WEAK int heaptally_track(unsigned domain, uintptr_t address, size_t bytes);

/* An unknown block is ignored. -EAGAIN when the table is busy: the block is still tracked. */
HEAPTALLY_WEAK int heaptally_untrack(unsigned domain, uintptr_t address);

/* What reports call a domain; before its first block. -EINVAL for domain 0 or no name; -EEXIST when
 * it has a name or has had a block already, and then nothing changes. */
HEAPTALLY_WEAK int heaptally_name_domain(unsigned domain, const char *name);

/* The block of malloc at address has a new owner: the caller. -EINVAL if it is not known. */
HEAPTALLY_WEAK int heaptally_retag(void *address);

/*
 * Have callback(block, context) called when the block at address is freed or reallocated: right
 * before, on the thread that does it, where it may allocate and free. Once; a second call for the
 * same block replaces the first, a NULL callback ends it. While anything is watched every event
 * costs a few nanoseconds more. -EINVAL if the block is not known, -ENOMEM beyond 1024.
 */
HEAPTALLY_WEAK int heaptally_watch(void *address, heaptally_watch_callback *callback,
				   void *context);

#ifdef __cplusplus
}
#endif

#ifndef HEAPTALLY_RUNTIME
static inline int
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

#define HEAPTALLY_CALL(function, arguments, otherwise) (function ? function arguments : (otherwise))

/* The name of a macro in its own text is the function. */
#define heaptally_start(frames) HEAPTALLY_CALL(heaptally_start, (frames), HEAPTALLY_NOT_TRACING)
#define heaptally_stop()        HEAPTALLY_CALL(heaptally_stop, (), HEAPTALLY_NOT_TRACING)
#define heaptally_pause()       HEAPTALLY_CALL(heaptally_pause, (), HEAPTALLY_NOT_TRACING)
#define heaptally_resume()      HEAPTALLY_CALL(heaptally_resume, (), HEAPTALLY_NOT_TRACING)
#define heaptally_is_tracing()  HEAPTALLY_CALL(heaptally_is_tracing, (), 0)
#define heaptally_get_frames()  HEAPTALLY_CALL(heaptally_get_frames, (), 0)
#define heaptally_clear()       HEAPTALLY_CALL(heaptally_clear, (), HEAPTALLY_NOT_TRACING)
#define heaptally_reset_peak()  HEAPTALLY_CALL(heaptally_reset_peak, (), HEAPTALLY_NOT_TRACING)
#define heaptally_get_traced_memory(current, peak, blocks)                   \
	HEAPTALLY_CALL(heaptally_get_traced_memory, (current, peak, blocks), \
		       heaptally_no_memory(current, peak, blocks))
#define heaptally_get_tracer_memory() HEAPTALLY_CALL(heaptally_get_tracer_memory, (), 0)
#define heaptally_get_block(address, block) \
	HEAPTALLY_CALL(heaptally_get_block, (address, block), HEAPTALLY_NOT_TRACING)
#define heaptally_is_traced(address) HEAPTALLY_CALL(heaptally_is_traced, (address), 0)
#define heaptally_mark(label)        HEAPTALLY_CALL(heaptally_mark, (label), HEAPTALLY_NOT_TRACING)
#define heaptally_snapshot(path)     HEAPTALLY_CALL(heaptally_snapshot, (path), HEAPTALLY_NOT_TRACING)
#define heaptally_track(domain, address, bytes) \
	HEAPTALLY_CALL(heaptally_track, (domain, address, bytes), HEAPTALLY_NOT_TRACING)
#define heaptally_untrack(domain, address) \
	HEAPTALLY_CALL(heaptally_untrack, (domain, address), HEAPTALLY_NOT_TRACING)
#define heaptally_name_domain(domain, name) \
	HEAPTALLY_CALL(heaptally_name_domain, (domain, name), HEAPTALLY_NOT_TRACING)
#define heaptally_retag(address) HEAPTALLY_CALL(heaptally_retag, (address), HEAPTALLY_NOT_TRACING)
#define heaptally_watch(address, callback, context) \
	HEAPTALLY_CALL(heaptally_watch, (address, callback, context), HEAPTALLY_NOT_TRACING)
#endif

#endif
