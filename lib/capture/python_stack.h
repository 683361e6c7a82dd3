/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_stack.h - one stack of native and Python frames
 *
 * Each activation of the evaluation loop has its mark on the C stack (`python_layout.h`). The
 * native frame that the mark is in, between its stack pointer and that of its caller, is the loop:
 * its Python frames come in its place. No name is looked at, so it is the same for a stripped
 * interpreter, and for a loop that was split, replaced or inlined.
 *
 *      native     _start  main  eval            call  eval       bytes_new
 *      Python                   app.py:3, :17         lib.py:9
 *      one stack  _start  main  app.py:3, :17   call  lib.py:9   bytes_new
 *
 * The result depends on the two stacks alone, so it is remembered by their nodes.
 */
#ifndef PYTHON_STACK_H
#define PYTHON_STACK_H

#include "base/base.h"
#include "capture/unwind_memory.h"

/*
 * The stack of a native one, from what is remembered; false if it has to be put together. `walked`
 * tells whether memory->frames are those of `native`: if not, there is more that cannot be told.
 * *ret_cut is set if frames were left out. Of a handler that interrupted the interpreter the native
 * stack is all there is. [hot] [signal]
 */
bool python_stack_find(struct unwind_memory *memory, uint32_t native, bool walked, uint32_t limit,
		       uint32_t *ret_node, bool *ret_cut);

/*
 * Put it together after `python_stack_find`: the native frames are in memory->frames (or, if depth
 * is 0, only their node is known), and the stack is to begin with `root`. Of its frames `limit` are
 * kept, the innermost; 0 is all. NODE_NONE when the tree is full. [signal]
 */
uint32_t python_stack_make(struct unwind_memory *memory, uint32_t native, uint32_t root,
			   uint32_t limit, bool *ret_cut);

/* Whether a pass over all of both stacks comes to the same node; without a limit. [signal] */
bool python_stack_agrees(struct unwind_memory *memory, uint32_t root, uint32_t node);

#endif
