# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON and dictionaries below eight calls; prints the best of some times, in milliseconds.

The word, if there is one, is how many frames tracemalloc is to keep.
"""
import json
import sys
import time
import tracemalloc

ROUNDS = 9


def work():
    table = {str(i): [i, i * 2.5, {"a": i, "b": "x%d" % i}] for i in range(3000)}
    return json.loads(json.dumps(table))


def call(depth):
    return work() if depth == 0 else call(depth - 1)


def measure():
    start = time.process_time()
    kept = call(8)
    elapsed = time.process_time() - start
    del kept
    return elapsed


if sys.argv[1:]:
    tracemalloc.start(int(sys.argv[1]))
measure()
print("%.3f" % (1000 * min(measure() for _ in range(ROUNDS))))
