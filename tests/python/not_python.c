/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * not_python.c - looks like PyPy, or like a CPython of the version VERSION that cannot be read
 *
 * With WITHOUT_LOCK it says of itself that it has no global lock; else its thread states are
 * zero.
 */
#include <stdint.h>
#include <stdlib.h>

#ifndef VERSION
int PyPyGILState_Ensure(void);

int
PyPyGILState_Ensure(void)
{
	return 0;
}
#else
const char *Py_GetVersion(void);
const void *PyGILState_GetThisThreadState(void);
int Py_IsFinalizing(void);

/* How _Py_DebugOffsets begins: a cookie, PY_VERSION_HEX, whether it has no global lock. */
extern uint64_t _PyRuntime[64];
uint64_t _PyRuntime[64] = {0x7970677562656478, 0x030d00f0, WITHOUT_LOCK};

static uint64_t state[64];

const char *
Py_GetVersion(void)
{
	return VERSION " (main)";
}

const void *
PyGILState_GetThisThreadState(void)
{
	return state;
}

int
Py_IsFinalizing(void)
{
	return 0;
}
#endif

int
main(void)
{
	void *volatile block = malloc(100);

	free(block);
	return 0;
}
