# SPDX-License-Identifier: LGPL-2.1-or-later
"""After the start the runtime makes no system call that a seccomp filter for an allocator forbids."""
from harness import case, equal, run_cases
from traced import info, promise, same


@case("killed for anything but what an allocator needs: 50,000 new stacks")
def kill(_directory):
    result = same([promise("seccomp"), "kill"])
    blocks, total = map(int, result.stdout.split())
    seen = info(result)
    equal((seen["total_blocks"], seen["total_bytes"]), (blocks, total), "totals")


@case("killed for anything but what an allocator and threads need: ten threads")
def threads(_directory):
    same([promise("seccomp"), "threads"])


@case("no mmap and no madvise: the program goes on, what is missing is told")
def nothing(_directory):
    result = same([promise("seccomp"), "nothing"])
    blocks = int(result.stdout.split()[0])
    seen = info(result)
    assert seen["total_blocks"] + seen["dropped_events"] == blocks or seen["troubles"], seen


run_cases()
