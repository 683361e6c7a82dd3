/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_layout.c - the rows were read from the debug information of each version, of 64 bits
 */
#include "capture/python_layout.h"

#include "base/os_memory.h"

#define NO PYTHON_NO_FIELD

/* clang-format off */
/* 3.9 changed nothing of this. */
#define LAYOUT_3_8 .frames = PYTHON_FRAME_OBJECTS, \
	.thread_frame = 24, .thread_cframe = NO, .thread_id = 176, \
	.cframe_frame = NO, .cframe_previous = NO, \
	.frame_code = 32, .frame_previous = 24, .frame_instruction = 104, .frame_owner = NO, .frame_is_entry = NO, \
	.code_file = 104, .code_name = 112, .code_lines = 120, .code_first_line = 40, \
	.code_first_traceable = NO, .code_start = NO, .code_version = NO, \
	.string_ascii = 48, .string_compact = 72

static const struct python_layout rows[] = {
	{.minor = 8, LAYOUT_3_8},
	{.minor = 9, LAYOUT_3_8},
	{
		.minor = 10, .frames = PYTHON_FRAME_OBJECTS,
		.thread_frame = 24, .thread_cframe = 48, .thread_id = 176,
		.cframe_frame = NO, .cframe_previous = 8,
		.frame_code = 32, .frame_previous = 24, .frame_instruction = 96, .frame_owner = NO, .frame_is_entry = NO,
		.code_file = 104, .code_name = 112, .code_lines = 120, .code_first_line = 40,
		.code_first_traceable = NO, .code_start = NO, .code_version = NO,
		.string_ascii = 48, .string_compact = 72,
	},
	{
		.minor = 11, .frames = PYTHON_FRAME_ENTRIES,
		.thread_frame = NO, .thread_cframe = 56, .thread_id = 152,
		.cframe_frame = 8, .cframe_previous = 16,
		.frame_code = 32, .frame_previous = 48, .frame_instruction = 56, .frame_owner = 69, .frame_is_entry = 68,
		.code_file = 112, .code_name = 128, .code_lines = 136, .code_first_line = 72,
		.code_first_traceable = 168, .code_start = 184, .code_version = NO,
		.string_ascii = 48, .string_compact = 72,
	},
	{
		.minor = 12, .frames = PYTHON_FRAME_SHIMS,
		.thread_frame = NO, .thread_cframe = 56, .thread_id = 136,
		.cframe_frame = 0, .cframe_previous = 8,
		.frame_code = 0, .frame_previous = 8, .frame_instruction = 56, .frame_owner = 70, .frame_is_entry = NO,
		.code_file = 112, .code_name = 128, .code_lines = 136, .code_first_line = 68,
		.code_first_traceable = 176, .code_start = 192, .code_version = 92,
		.string_ascii = 40, .string_compact = 56,
	},
	{
		.minor = 13, .frames = PYTHON_FRAME_SHIMS,
		.thread_frame = 72, .thread_cframe = NO, .thread_id = 152,
		.cframe_frame = NO, .cframe_previous = NO,
		.frame_code = 0, .frame_previous = 8, .frame_instruction = 56, .frame_owner = 70, .frame_is_entry = NO,
		.code_file = 112, .code_name = 128, .code_lines = 136, .code_first_line = 68,
		.code_first_traceable = 184, .code_start = 200, .code_version = 92,
		.string_ascii = 40, .string_compact = 56,
	},
	{
		.minor = 14, .frames = PYTHON_FRAME_SHIMS,
		.thread_frame = 72, .thread_cframe = NO, .thread_id = 152,
		.cframe_frame = NO, .cframe_previous = NO,
		.frame_code = 0, .frame_previous = 8, .frame_instruction = 56, .frame_owner = 74, .frame_is_entry = NO,
		.code_file = 112, .code_name = 128, .code_lines = 136, .code_first_line = 68,
		.code_first_traceable = 192, .code_start = 208, .code_version = 92,
		.string_ascii = 40, .string_compact = 56,
	},
};
/* clang-format on */

