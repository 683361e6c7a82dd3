# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks work in signal handlers that interrupt hooks, also when they leave by siglongjmp."""
from harness import case, equal, run_cases
from traced import idle, info, same, target

SHIM = [target("reentrant_malloc.so")]


@case("every block of 5,000 handlers is counted")
def counted(_directory):
    below = idle([target("signals"), "0", "exact"], SHIM)
    result = same([target("signals"), "5000", "exact"], SHIM)
    seen = info(result)
    equal(
        seen["total_blocks"] - below.info["total_blocks"],
        result.counted["total_blocks"] - below.counted["total_blocks"],
        "blocks",
    )
    assert seen["nested_events"] > 0, "no handler interrupted the runtime"


@case("after a siglongjmp out of malloc everything is counted again")
def healed(_directory):
    below = idle([target("signals"), "0", "jump"], SHIM)
    result = same([target("signals"), "5000", "jump"], SHIM)
    seen = info(result)
    lost = result.counted["total_blocks"] - below.counted["total_blocks"]
    lost -= seen["total_blocks"] - below.info["total_blocks"]
    jumps = result.counted["jumps"]
    assert jumps > 0, "no jump happened"
    # Each jump may lose the event that it left.
    assert abs(lost) <= 2 * jumps, "%d events lost by %d jumps" % (lost, jumps)


run_cases()
