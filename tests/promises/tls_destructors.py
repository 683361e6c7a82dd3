# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hooks work in the destructors of thread-specific and thread-local data."""
from harness import case, equal, run_cases
from traced import info, same, target


@case("all keys, four rounds of destructors, exact")
def destructors(_directory):
    few = same([target("destructors"), "2"])
    first = info(few)
    many = same([target("destructors"), "12"])
    second = info(many)
    # Ten threads more; each costs libc the blocks for its keys, and a vector, all freed.
    for key in ("live_blocks", "live_bytes"):
        equal(second[key] - first[key], 0, key)
    extra = second["total_blocks"] - first["total_blocks"] - (
        many.counted["total_blocks"] - few.counted["total_blocks"]
    )
    equal(extra % 10, 0, "blocks of libc for ten threads")
    equal(second["unknown_frees"] + second["dropped_events"], 0, "events lost")


run_cases()
