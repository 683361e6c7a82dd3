# SPDX-License-Identifier: LGPL-2.1-or-later
"""A child may allocate between fork and exec, and does not touch its parent's recording."""
from harness import case, equal, report, run_cases
from traced import os, same, target


def check_parent(words):
    result = same(words)
    name = os.path.basename(words[0])
    own = [report("info", path) for path in result.recordings]
    own = [seen for seen in own if seen["command"] == name]
    # The parent's is the only one with blocks of 70 bytes, and the largest.
    parent = max(own, key=lambda seen: seen["total_blocks"])
    for key in ("total_blocks", "total_bytes", "freed_blocks", "live_bytes"):
        equal(parent[key], result.counted[key], key)


@case("fork, _Fork, clone, posix_spawn, system: the parent's totals are exact")
def kinds(_directory):
    check_parent([target("children"), "20"])


@case("children of a threaded parent start threads and come to their end")
def storm(_directory):
    result = same([target("fork_storm"), "60"])
    equal(result.stdout, b"children that hung or failed: 0\n", "children")


run_cases()
