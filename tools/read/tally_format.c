/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_format.c - numbers of the model as numbers of a snapshot file, and back
 *
 * Each way is a switch without a default, so that an enumerator which one side lacks does not
 * compile.
 */
#include "config.h"
#include "read/tally_format.h"

#include <stddef.h>

#include "model/trouble.h"
#include "model/resident.h"

_Static_assert(TALLY_TIME_SHIFT == BLOCK_TIME_SHIFT, "times are taken as they are");
_Static_assert(TALLY_BUCKETS == BLOCK_BUCKETS, "histograms are taken as they are");

enum tally_state
tally_format_state(enum profile_state state)
{
	switch (state) {
	case PROFILE_RUNNING:
		return TALLY_STATE_RUNNING;
	case PROFILE_EXITED:
		return TALLY_STATE_EXITED;
	case PROFILE_ENDED:
		return TALLY_STATE_ENDED;
	}
	__builtin_unreachable();
}

enum tally_frame_kind
tally_format_frame_kind(enum profile_frame_kind kind)
{
	switch (kind) {
	case PROFILE_FRAME_ALLOCATOR:
		return TALLY_FRAME_ALLOCATOR;
	case PROFILE_FRAME_CODE:
		return TALLY_FRAME_CODE;
	case PROFILE_FRAME_ADDRESS:
		return TALLY_FRAME_ADDRESS;
	case PROFILE_FRAME_CUT:
		return TALLY_FRAME_CUT;
	case PROFILE_FRAME_THREAD:
		return TALLY_FRAME_THREAD;
	case PROFILE_FRAME_TRUNCATED:
		return TALLY_FRAME_TRUNCATED;
	case PROFILE_FRAME_UNKNOWN:
		return TALLY_FRAME_UNKNOWN;
	case PROFILE_FRAME_NESTED:
		return TALLY_FRAME_NESTED;
	case PROFILE_FRAME_PYTHON:
		return TALLY_FRAME_PYTHON;
	case PROFILE_FRAME_PROCESS: /* a sum is never written */
		break;
	}
	__builtin_unreachable();
}

enum tally_mark_kind
tally_format_mark_kind(enum profile_mark_kind kind)
{
	switch (kind) {
	case PROFILE_MARK_CLEAR:
		return TALLY_MARK_CLEAR;
	case PROFILE_MARK_RESET_PEAK:
		return TALLY_MARK_RESET_PEAK;
	case PROFILE_MARK_LABEL:
		return TALLY_MARK_LABEL;
	case PROFILE_MARK_PAUSE:
		return TALLY_MARK_PAUSE;
	case PROFILE_MARK_RESUME:
		return TALLY_MARK_RESUME;
	case PROFILE_MARK_STOP:
		return TALLY_MARK_STOP;
	case PROFILE_MARK_KINDS:
		break;
	}
	__builtin_unreachable();
}

enum tally_file
tally_format_file(enum profile_file file)
{
	switch (file) {
	case PROFILE_FILE_AS_MAPPED:
		return TALLY_FILE_AS_MAPPED;
	case PROFILE_FILE_CHANGED:
		return TALLY_FILE_CHANGED;
	case PROFILE_FILE_GONE:
		return TALLY_FILE_GONE;
	case PROFILE_FILES:
		break;
	}
	__builtin_unreachable();
}

enum tally_pause
tally_format_pause(enum profile_pause pause)
{
	switch (pause) {
	case PROFILE_GOES_ON:
		return TALLY_GOES_ON;
	case PROFILE_PAUSED:
		return TALLY_PAUSED;
	case PROFILE_STOPPED:
		return TALLY_STOPPED;
	case PROFILE_PAUSES:
		break;
	}
	__builtin_unreachable();
}

enum tally_python
tally_format_python(enum profile_python python)
{
	switch (python) {
	case PROFILE_PYTHON_NONE:
		return TALLY_PYTHON_NONE;
	case PROFILE_PYTHON_ON:
		return TALLY_PYTHON_ON;
	case PROFILE_PYTHON_FRAMES:
		return TALLY_PYTHON_FRAMES;
	case PROFILE_PYTHON_OFF:
		return TALLY_PYTHON_OFF;
	case PROFILE_PYTHON_OBJECTS:
		return TALLY_PYTHON_OBJECTS;
	case PROFILE_PYTHONS:
		break;
	}
	__builtin_unreachable();
}