/* What `_Py_DebugOffsets` begins with, in words of eight bytes; then come groups whose first word
 * is the size of the struct that they are of. */
enum {
	DEBUG_COOKIE,
	DEBUG_VERSION,
	DEBUG_THREADED,
	DEBUG_RUNTIME,
	DEBUG_INTERPRETER = DEBUG_RUNTIME + 3,
	DEBUG_WORDS = 64
};
#define COOKIE ((uint64_t)0x7970677562656478) /* "xdebugpy" */

/* Their lengths, which the versions do not share. */
static const struct {
	uint16_t minor;
	uint16_t interpreter, thread, frame;
} groups[] = {
	{13, 13, 9, 6},
	{14, 16, 9, 8},
};

/* Where it is within its group. */
enum {
	THREAD_FRAME = 4,
	THREAD_ID = 5,
	FRAME_PREVIOUS = 1,
	FRAME_CODE = 2,
	FRAME_INSTRUCTION = 3,
	FRAME_OWNER = 5,
	CODE_FILE = 1,
	CODE_NAME = 3, /* the qualified one */
	CODE_LINES = 4,
	CODE_FIRST_LINE = 5,
	CODE_START = 9,
};

/* Take an offset out of a group. False if it is not within the struct. */
static bool
take(const uint64_t *group, unsigned index, int16_t *ret_offset)
{
	if (group[index] >= group[0] || group[0] > INT16_MAX)
		return false;
	*ret_offset = (int16_t)group[index];
	return true;
}

static bool
take_groups(const uint64_t *words, unsigned i, struct python_layout *layout)
{
	const uint64_t *thread = words + DEBUG_INTERPRETER + groups[i].interpreter;
	const uint64_t *frame = thread + groups[i].thread, *code = frame + groups[i].frame;

	return take(thread, THREAD_FRAME, &layout->thread_frame) &&
	       take(thread, THREAD_ID, &layout->thread_id) &&
	       take(frame, FRAME_PREVIOUS, &layout->frame_previous) &&
	       take(frame, FRAME_CODE, &layout->frame_code) &&
	       take(frame, FRAME_INSTRUCTION, &layout->frame_instruction) &&
	       take(frame, FRAME_OWNER, &layout->frame_owner) &&
	       take(code, CODE_FILE, &layout->code_file) &&
	       take(code, CODE_NAME, &layout->code_name) &&
	       take(code, CODE_LINES, &layout->code_lines) &&
	       take(code, CODE_FIRST_LINE, &layout->code_first_line) &&
	       (uint64_t)layout->code_start == code[CODE_START];
}

/* Compare with what the interpreter says of itself, and take that. */
static enum python_layout_result
ask_interpreter(const void *runtime, struct python_layout *layout)
{
	uint64_t words[DEBUG_WORDS];

	for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++) {
		if (groups[i].minor != layout->minor)
			continue;
		if (runtime == NULL || !os_read_memory(runtime, words, sizeof words) ||
		    words[DEBUG_COOKIE] != COOKIE ||
		    words[DEBUG_VERSION] >> 16 != (0x300u | layout->minor))
			return PYTHON_LAYOUT_STRANGE;
		if (words[DEBUG_THREADED] != 0)
			return PYTHON_LAYOUT_THREADED;
		return take_groups(words, i, layout) ? PYTHON_LAYOUT_KNOWN : PYTHON_LAYOUT_STRANGE;
	}
	return PYTHON_LAYOUT_KNOWN;
}

enum python_layout_result
python_layout_find(unsigned minor, const void *runtime, struct python_layout *ret_layout)
{
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].minor == minor) {
			*ret_layout = rows[i];
			return ask_interpreter(runtime, ret_layout);
		}
	}
	return PYTHON_LAYOUT_UNKNOWN;
}
