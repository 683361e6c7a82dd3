# SPDX-License-Identifier: LGPL-2.1-or-later
"""One workload, measured by tracemalloc or by heaptally: run by oracle.py, under any CPython from 3.8 on.

    measured.py tracemalloc|heaptally MODULE.WORKLOAD OUTPUT [forkserver|spawn]

In a process that multiprocessing starts by this method, if one is given.

Both see the same allocations. So nothing depends on hashes or on when garbage is collected; caches
and specialised code are warm; free lists hold blocks from before, which neither has a record of; and
the workload is called from one line.

The output of tracemalloc is JSON: [[[file, line], ...] outermost first, domain, bytes, blocks] for each
traceback. That of heaptally is the copy of its recording.
"""
import gc
import importlib
import json
import multiprocessing
import os
import sys
import tracemalloc  # in both modes, or the free lists differ


def fill_free_lists():
    tuples = [tuple(range(length)) for length in range(1, 20) for _ in range(2000)]
    others = [([], {}, number + 0.5) for number in range(120)]
    del tuples, others


def start(frames, _mode):
    tracemalloc.start(frames)


def write_tracebacks(path):
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    rows = {}
    for trace in snapshot.traces:
        frames = tuple((frame.filename, frame.lineno) for frame in trace.traceback)
        total = rows.setdefault((frames, trace.domain), [0, 0])
        total[0] += trace.size
        total[1] += 1
    with open(path, "w") as file:
        json.dump([[*key, *total] for key, total in rows.items()], file)


def measure(mode, name, path):
    module, name = name.split(".")
    workload = getattr(importlib.import_module(module), name)
    snapshot = "/.heaptally/snapshot/" + path
    access = os.access
    gc.collect()
    gc.disable()
    for _ in range(2):
        workload()
    spare = [[], [], []]  # for what take_snapshot() makes
    begin, argument = (access, "/.heaptally/clear") if mode == "heaptally" else (start, 1000)
    fill_free_lists()
    begin(argument, 0)
    kept = workload()  # one line for both
    del spare[:]
    if mode == "heaptally":
        access(snapshot, 0)
    else:
        write_tracebacks(path)
    return kept


def main():
    if len(sys.argv) == 4:
        measure(*sys.argv[1:])
        return
    context = multiprocessing.get_context(sys.argv[4])
    child = context.Process(target=measure, args=sys.argv[1:4])
    child.start()
    child.join()
    sys.exit(child.exitcode)


if __name__ == "__main__":
    main()
