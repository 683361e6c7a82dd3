# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program locks all of its memory under a limit: that of the runtime is neither locked nor counted."""
import os

from harness import Skip, case, equal, run_cases
from traced import info, promise, same

CURRENT, FUTURE, ONFAULT = 1, 2, 4
BLOCKS = 3000 + 20 * 2000
MODULES = 3 << 10  # KiB of the runtime's code and of libunwind's, which are like any library's


def check(kib, flags, result=b"0 Success"):
    after = same([promise("locked"), str(kib), str(flags)])
    if after.returncode == 77:
        raise Skip("the limit cannot be set here")
    equal((after.returncode, after.stdout.splitlines()[0]), (0, result), "mlockall")
    added = after.counted["locked_kib"] - after.bare.counted["locked_kib"]
    assert added <= MODULES, "%d KiB more are locked" % added
    seen = info(after)
    equal(seen["dropped_events"], 0, "lost")
    assert BLOCKS <= seen["total_blocks"] < BLOCKS + 200, seen["total_blocks"]
    return after


for name, flags in (("what is there and what is to come", CURRENT | FUTURE), ("what is there", CURRENT),
                    ("what is to come", FUTURE), ("all of it when it is touched", CURRENT | FUTURE | ONFAULT)):

    @case("8 MiB may be locked: " + name)
    def within(_directory, flags=flags):
        after = check(8 << 10, flags)
        equal(after.stdout.splitlines()[1], b"20 threads, 0 blocks failed", "and it goes on")


@case("a limit that is too small for the program alone")
def beyond(_directory):
    check(1 << 10, CURRENT, b"-1 Cannot allocate memory")


@case("flags that are wrong")
def wrong(_directory):
    check(8 << 10, 64, b"-1 Invalid argument")


@case("who may lock everything")
def privileged(_directory):
    if os.geteuid() != 0:
        raise Skip("needs root")
    if same([promise("locked"), "0", str(CURRENT | FUTURE)]).stdout.startswith(b"-1"):
        raise Skip("root may not lock everything here")
    check(0, CURRENT | FUTURE)


@case("where a filter ends who asks by prctl whether there is one")
def filtered(_directory):
    after = same([promise("locked"), "0", str(CURRENT | FUTURE), "filtered"])
    if after.returncode == 77:
        raise Skip("no filters here")
    equal((after.returncode, info(after)["dropped_events"]), (0, 0), "status, lost events")


run_cases()
