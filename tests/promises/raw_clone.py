# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel threads without thread-local memory of their own may allocate."""
from harness import case, run_cases
from traced import exact, promise, same


@case("clone without CLONE_SETTLS, one at a time")
def in_turn(_directory):
    exact(same([promise("raw_clone")]))


run_cases()
