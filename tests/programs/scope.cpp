/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scope.cpp - what only C++ does with heaptally.h
 *
 * Prints the line that the runtime has to name for the block that is tracked.
 */
#include <cstdio>

#include "heaptally.h"

/* Names that a program may use for its own: the header takes none away. */
struct loader {
	int heaptally_mark(const char *label)
	{
		return ::heaptally_mark(label) == 0 ? 1 : 2;
	}

	int (*heaptally_clear)();
};

static volatile int line;

/* Not the last thing that it does: a compiler may know what it returns, and jump. */
static __attribute__((noinline)) int
track()
{
	line = heaptally_track(5, 4096, 77) + __LINE__;
	return line;
}

int
main()
{
	loader own = {&::heaptally_clear};

	if (heaptally_is_tracing() != (own.heaptally_clear() == 0))
		return 1;
	{
		heaptally::scope whole("load");
		own.heaptally_mark("inside");
	}
	try {
		heaptally::scope thrown(
			"a label that is much too long to be one of the runtime, because "
			"it goes on and on, longer than ninety-five bytes");
		throw 1;
	} catch (int) {
	}
	heaptally_name_domain(5, "pool");
	std::printf("%d\n", track());
	return 0;
}
