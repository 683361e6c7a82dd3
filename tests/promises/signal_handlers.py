# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks work in signal handlers that interrupt hooks, also when they leave by siglongjmp."""
from harness import case, equal, run_cases
from traced import idle, info, same, target

SHIM = [target("reentrant_malloc.so")]


@case("every block of 5,000 handlers is counted, nested ones apart")
def counted(_directory):
    below = idle([target("signals"), "0", "exact"], SHIM)
    result = same([target("signals"), "5000", "exact"], SHIM)
    seen = info(result)
    total = lambda found: found["total_blocks"] + found["nested_events"]
    equal(
        total(seen) - total(below.info),
        result.counted["total_blocks"] - below.counted["total_blocks"],
        "blocks",
    )


@case("after a siglongjmp out of malloc everything is counted again")
def healed(_directory):
    below = idle([target("signals"), "0", "jump"], SHIM)
    result = same([target("signals"), "5000", "jump"], SHIM)
    seen = info(result)
    lost = result.counted["total_blocks"] - below.counted["total_blocks"]
    lost -= seen["total_blocks"] - below.info["total_blocks"]
    jumps = result.counted["jumps"]
    assert jumps > 0, "no jump happened"
    # Each jump may lose the event that it left; 5,000 handlers may be nested.
    assert abs(lost) <= 2 * (jumps + 5000), "%d events lost by %d jumps" % (lost, jumps)


run_cases()
