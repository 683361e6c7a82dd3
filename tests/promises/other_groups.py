# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tasks of other thread groups that share the memory are alive, and are counted as threads."""
from harness import Skip, case, equal, report, run_cases
from traced import promise, same


@case("clone with CLONE_VM alone, with threads of its own, beside short pthreads")
def tasks(_directory):
    result = same([promise("other_groups")])
    if result.returncode == 77:
        raise Skip("this libc has no _dl_allocate_tls")
    equal(result.stdout, b"done\n", "tasks")
    equal(len(result.recordings), 1, "recordings")
    # Each of theirs has 40 bytes; those that libc makes for threads have more.
    rows = report("top", "--by", "function", "--at", "exit", "-n", "0", result.recordings[0])["groups"]
    blocks = sum(row["total_blocks"] for row in rows if row["total_bytes"] == 40 * row["total_blocks"])
    equal(blocks, result.counted["total_blocks"], "blocks of the tasks")
    info = report("info", result.recordings[0])
    equal((info["dropped_events"], info["unknown_frees"]), (0, 0), "lost and unknown events")


run_cases()
