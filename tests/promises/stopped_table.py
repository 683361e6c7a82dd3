# SPDX-License-Identifier: LGPL-2.1-or-later
"""A block that found no place in the table of live blocks is lost: neither live nor part of a peak."""
from harness import Skip, case, equal, run_cases
from traced import info, promise, traced


@case("40,000 blocks that could not be followed are lost, and none of them is live")
def lost(_directory):
    result = traced([promise("stopped_table")])
    if result.returncode == 77:
        raise Skip("memory cannot be locked here")
    equal((result.returncode, result.stderr), (0, b""), "status")
    seen = info(result)
    assert seen["dropped_events"] >= 30000, seen["dropped_events"]
    assert seen["total_blocks"] >= 40000, seen["total_blocks"]
    assert seen["live_blocks"] < 100, seen["live_blocks"]
    assert seen["peak_bytes"] < 1 << 20, seen["peak_bytes"]
    assert "the table of live blocks could not grow" in seen["troubles"], seen["troubles"]


run_cases()