enum tally_taken
tally_format_taken(enum graph_taken taken)
{
	switch (taken) {
	case GRAPH_TAKEN_AT_EXIT:
		return TALLY_TAKEN_AT_EXIT;
	case GRAPH_TAKEN_AT_EXIT_BY_TWIN:
		return TALLY_TAKEN_AT_EXIT_BY_TWIN;
	case GRAPH_TAKEN_BY_TWIN:
		return TALLY_TAKEN_BY_TWIN;
	case GRAPH_TAKEN_FROM_CORE:
		return TALLY_TAKEN_FROM_CORE;
	case GRAPH_TAKEN_FROM_OUTSIDE:
		return TALLY_TAKEN_FROM_OUTSIDE;
	case GRAPH_TAKENS:
		break;
	}
	__builtin_unreachable();
}

bool
tally_parse_state(uint64_t number, enum profile_state *ret_state)
{
	if (number > UINT32_MAX)
		return false;
	switch ((enum tally_state)number) {
	case TALLY_STATE_RUNNING:
		*ret_state = PROFILE_RUNNING;
		return true;
	case TALLY_STATE_EXITED:
		*ret_state = PROFILE_EXITED;
		return true;
	case TALLY_STATE_ENDED:
		*ret_state = PROFILE_ENDED;
		return true;
	}
	return false;
}

bool
tally_parse_frame_kind(uint64_t number, enum profile_frame_kind *ret_kind)
{
	if (number > UINT32_MAX)
		return false;
	switch ((enum tally_frame_kind)number) {
	case TALLY_FRAME_ALLOCATOR:
		*ret_kind = PROFILE_FRAME_ALLOCATOR;
		return true;
	case TALLY_FRAME_CODE:
		*ret_kind = PROFILE_FRAME_CODE;
		return true;
	case TALLY_FRAME_ADDRESS:
		*ret_kind = PROFILE_FRAME_ADDRESS;
		return true;
	case TALLY_FRAME_CUT:
		*ret_kind = PROFILE_FRAME_CUT;
		return true;
	case TALLY_FRAME_THREAD:
		*ret_kind = PROFILE_FRAME_THREAD;
		return true;
	case TALLY_FRAME_TRUNCATED:
		*ret_kind = PROFILE_FRAME_TRUNCATED;
		return true;
	case TALLY_FRAME_UNKNOWN:
		*ret_kind = PROFILE_FRAME_UNKNOWN;
		return true;
	case TALLY_FRAME_NESTED:
		*ret_kind = PROFILE_FRAME_NESTED;
		return true;
	case TALLY_FRAME_PYTHON:
		*ret_kind = PROFILE_FRAME_PYTHON;
		return true;
	}
	return false;
}

bool
tally_parse_mark_kind(uint64_t number, enum profile_mark_kind *ret_kind)
{
	if (number > UINT32_MAX)
		return false;
	switch ((enum tally_mark_kind)number) {
	case TALLY_MARK_CLEAR:
		*ret_kind = PROFILE_MARK_CLEAR;
		return true;
	case TALLY_MARK_RESET_PEAK:
		*ret_kind = PROFILE_MARK_RESET_PEAK;
		return true;
	case TALLY_MARK_LABEL:
		*ret_kind = PROFILE_MARK_LABEL;
		return true;
	case TALLY_MARK_PAUSE:
		*ret_kind = PROFILE_MARK_PAUSE;
		return true;
	case TALLY_MARK_RESUME:
		*ret_kind = PROFILE_MARK_RESUME;
		return true;
	case TALLY_MARK_STOP:
		*ret_kind = PROFILE_MARK_STOP;
		return true;
	}
	return false;
}

