# SPDX-License-Identifier: LGPL-2.1-or-later
"""A thread that the runtime has no memory to know: what it makes is lost, what it frees is freed."""
from harness import Skip, case, equal, run_cases
from traced import info, promise, traced

GIVEN, ROOM, KEPT = 1000, 2000, 64


@case("of 1,100 threads some cannot be known; no freed block stays live, and the totals are whole")
def crowd(_directory):
    result = traced([promise("crowd")])
    if result.returncode == 77:
        raise Skip("threads or memory cannot be had here")
    equal((result.returncode, result.stdout, result.stderr), (0, b"1100\n", b""), "status")
    seen = info(result)
    lost = seen["dropped_events"]
    assert lost >= 50, lost
    assert "there was no room to record everything" in seen["troubles"], seen["troubles"]
    assert seen["total_bytes"] >= 1100 * (GIVEN + ROOM + KEPT), seen["total_bytes"]
    # One block of libc's for each thread, and what the known threads keep; nothing that was freed.
    assert 1100 <= seen["live_blocks"] <= 2200 - lost + 50, (seen["live_blocks"], lost)


run_cases()
