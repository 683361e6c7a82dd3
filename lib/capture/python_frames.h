/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_frames.h - the Python frames of this thread, by comparing with what is remembered
 *
 * A thread's chain of frames is changed by that thread alone, and never half while it allocates, so
 * it is read without the global lock. Each frame is (address, code, instruction); those that are as
 * they were, from the outermost on, have their nodes already.
 *
 * A stack of Python frames is a path in the trace table. Where one activation of the evaluation
 * loop ends it has a node of its own (FRAME_NONE cannot be a frame, so FRAME_TRUNCATED stands for
 * that): equal nodes are equal stacks with equal activations.
 */
#ifndef PYTHON_FRAMES_H
#define PYTHON_FRAMES_H

#include "base/base.h"

/* Of a frame, or of the mark of an activation: then `code` is NULL. */
struct python_frame {
	const char *address;
	const char *code;
	uint64_t instruction; /* see `python_code_frame` */
	uint32_t node;        /* of the stack up to here */
	uint32_t frame;       /* interned; PYTHON_FRAME_SKIPPED has no node */
	/* What is as it was as long as the frame is, see `is_unchanged`. */
	const char *previous; /* the next frame outward; of a mark, the next mark */
	const char *other;    /* of a frame, the next mark outward; of a mark, the next frame */
	uint64_t flags;       /* the word that says who owns it */
	/* See `python_stack.c`. */
	uint32_t merged; /* node of both stacks up to here, when they were last put together */
	uint32_t end;    /* of a mark: where its activation ended then */
};

#define PYTHON_FRAMES_MAX 4096u /* deeper stacks lose their outer part */
#define PYTHON_IDS        512u
#define PYTHON_STACKS     4096u
#define PYTHON_PLAIN      256u

/* What one thread remembers. */
struct python_memory {
	struct python_frame *frames; /* outermost first */
	struct python_frame *fresh;  /* innermost first, of this event */
	uint32_t depth, capacity;
	uint32_t generation;
	bool is_cut;        /* the chain goes on further out */
	const void *thread; /* state that was looked at */
	const char *start;  /* where its chain began then */
	uint32_t node;      /* of this event, see `python_stack_find` */

	/* Frames that were met, by code and instruction. */
	struct python_id {
		const char *code;
		uint64_t instruction;
		uint32_t frame, generation;
	} ids[PYTHON_IDS];

	/* Stacks that were put together, see `python_stack.h`. */
	struct python_stack {
		uint32_t native, python, limit, node;
		bool cut;
	} stacks[PYTHON_STACKS];

	/* How the last stack was put together, see `python_stack.c`. */
	struct python_merged {
		uint32_t next, node;
	} * merged;
	uint32_t merged_count, merged_capacity, merged_root;
	uint32_t steady; /* that many Python frames are as they were then */

	/* Native stacks that no signal handler is on, of a thread that has met one. */
	uint32_t plain[PYTHON_PLAIN];
};

/* Of a stack without Python frames. */
#define PYTHON_NODE_NONE 0u

/*
 * The node of this thread's Python frames, which are in memory->frames then; PYTHON_NODE_NONE if it
 * has none, or they cannot be read. [signal], but not twice at a time for one memory, nor in a
 * handler that interrupted the interpreter.
 */
uint32_t python_frames_node(struct python_memory *memory);

/* The memory of a thread; NULL when memory is out. [signal] */
struct python_memory *python_frames_new(void);

/* Nothing that is remembered counts any more: another recording, or another thread. [signal] */
void python_frames_forget(struct python_memory *memory);

#endif
