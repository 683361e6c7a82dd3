/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python.c - an interpreter that is found stays: none is ever unloaded with frames on its stack
 */
#include "capture/python.h"

#include <link.h>
#include <string.h>

#include "base/elf_symbol.h"
#include "base/loader.h"
#include "base/lock.h"
#include "recording/recording_map.h"

/* What every CPython from 2.6 on exports, and what PyPy has in its place. */
#define LANDMARK       "PyGILState_GetThisThreadState"
#define OTHER_LANDMARK "PyPyGILState_Ensure"

struct python python = {.mode = PYTHON_OFF};

static void (*found)(void), (*checked)(void);
static struct lock lock;

void
python_init(enum python_mode mode, void (*when_found)(void), void (*when_checked)(void))
{
	python.mode = mode;
	found = when_found;
	checked = when_checked;
}

void
python_publish(void)
{
	if (recording.header == NULL || python.state == PYTHON_NONE)
		return;
	recording.header->python_version = python.version;
	recording.header->python = python.state == PYTHON_REFUSED  ? RECORDING_PYTHON_OFF
				   : python.mode == PYTHON_FRAMES  ? RECORDING_PYTHON_FRAMES
				   : python.mode == PYTHON_OBJECTS ? RECORDING_PYTHON_OBJECTS
								   : RECORDING_PYTHON_ON;
	recording_note(python.trouble);
}

void
python_refuse(uint32_t trouble)
{
	python.trouble = trouble;
	store_release(&python.state, PYTHON_REFUSED);
	python_publish();
}

void
python_check(void)
{
	uint32_t expected = PYTHON_FOUND;

	/* Once, whichever thread comes first. */
	if (__atomic_compare_exchange_n(&python.state, &expected, PYTHON_CHECKED, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
	    checked != NULL)
		checked();
}

/* "3.8.18 (default, ...", as PY_VERSION_HEX without the last byte. */
static uint32_t
parse_version(const char *text)
{
	uint32_t version = 0, number = 0;
	int shift = 24;

	for (; shift >= 8; text++) {
		if (*text >= '0' && *text <= '9') {
			number = number * 10 + (uint32_t)(*text - '0');
			continue;
		}
		version |= (number & 0xff) << shift;
		number = 0;
		shift = *text == '.' ? shift - 8 : 0;
	}
	return version;
}

static uint32_t
find_version(const struct link_map *object)
{
	const unsigned long *number = elf_symbol_find(object, "Py_Version");
	const char *(*text)(void);

	if (number != NULL)
		return (uint32_t)*number;
	/* It writes text that is known to the compiler into a buffer of its own. */
	text = (const char *(*)(void))elf_symbol_find(object, "Py_GetVersion");
	return text != NULL ? parse_version(text()) : 0;
}

static void *
find_one_of(const struct link_map *object, const char *name, const char *before)
{
	void *address = elf_symbol_find(object, name);

	return address != NULL ? address : elf_symbol_find(object, before);
}

static void
find_functions(const struct link_map *object)
{
	/* Behind the value of a symbol is its size. */
	const uint64_t *eval = elf_symbol_value(object, "_PyEval_EvalFrameDefault");

	python.get_thread = (const void *(*)(void))elf_symbol_find(object, LANDMARK);
	python.is_finalizing =
		(int (*)(void))find_one_of(object, "Py_IsFinalizing", "_Py_IsFinalizing");
	/* Up to 3.11 it is the state of whoever holds the global lock. */
	if (python.layout.minor >= 12)
		python.get_attached_thread = (const void *(*)(void))find_one_of(
			object, "PyThreadState_GetUnchecked", "_PyThreadState_UncheckedGet");
	if (eval != NULL) {
		python.eval_start = object->l_addr + eval[0];
		python.eval_end = python.eval_start + eval[1];
	}
}

static uint32_t
trouble_of(enum python_layout_result result)
{
	switch (result) {
	case PYTHON_LAYOUT_UNKNOWN:
		return TROUBLE_PYTHON_VERSION;
	case PYTHON_LAYOUT_THREADED:
		return TROUBLE_PYTHON_THREADED;
	case PYTHON_LAYOUT_STRANGE:
		return TROUBLE_PYTHON_STRANGE;
	case PYTHON_LAYOUT_KNOWN:
		break;
	}
	return 0;
}

/* Under the lock. */
static void
take(const struct link_map *object)
{
	const void *runtime = elf_symbol_find(object, "_PyRuntime");
	enum python_layout_result result = PYTHON_LAYOUT_UNKNOWN;

	python.object = object;
	python.version = find_version(object);
	if (python.version >> 24 == 3)
		result = python_layout_find(python.version >> 16 & 0xff, runtime, &python.layout);
	if (result != PYTHON_LAYOUT_KNOWN) {
		python_refuse(trouble_of(result));
		return;
	}
	find_functions(object);
	if (python.is_finalizing == NULL) {
		python_refuse(TROUBLE_PYTHON_STRANGE);
		return;
	}
	/* Release: whoever sees the state sees the rest. */
	store_release(&python.state, PYTHON_FOUND);
	python_publish();
	if (found != NULL)
		found();
}

void
python_meet(const struct link_map *object)
{
	bool is_other;

	if (python.mode == PYTHON_OFF || load(&python.state) != PYTHON_NONE)
		return;
	is_other = elf_symbol_find(object, OTHER_LANDMARK) != NULL;
	if ((!is_other && elf_symbol_find(object, LANDMARK) == NULL) || !lock_take(&lock))
		return;
	if (python.state == PYTHON_NONE && is_other)
		python_refuse(TROUBLE_PYTHON_OTHER);
	else if (python.state == PYTHON_NONE)
		take(object);
	lock_drop(&lock);
}

void
python_look(void)
{
	for (const struct link_map *object = loader_first(); object != NULL;
	     object = object->l_next)
		python_meet(object);
}
