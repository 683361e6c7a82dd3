# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel threads without thread-local memory of their own may allocate."""
from harness import case, run_cases
from traced import exact, promise, same, target


@case("clone without CLONE_SETTLS, one at a time")
def in_turn(_directory):
    exact(same([promise("raw_clone")]))


@case("clone without CLONE_SETTLS, both at once: the program is unharmed")
def both(_directory):
    same([promise("raw_clone"), "both"], [target("reentrant_malloc.so")])


run_cases()
