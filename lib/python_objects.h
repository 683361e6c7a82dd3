/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_objects.h - objects of CPython that are made in memory which was never freed
 *
 * CPython keeps what some objects leave behind (floats, tuples, lists, dictionaries) in free lists,
 * so that the next one asks no allocator. From 3.13 on it tells one function of every object that
 * is made (PyRefTracer_SetTracer). With ours the block of such an object goes to the line that made
 * the object, which is what tracemalloc does.
 *
 *     allocate -> `thread->unborn` -> told of it: the block has its line already
 *     told of any other block: it is moved
 *
 * There is place for one such function. It is taken while nobody else has it, and given up without
 * a word when somebody takes it.
 */
#ifndef PYTHON_OBJECTS_H
#define PYTHON_OBJECTS_H

#include "base/base.h"
#include "capture/python.h"

struct link_map;
struct thread;

/* Whether objects are asked for, and the interpreter in `object` tells of them. If not, the
 * recording says so, and the mode is PYTHON_ON from then on. `frame` is that of their blocks.
 * [init] */
void python_objects_find(const struct link_map *object, uint32_t (*frame)(void));

/* A block for an object was made; the global lock is held. [hot] */
void python_objects_expect(struct thread *t, const void *block);

#endif
