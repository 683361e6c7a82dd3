# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory that a guessed frame led to may go away; nobody reads it then."""
from harness import case, run_cases
from traced import promise, same


@case("the stack next to that of a coroutine is unmapped")
def next_door(_directory):
    same([promise("stack_goes_away")])


run_cases()
