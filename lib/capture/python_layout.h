/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_layout.h - where CPython keeps what a stack of Python frames is read from
 *
 * One row a minor version: offsets do not change within one. From 3.13 on the interpreter says most
 * of them itself (`_Py_DebugOffsets`, at the start of `_PyRuntime`), and is believed.
 *
 *     3.8 - 3.10   thread -> frame -> frame ...        a frame is an object, an activation each
 *     3.11         thread -> cframe -> frame ...       the last frame of an activation is an entry
 *     3.12 on      thread -> frame ... -> shim -> ...  a shim ends the frames of an activation
 *
 * An *activation* is one call of the evaluation loop. It has an object on the C stack that the
 * interpreter points to, its *mark*: a cframe (3.10, 3.11) or the shim.
 */
#ifndef PYTHON_LAYOUT_H
#define PYTHON_LAYOUT_H

#include "base/base.h"

enum python_frames {
	PYTHON_FRAME_OBJECTS,
	PYTHON_FRAME_ENTRIES,
	PYTHON_FRAME_SHIMS,
};

#define PYTHON_NO_FIELD (-1)

struct python_layout {
	uint16_t minor;
	enum python_frames frames;

	/* PyThreadState */
	int16_t thread_frame;  /* or PYTHON_NO_FIELD: it is in the cframe */
	int16_t thread_cframe; /* or PYTHON_NO_FIELD */
	int16_t thread_id;     /* what pthread_self() says */

	/* _PyCFrame */
	int16_t cframe_frame, cframe_previous;

	/* PyFrameObject, _PyInterpreterFrame */
	int16_t frame_code, frame_previous;
	int16_t frame_instruction; /* up to 3.10 an int, an offset */
	int16_t frame_owner, frame_is_entry;

	/* PyCodeObject */
	int16_t code_file, code_name, code_lines, code_first_line;
	int16_t code_first_traceable; /* in instructions of two bytes */
	int16_t code_start;
	int16_t code_version; /* or PYTHON_NO_FIELD */

	/* PyUnicodeObject */
	int16_t string_ascii, string_compact;
};

/* The same in all versions. */
#define PYTHON_OBJECT_TYPE   8
#define PYTHON_TYPE_NAME     24
#define PYTHON_STRING_LENGTH 16
#define PYTHON_STRING_STATE  32
#define PYTHON_BYTES_LENGTH  16
#define PYTHON_BYTES_DATA    32

/* `frame_owner` */
#define PYTHON_OWNER_GENERATOR 1
#define PYTHON_OWNER_SHIM      3 /* this or more */

enum python_layout_result {
	PYTHON_LAYOUT_KNOWN,
	PYTHON_LAYOUT_UNKNOWN,  /* another version */
	PYTHON_LAYOUT_THREADED, /* a build without the global lock */
	PYTHON_LAYOUT_STRANGE,  /* what it says of itself makes no sense */
};

/* The layout of a CPython 3 by its minor version; runtime is `_PyRuntime`, or NULL where it is not
 * exported. [signal] */
enum python_layout_result python_layout_find(unsigned minor, const void *runtime,
					     struct python_layout *ret_layout);

#endif
