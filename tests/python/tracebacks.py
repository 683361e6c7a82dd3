# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a workload has by tracemalloc, and what by heaptally: bytes and blocks of tracebacks."""
import json
import os

from harness import LIBRARY, SOURCE, environment, equal, report, run
from interpreters import minor_of, pythons

PROGRAM = os.path.join(SOURCE, "tests", "python", "measured.py")
OWN = ("measured.py", "tracemalloc.py")


def measure(python, mode, workload, path, method=(), **changes):
    changes = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", **changes}
    done = run([python, PROGRAM, mode, workload, path, *method], env=environment(**changes))
    equal((done.returncode, done.stderr), (0, b""), "%s %s %s" % (python, mode, workload))


def expected_tracebacks(python, workload, *method, of_modules=False):
    """Of CPython's own domain, or those of modules that tell tracemalloc of their memory."""
    measure(python, "tracemalloc", workload, "expected.json", method)
    with open("expected.json", encoding="utf-8", errors="surrogatepass") as file:
        return {tuple(map(tuple, frames)): (size, count)
                for frames, domain, size, count in json.load(file) if (domain != 0) == of_modules}


def is_python(frame):
    return frame["file"] is not None and frame["file"] == frame["module"]


def got_tracebacks(python, workload, directory, *method, options="python=on", of="*", **changes):
    """Of the blocks whose domain is like `of`."""
    path = os.path.join(directory, "got.recording")
    measure(python, "heaptally", workload, path, method, LD_PRELOAD=LIBRARY,
            HEAPTALLY="dir=%s:%s" % (directory, options), **changes)
    result = {}
    top = report("top", "--at", "exit", "--by", "stack", "--raw-frames", "-n", "0",
                 "--include", "domain=" + of, path)
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


def check_exactly(workload, directory, *method, least=8, found=None, keep=belongs, **changes):
    """On every CPython from 3.least on, or on those that were found to have a module."""
    for python in found or [path for path in pythons() if minor_of(path) >= least]:
        expected = expected_tracebacks(python, workload, *method)
        got = got_tracebacks(python, workload, directory, *method, **changes)
        what = " ".join((python, workload, *method))
        compare(lines_of(expected), lines_of(got), what + ", lines", keep)
        compare(expected, got, what + ", tracebacks", keep)
