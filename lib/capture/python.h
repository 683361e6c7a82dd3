/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python.h - the CPython in this process: whether there is one, and how it is read
 *
 * It is found by what its object exports: among the objects loaded at the start, and later when the
 * first allocation comes from an object that was opened since, with whatever flags. From then on
 * its own structs are read, by the thread that they belong to; nothing of it is called but the
 * functions in `struct python`, which take no lock and allocate nothing.
 *
 *     PYTHON_NONE --> PYTHON_FOUND --> PYTHON_CHECKED      the first frames looked as they should
 *          \               \---------> PYTHON_REFUSED      no Python frames, and the recording says
 * why
 */
#ifndef PYTHON_H
#define PYTHON_H

#include "base/base.h"
#include "capture/python_layout.h"

struct link_map;

enum python_mode {
	PYTHON_ON,     /* frames, and the blocks of its own allocators */
	PYTHON_FRAMES, /* frames only */
	PYTHON_OFF,
	PYTHON_OBJECTS, /* like on, and objects are told of as they are made */
};

enum python_state {
	PYTHON_NONE,
	PYTHON_FOUND,
	PYTHON_CHECKED,
	PYTHON_REFUSED,
};

struct python {
	enum python_mode mode;
	uint32_t state;   /* enum python_state */
	uint32_t trouble; /* why it was refused */
	uint32_t version; /* PY_VERSION_HEX */
	struct python_layout layout;
	const struct link_map *object;
	uintptr_t eval_start, eval_end; /* the evaluation loop, where that has to be known */

	const void *(*get_thread)(void);          /* the first state of this thread */
	const void *(*get_attached_thread)(void); /* the one that runs, or NULL; from 3.12 on */
	int (*is_finalizing)(void);
};

extern struct python python;

/* Whether the blocks of its own allocators are counted. [hot] [signal] */
static inline bool
python_has_blocks(void)
{
	return python.mode == PYTHON_ON || python.mode == PYTHON_OBJECTS;
}

/* Whether Python frames are to be had. [hot] [signal] */
static inline bool
python_is_readable(void)
{
	uint32_t state = load(&python.state);

	return state == PYTHON_FOUND || state == PYTHON_CHECKED;
}

/* What is asked for; what is called when CPython is found, and when its first frames were: inside
 * the gate of the thread that found them. [init] */
void python_init(enum python_mode mode, void (*found)(void), void (*checked)(void));

/* Look through the loaded objects. [init] */
void python_look(void);

/* Code of an object has called that was not seen before. [signal] */
void python_meet(const struct link_map *object);

/* The first frames are what they should be. [signal] */
void python_check(void);

/* It is not what it seemed: `trouble` says why (enum recording_trouble). [signal] */
void python_refuse(uint32_t trouble);

/* Put down in the recording what is known. [signal] */
void python_publish(void);

#endif
