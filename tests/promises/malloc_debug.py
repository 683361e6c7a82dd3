# SPDX-License-Identifier: LGPL-2.1-or-later
"""libc's checking malloc, whose functions have a version that only old programs see, stays in use."""
import ctypes
import os

from harness import Skip, case, equal, need, run, run_cases
from traced import bare, info, same, traced

DEBUG = "libc_malloc_debug.so.0"

PROGRAM = r"""
#include <mcheck.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	char *block;

	if (getenv("MALLOC_TRACE") != NULL)
		mtrace();
	for (int i = 0; i < 100; i++)
		free(realloc(malloc(10), 2000));
	block = malloc(24);
	memset(block, 1, argc > 1 ? 25 : 24);
	if (argc > 2 && strcmp(argv[2], "realloc") == 0)
		block = realloc(block, 3000);
	free(block);
	puts("not noticed");
	return 0;
}
"""


def build():
    try:
        ctypes.CDLL(DEBUG)
    except OSError:
        raise Skip("this libc has no " + DEBUG)
    with open("overrun.c", "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    done = run([need("gcc"), "-O0", "-fno-builtin", "-o", "overrun", "overrun.c"])
    equal(done.returncode, 0, done.stderr)


@case("MALLOC_CHECK_ finds an overrun")
def checks(_directory):
    build()
    for how in "free", "realloc":
        untraced, result = (run_it(["./overrun", "1", how], [DEBUG], MALLOC_CHECK_="3") for run_it in (bare, traced))
        equal((result.returncode, result.stdout), (-6, b""), "killed by abort()")
        # It is told of the overrun where the program meets it, in the same words.
        equal((untraced.returncode, result.stderr), (-6, untraced.stderr), how)
        assert how.encode() in result.stderr, result.stderr
    equal(same(["./overrun"], [DEBUG], MALLOC_CHECK_="3").stdout, b"not noticed\n", "without one")


@case("mtrace logs every call")
def logs(_directory):
    build()
    lines = []
    for run_it in (bare, traced):
        result = run_it(["./overrun"], [DEBUG], MALLOC_TRACE="log")
        with open("log", encoding="ascii") as file:
            lines.append(sum(line.startswith("@ ") for line in file))
        os.unlink("log")
    assert lines[0] > 300 and lines[1] >= lines[0], lines
    seen = info(result)
    assert DEBUG in seen["allocator"], seen


run_cases()
