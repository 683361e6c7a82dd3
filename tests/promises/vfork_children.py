# SPDX-License-Identifier: LGPL-2.1-or-later
"""Children that share the memory (vfork, CLONE_VM) count with their parent."""
from harness import case, equal, report, run_cases
from traced import promise, same


@case("vfork and clone with shared memory, from main and from threads")
def shared(_directory):
    result = same([promise("vfork"), "20"])
    seen = [report("info", path) for path in result.recordings]
    parent = max(seen, key=lambda found: found["total_blocks"])
    # libc makes one vector for each of the eight threads, which stays in its cache of stacks.
    equal(parent["total_blocks"] - result.counted["total_blocks"], 8, "blocks of libc")
    equal(parent["freed_blocks"] - result.counted["freed_blocks"], 0, "frees of libc")


run_cases()
