# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines of Python as tracemalloc gives them: bytes and blocks, of lines and of whole tracebacks.

On every CPython found (interpreters.py).
"""
import json
import linecache
import os

from harness import LIBRARY, SOURCE, case, environment, equal, report, run, run_cases
from interpreters import pythons

PROGRAM = os.path.join(SOURCE, "tests", "python", "measured.py")
OWN = ("measured.py", "tracemalloc.py")


def measure(python, mode, workload, path, **changes):
    changes = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", **changes}
    done = run([python, PROGRAM, mode, workload, path], env=environment(**changes))
    equal((done.returncode, done.stderr), (0, b""), "%s %s %s" % (python, mode, workload))


def expected_tracebacks(python, workload):
    measure(python, "tracemalloc", workload, "expected.json")
    with open("expected.json", encoding="utf-8", errors="surrogatepass") as file:
        return {tuple(map(tuple, frames)): (size, count)
                for frames, size, count in json.load(file)}


def is_python(frame):
    return frame["file"] is not None and frame["file"] == frame["module"]


def got_tracebacks(python, workload, directory, options="python=on", **changes):
    path = os.path.join(directory, "got.recording")
    measure(python, "heaptally", workload, path, LD_PRELOAD=LIBRARY,
            HEAPTALLY="dir=%s:%s" % (directory, options), **changes)
    result = {}
    top = report("top", "--at", "exit", "--by", "stack", "--raw-frames", "-n", "0", path)
    for group in top["groups"]:
        if group["live_blocks"] == 0:
            continue
        frames = tuple((frame["file"], frame["line"] or 0)
                       for frame in reversed(group["frames"]) if is_python(frame))
        size, count = result.get(frames, (0, 0))
        result[frames] = (size + group["live_bytes"], count + group["live_blocks"])
    os.unlink(path)
    return result


def belongs(frames):
    """Not to the measuring itself, nor to what has no frame of Python."""
    return frames and os.path.basename(frames[-1][0]) not in OWN


def compare(expected, got, what, keep):
    keys = [key for key in set(expected) | set(got) if keep(key)]
    differences = ["%s: expected %s, got %s" % (key, expected.get(key), got.get(key))
                   for key in sorted(keys) if expected.get(key) != got.get(key)]
    equal(differences, [], "%s: %d of %d" % (what, len(differences), len(keys)))
    assert len(keys) > 1, what


def lines_of(tracebacks):
    lines = {}
    for frames, (size, count) in tracebacks.items():
        if belongs(frames):
            before = lines.get(frames[-1:], (0, 0))
            lines[frames[-1:]] = (before[0] + size, before[1] + count)
    return lines


def minor_of(python):
    return int(run([python, "-c", "import sys; print(sys.version_info[1])"]).stdout)


def check_exactly(workload, directory, options="python=on", least=8, keep=belongs, **changes):
    for python in (path for path in pythons() if minor_of(path) >= least):
        expected = expected_tracebacks(python, workload)
        got = got_tracebacks(python, workload, directory, options, **changes)
        what = "%s %s" % (python, workload)
        compare(lines_of(expected), lines_of(got), what + ", lines", keep)
        compare(expected, got, what + ", tracebacks", keep)


@case("sizes: every line and every traceback has tracemalloc's bytes and blocks")
def sizes(directory):
    check_exactly("sizes", directory)


@case("frames: the same of calls, callbacks, generators, threads and executed text")
def frames(directory):
    check_exactly("frames", directory)


@case("codes: the same of code objects at an address that others had before")
def codes(directory):
    check_exactly("codes", directory)


@case("recursion: the same of 150 and 200 frames, at once and by and by, and of 60 evaluation loops")
def recursion(directory):
    # Before, frames are objects with free lists of their own.
    check_exactly("recursion", directory, least=11)


def makes_bytes(frames):
    """Up to 3.10 a call makes an object, when a list of free ones, which others fill, has none."""
    return belongs(frames) and "bytes(" in linecache.getline(*frames[-1])


@case("wander: the same of 4,000 blocks on stacks that change at random, by calls and callbacks")
def wander(directory):
    check_exactly("wander", directory, keep=makes_bytes)


@case("PYTHONMALLOC=malloc: the same")
def with_malloc(directory):
    check_exactly("frames", directory, PYTHONMALLOC="malloc")


@case("PYTHONMALLOC=debug: the same, the debug layer's own bytes are not counted")
def with_debug(directory):
    check_exactly("frames", directory, PYTHONMALLOC="debug")


@case("python=frames and PYTHONMALLOC=malloc: the same by malloc alone")
def with_frames_only(directory):
    check_exactly("codes", directory, "python=frames", PYTHONMALLOC="malloc")


@case("the standard library: sums differ by less than 1 %, whatever free lists move")
def modules(directory):
    for python in pythons():
        expected = lines_of(expected_tracebacks(python, "modules"))
        got = lines_of(got_tracebacks(python, "modules", directory))
        for i, what in enumerate(("bytes", "blocks")):
            wanted = sum(values[i] for values in expected.values())
            seen = sum(values[i] for values in got.values())
            assert abs(seen - wanted) <= wanted // 100, (python, what, wanted, seen)


run_cases()
