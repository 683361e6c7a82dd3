# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime keeps no descriptor open and starts no thread."""
from harness import case, equal, run_cases
from traced import exact, same, target


@case("descriptors and threads of a program are its own")
def of_program(_directory):
    exact(same([target("descriptors"), "child"]))


@case("a program with a limit of four descriptors has them all")
def with_four(_directory):
    exact(same([target("descriptors"), "few"]))


@case("threads of a program are its own after many stacks")
def threads(_directory):
    result = same([target("plain"), "20000"])
    equal(result.counted["threads"], 1, "threads")


run_cases()
