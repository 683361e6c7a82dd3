# SPDX-License-Identifier: LGPL-2.1-or-later
"""errno is what libc leaves, after every call and on every slow path."""
from harness import case, equal, run_cases
from traced import exact, same, target


@case("errno of 800 calls with odd arguments")
def table(_directory):
    exact(same([target("api_table")]))


@case("errno survives 10,000 new stacks")
def slow_paths(_directory):
    result = same([target("registers"), "2000"])
    equal(result.stdout, b"errno 0 registers 0 modes 0 values 0 flags 0\n", "changes")
    exact(result)


run_cases()
