# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines of Python as tracemalloc gives them: bytes and blocks, of lines and of whole tracebacks.

On every CPython found (interpreters.py).
"""
import linecache

from harness import case, run_cases
from interpreters import pythons
from tracebacks import belongs, check_exactly, expected_tracebacks, got_tracebacks, lines_of

@case("sizes: every line and every traceback has tracemalloc's bytes and blocks")
def sizes(directory):
    check_exactly("workloads.sizes", directory)


@case("frames: the same of calls, callbacks, generators, threads and executed text")
def frames(directory):
    check_exactly("workloads.frames", directory)


@case("codes: the same of code objects at an address that others had before")
def codes(directory):
    check_exactly("workloads.codes", directory)


@case("recursion: the same of 150 and 200 frames, at once and by and by, and of 60 evaluation loops")
def recursion(directory):
    # Before, frames are objects with free lists of their own.
    check_exactly("workloads.recursion", directory, least=11)


def makes_bytes(frames):
    """Up to 3.10 a call makes an object, when a list of free ones, which others fill, has none."""
    return belongs(frames) and "bytes(" in linecache.getline(*frames[-1])


@case("wander: the same of 4,000 blocks on stacks that change at random, by calls and callbacks")
def wander(directory):
    check_exactly("workloads.wander", directory, keep=makes_bytes)


@case("PYTHONMALLOC=malloc: the same")
def with_malloc(directory):
    check_exactly("workloads.frames", directory, PYTHONMALLOC="malloc")


@case("PYTHONMALLOC=debug: the same, the debug layer's own bytes are not counted")
def with_debug(directory):
    check_exactly("workloads.frames", directory, PYTHONMALLOC="debug")


@case("python=frames and PYTHONMALLOC=malloc: the same by malloc alone")
def with_frames_only(directory):
    check_exactly("workloads.codes", directory, options="python=frames", PYTHONMALLOC="malloc")


@case("the standard library: sums differ by less than 1 %, whatever free lists move")
def modules(directory):
    for python in pythons():
        expected = lines_of(expected_tracebacks(python, "workloads.modules"))
        got = lines_of(got_tracebacks(python, "workloads.modules", directory))
        for i, what in enumerate(("bytes", "blocks")):
            wanted = sum(values[i] for values in expected.values())
            seen = sum(values[i] for values in got.values())
            assert abs(seen - wanted) <= wanted // 100, (python, what, wanted, seen)


run_cases()
