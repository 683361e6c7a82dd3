# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes and goes in the program leaves no memory behind in the runtime."""
from harness import case, run_cases
from traced import promise, same


@case("100 generations of processes with 8 threads each add less than half a MiB")
def generations(_directory):
    result = same([promise("generations"), 100, 8])
    grown = result.counted["grown_kib"] - result.bare.counted["grown_kib"]
    assert grown < 512, "grown by %d KiB" % grown
    # Those of 99 generations and the first process, which waits.
    assert len(result.recordings) == 101, len(result.recordings)


run_cases()
