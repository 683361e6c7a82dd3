# SPDX-License-Identifier: LGPL-2.1-or-later
"""One workload, measured by tracemalloc or by heaptally: run by oracle.py, under any CPython from 3.8 on.

    measured.py tracemalloc|heaptally WORKLOAD OUTPUT

Both see the same allocations. So nothing depends on hashes or on when garbage is collected; caches
and specialised code are warm; free lists hold blocks from before, which neither has a record of; and
the workload is called from one line.

The output of tracemalloc is JSON: [[[file, line], ...] outermost first, bytes, blocks] for each
traceback. That of heaptally is the copy of its recording.
"""
import gc
import json
import os
import sys
import tracemalloc  # in both modes, or the free lists differ

import workloads


def fill_free_lists():
    tuples = [tuple(range(length)) for length in range(1, 20) for _ in range(100)]
    others = [([], {}, number + 0.5) for number in range(120)]
    del tuples, others


def write_tracebacks(path):
    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    rows = {}
    for trace in snapshot.traces:
        key = tuple((frame.filename, frame.lineno) for frame in trace.traceback)
        total = rows.setdefault(key, [0, 0])
        total[0] += trace.size
        total[1] += 1
    with open(path, "w") as file:
        json.dump([[key, *total] for key, total in rows.items()], file)


def main():
    mode, workload, path = sys.argv[1], getattr(workloads, sys.argv[2]), sys.argv[3]
    access, clear = os.access, "/.heaptally/clear"
    snapshot = "/.heaptally/snapshot/" + path
    gc.collect()
    gc.disable()
    for _ in range(2):
        workload()
    fill_free_lists()
    if mode == "heaptally":
        def begin():
            access(clear, 0)
    else:
        def begin():
            tracemalloc.start(1000)
    begin()
    kept = workload()  # one line for both
    if mode == "heaptally":
        access(snapshot, 0)
    else:
        write_tracebacks(path)
    return kept


if __name__ == "__main__":
    main()