bool
tally_parse_pause(uint64_t number, enum profile_pause *ret_pause)
{
	if (number > UINT32_MAX)
		return false;
	switch ((enum tally_pause)number) {
	case TALLY_GOES_ON:
		*ret_pause = PROFILE_GOES_ON;
		return true;
	case TALLY_PAUSED:
		*ret_pause = PROFILE_PAUSED;
		return true;
	case TALLY_STOPPED:
		*ret_pause = PROFILE_STOPPED;
		return true;
	}
	return false;
}

bool
tally_parse_file(uint64_t number, enum profile_file *ret_file)
{
	switch ((enum tally_file)number) {
	case TALLY_FILE_AS_MAPPED:
		*ret_file = PROFILE_FILE_AS_MAPPED;
		return true;
	case TALLY_FILE_CHANGED:
		*ret_file = PROFILE_FILE_CHANGED;
		return true;
	case TALLY_FILE_GONE:
		*ret_file = PROFILE_FILE_GONE;
		return true;
	}
	return false;
}

bool
tally_parse_python(uint64_t number, enum profile_python *ret_python)
{
	switch (number) {
	case TALLY_PYTHON_NONE:
		*ret_python = PROFILE_PYTHON_NONE;
		return true;
	case TALLY_PYTHON_ON:
		*ret_python = PROFILE_PYTHON_ON;
		return true;
	case TALLY_PYTHON_FRAMES:
		*ret_python = PROFILE_PYTHON_FRAMES;
		return true;
	case TALLY_PYTHON_OFF:
		*ret_python = PROFILE_PYTHON_OFF;
		return true;
	case TALLY_PYTHON_OBJECTS:
		*ret_python = PROFILE_PYTHON_OBJECTS;
		return true;
	}
	return false;
}

bool
tally_parse_taken(uint64_t number, enum graph_taken *ret_taken)
{
	switch (number) {
	case TALLY_TAKEN_AT_EXIT:
		*ret_taken = GRAPH_TAKEN_AT_EXIT;
		return true;
	case TALLY_TAKEN_AT_EXIT_BY_TWIN:
		*ret_taken = GRAPH_TAKEN_AT_EXIT_BY_TWIN;
		return true;
	case TALLY_TAKEN_BY_TWIN:
		*ret_taken = GRAPH_TAKEN_BY_TWIN;
		return true;
	case TALLY_TAKEN_FROM_CORE:
		*ret_taken = GRAPH_TAKEN_FROM_CORE;
		return true;
	case TALLY_TAKEN_FROM_OUTSIDE:
		*ret_taken = GRAPH_TAKEN_FROM_OUTSIDE;
		return true;
	}
	return false;
}

bool
tally_parse_flag(uint64_t number, bool *ret_flag)
{
	if (number > TALLY_YES)
		return false;
	*ret_flag = number == TALLY_YES;
	return true;
}

