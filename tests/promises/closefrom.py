# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that closes all descriptors and reuses their numbers is not disturbed."""
from harness import case, run_cases
from traced import exact, same, target


@case("four mebibytes through pipes, sockets and a file on the numbers from 3")
def reused(_directory):
    exact(same([target("closefrom"), "4"]))


run_cases()
