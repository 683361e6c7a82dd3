/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * not_python.c - looks like a CPython of a version that nobody has seen, or like PyPy
 */
#include <stdlib.h>

#ifdef LOOKS_LIKE_PYPY
int PyPyGILState_Ensure(void);

int
PyPyGILState_Ensure(void)
{
	return 0;
}
#else
const char *Py_GetVersion(void);
void *PyGILState_GetThisThreadState(void);

const char *
Py_GetVersion(void)
{
	return "3.99.1 (main)";
}

void *
PyGILState_GetThisThreadState(void)
{
	abort();
}
#endif

int
main(void)
{
	free(malloc(100));
	return 0;
}
