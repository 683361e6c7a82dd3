# SPDX-License-Identifier: LGPL-2.1-or-later
"""A handler may come at any instruction of the runtime, and is served or told to try again."""
from harness import case, environment, equal, os, report, run, run_cases
from traced import LIBRARY, info, promise, traced


def stepped(mode):
    """What it prints must be what it prints alone; on stderr it tells how often the handler acted."""
    alone = run([promise("stepped"), mode], env=environment())
    result = traced([promise("stepped"), mode])
    equal((result.returncode, result.stdout), (0, alone.stdout), mode)
    words = result.stderr.split()
    return result, {words[i].decode(): int(words[i + 1]) for i in range(0, len(words), 2)}


@case("heaptally.h answers EAGAIN where it interrupted the runtime, never that nothing is traced")
def calls(_directory):
    _, counted = stepped("calls")
    assert counted["acts"] > 1000 and counted["busy"] > 1000, counted


@case("what a handler has libc allocate is nested, and freed")
def libc(_directory):
    result, counted = stepped("strdup")
    seen = info(result)
    acts = counted["acts"]
    assert acts > 1000, counted
    assert seen["nested_events"] > acts // 2, (seen["nested_events"], acts)
    assert seen["total_blocks"] >= acts, (seen["total_blocks"], acts)


@case("left by siglongjmp, a hook does not keep what the program allocates further in from its stacks")
def jump(_directory):
    result, counted = stepped("jump")
    assert counted["jumps"] > 10, counted
    rows = report("top", "--by", "function", "--at", "exit", "-n", "0", result.recordings[0])["groups"]
    after = [row for row in rows if row["frames"][0]["function"] == "after"]
    equal([row["live_blocks"] for row in after], [0], "blocks that live on")
    missing = 10 * counted["jumps"] - after[0]["total_blocks"]
    assert 0 <= missing <= 2, (counted, after)


run_cases()
