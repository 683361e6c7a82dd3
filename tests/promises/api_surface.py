# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole allocation surface behaves as libc's, to the last errno."""
from harness import case, run_cases
from traced import equal, exact, same, target


@case("800 calls with odd arguments print the same, and leave nothing live")
def table(_directory):
    result = same([target("api_table")])
    assert result.stdout.count(b"\n") > 400, "the table is too short"
    seen = exact(result)
    equal(seen["live_bytes"], 0, "live bytes")


run_cases()
