/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_code.h - code objects in the recording, and the frames that stand in them
 *
 * A code object is copied when it is first met, names and line table, by the thread in whose frame
 * it is: the frame keeps it alive. Later it may be freed, and another one made at its address at
 * once. So the free of its memory ends its identity; and from 3.12 on its version tells it apart,
 * too.
 *
 * What else was remembered of code is told by `python_code_generation`: it grows with every such
 * free.
 */
#ifndef PYTHON_CODE_H
#define PYTHON_CODE_H

#include "base/base.h"

/* A frame of no interest: it has not come to its first traceable instruction. */
#define PYTHON_FRAME_SKIPPED 0u

extern uint32_t python_code_generation;

/* One bit for each hash of the address of a known code object. */
#define PYTHON_CODE_FILTER_BITS 16
extern uint8_t python_code_filter[1 << (PYTHON_CODE_FILTER_BITS - 3)];

/*
 * The frame of code at an instruction: the pointer, its lowest bit set if the frame is a
 * generator's; up to 3.10 an index. FRAME_UNKNOWN when there is no room; sets *ret_strange if the
 * code is none. [signal]
 */
uint32_t python_code_frame(const char *code, uint64_t instruction, bool *ret_strange);

struct recording_code;

/* The number of the code of an object that the process which this one was forked from had recorded:
 * the texts of its file, its name and its lines are one behind the other. UINT32_MAX when there is
 * no room. [init] */
uint32_t python_code_inherit(const struct recording_code *code, const char *texts);

/* Forget the code object at an address. Within the gate, if that can be entered. [signal] */
void python_code_forget(const void *address);

static inline uint32_t
python_code_bit(const void *address)
{
	return (uint32_t)((uintptr_t)address >> 4) * 0x9E3779B1u >> (32 - PYTHON_CODE_FILTER_BITS);
}

/* Whether a block that is about to be freed may be a code object that is known. [hot] */
static inline bool
python_code_is_known(const void *address)
{
	uint32_t bit = python_code_bit(address);

	return (python_code_filter[bit / 8] >> bit % 8 & 1) != 0;
}

/* Start with none. [init] */
void python_code_reset(void);

#endif