static const struct {
	enum profile_trouble model;
	enum tally_trouble file;
} troubles_table[] = {
	{PROFILE_TROUBLE_NO_UNWINDER, TALLY_TROUBLE_NO_UNWINDER},
	{PROFILE_TROUBLE_FULL, TALLY_TROUBLE_FULL},
	{PROFILE_TROUBLE_NODES_FULL, TALLY_TROUBLE_NODES_FULL},
	{PROFILE_TROUBLE_FOREIGN_MALLOC, TALLY_TROUBLE_FOREIGN_MALLOC},
	{PROFILE_TROUBLE_BAD_OPTION, TALLY_TROUBLE_BAD_OPTION},
	{PROFILE_TROUBLE_NO_BLOCK_TABLE, TALLY_TROUBLE_NO_BLOCK_TABLE},
	{PROFILE_TROUBLE_UNWINDER_FORKED, TALLY_TROUBLE_UNWINDER_FORKED},
	{PROFILE_TROUBLE_LIMITED, TALLY_TROUBLE_LIMITED},
	{PROFILE_TROUBLE_NOTHING_SEEN, TALLY_TROUBLE_NOTHING_SEEN},
	{PROFILE_TROUBLE_UNLOCKED, TALLY_TROUBLE_UNLOCKED},
	{PROFILE_TROUBLE_OWN_NEW, TALLY_TROUBLE_OWN_NEW},
	{PROFILE_TROUBLE_OUT_REFUSED, TALLY_TROUBLE_OUT_REFUSED},
	{PROFILE_TROUBLE_EARLY, TALLY_TROUBLE_EARLY},
	{PROFILE_TROUBLE_PYTHON_VERSION, TALLY_TROUBLE_PYTHON_VERSION},
	{PROFILE_TROUBLE_PYTHON_THREADED, TALLY_TROUBLE_PYTHON_THREADED},
	{PROFILE_TROUBLE_PYTHON_STRANGE, TALLY_TROUBLE_PYTHON_STRANGE},
	{PROFILE_TROUBLE_PYTHON_OTHER, TALLY_TROUBLE_PYTHON_OTHER},
	{PROFILE_TROUBLE_PYTHON_FULL, TALLY_TROUBLE_PYTHON_FULL},
	{PROFILE_TROUBLE_PYTHON_OLD, TALLY_TROUBLE_PYTHON_OLD},
	{PROFILE_TROUBLE_PYTHON_TRACED, TALLY_TROUBLE_PYTHON_TRACED},
	{PROFILE_TROUBLE_NEWER, TALLY_TROUBLE_NEWER},
};

_Static_assert(sizeof(troubles_table) / sizeof(troubles_table[0]) == PROFILE_TROUBLE_COUNT,
	       "each has one");

uint32_t
tally_format_troubles(uint32_t troubles)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < PROFILE_TROUBLE_COUNT; i++)
		if ((troubles & (uint32_t)troubles_table[i].model) != 0)
			bits |= (uint32_t)troubles_table[i].file;
	return bits;
}

uint32_t
tally_parse_troubles(uint64_t bits)
{
	uint32_t troubles = 0;

	for (size_t i = 0; i < PROFILE_TROUBLE_COUNT; i++) {
		if ((bits & (uint64_t)troubles_table[i].file) != 0)
			troubles |= (uint32_t)troubles_table[i].model;
		bits &= ~(uint64_t)troubles_table[i].file;
	}
	return bits == 0 ? troubles : troubles | PROFILE_TROUBLE_NEWER;
}

uint64_t
tally_format_offset(const struct profile_frame *frame)
{
	bool pool = frame->kind == PROFILE_FRAME_ALLOCATOR && frame->offset >= PROFILE_POOL;

	return pool ? frame->offset - PROFILE_POOL + TALLY_POOL : frame->offset;
}

uint64_t
tally_parse_offset(enum profile_frame_kind kind, uint64_t offset)
{
	bool pool = kind == PROFILE_FRAME_ALLOCATOR && offset >= TALLY_POOL;

	return pool ? offset - TALLY_POOL + PROFILE_POOL : offset;
}

unsigned
tally_get_part(enum tally_part part)
{
	static const enum resident_part parts[TALLY_PART_COUNT] = {
		[TALLY_PART_LIVE] = RESIDENT_LIVE,
		[TALLY_PART_ROUNDING] = RESIDENT_ROUNDING,
		[TALLY_PART_HEADERS] = RESIDENT_HEADERS,
		[TALLY_PART_PINNED] = RESIDENT_PINNED,
		[TALLY_PART_KEPT] = RESIDENT_KEPT,
		[TALLY_PART_HEAP_UNSEEN] = RESIDENT_UNSEEN,
		[TALLY_PART_STACKS] = RESIDENT_STACKS,
		[TALLY_PART_TEXT] = RESIDENT_TEXT,
		[TALLY_PART_DATA] = RESIDENT_DATA,
		[TALLY_PART_SHARED] = RESIDENT_SHARED,
		[TALLY_PART_JIT] = RESIDENT_JIT,
		[TALLY_PART_ANONYMOUS] = RESIDENT_ANONYMOUS,
		[TALLY_PART_TRACER] = RESIDENT_TRACER,
		[TALLY_PART_MAPPED] = RESIDENT_MAPPED,
	};

	return parts[part];
}
