# SPDX-License-Identifier: LGPL-2.1-or-later
"""Allocators that find errors stay in use: libc's checking malloc, whose functions have a version that
only old programs see, and those that give each block a page of its own, without malloc_usable_size."""
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


# As Electric Fence: a block ends where a forbidden page begins, and one of whole pages begins behind one.
FENCE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#define PAGE 4096UL
#define END(block) (((unsigned long)(block) + PAGE - 1) & -PAGE)
static struct { void *block; unsigned long bytes; } known[4096];
static unsigned count;
void *malloc(unsigned long bytes)
{
	unsigned long room = (bytes + PAGE) & -PAGE, used = (bytes + 15) & -16UL;
	char *start = mmap(NULL, PAGE + room + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (bytes % PAGE == 0)
		room = bytes;
	mprotect(start + PAGE, room, PROT_READ | PROT_WRITE);
	known[count].block = start + PAGE + room - used;
	known[count].bytes = bytes;
	return known[count++].block;
}
void free(void *block)
{
	for (unsigned i = 0; i < count; i++)
		if (known[i].block == block)
			mprotect((void *)((unsigned long)block & -PAGE), known[i].bytes, PROT_NONE);
}
void *calloc(unsigned long n, unsigned long bytes) { return malloc(n * bytes); }
void *realloc(void *block, unsigned long bytes)
{
	void *other = malloc(bytes);

	for (unsigned i = 0; i < count; i++)
		if (block != NULL && known[i].block == block)
			memcpy(other, block, known[i].bytes < bytes ? known[i].bytes : bytes);
	free(block);
	return other;
}
"""

FENCED = r"""
#include <stdlib.h>
static void *keep[40];
int main(void)
{
	for (int i = 0; i < 40; i++)
		keep[i] = malloc(i % 2 ? 8192 : 100);
	for (int i = 0; i < 10; i++)
		free(keep[i]);
	free(realloc(malloc(4096), 12288));
	free(malloc(5UL << 30));
	return 0;
}
"""


@case("an allocator without malloc_usable_size is not asked through libc's, and sizes are those asked for")
def fenced(_directory):
    for name, text, flags in (("fence.so", FENCE, ["-shared", "-fPIC"]), ("fenced", FENCED, [])):
        with open("x.c", "w", encoding="utf-8") as file:
            file.write(text)
        done = run([need("gcc"), "-O1", "-fno-builtin", *flags, "-o", name, "x.c"])
        equal(done.returncode, 0, done.stderr)
    for options in (), ("blocks=on",):
        seen = info(same(["./fenced"], [os.path.abspath("fence.so")], options=options))
        assert "fence.so" in seen["allocator"], seen
        keys = ("total_blocks", "freed_blocks", "live_blocks", "live_bytes", "peak_bytes", "dropped_events")
        # Of what neither the table nor the allocator could say how large it is, nothing is taken to be known.
        equal([seen[key] for key in keys], [43, 13, 30, 15 * 8292, 20 * 8292, 1], options)


run_cases()
