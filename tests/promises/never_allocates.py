# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime never calls the allocator for itself, its unwinder included."""
from harness import case, equal, run_cases
from traced import os, bare, promise, target, traced

START_BLOCKS_MAX = 40
COUNTER = promise("counting_malloc.so")


def calls(run_it, words):
    path = os.path.join(os.getcwd(), "counts")
    result = run_it(words, [COUNTER], PROMISE_COUNTS=path)
    equal(result.returncode, 0, "status")
    with open(path, encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def same_calls(words, idle_words):
    """Opening the unwinder's library takes a few blocks of the loader's, once; nothing else may."""
    before, after = calls(bare, words), calls(traced, words)
    assert before[0] > 0, "the counter saw nothing"
    once = [a - b for a, b in zip(calls(traced, idle_words), calls(bare, idle_words))]
    assert once[0] <= START_BLOCKS_MAX, "%d blocks at the start" % once[0]
    equal([a - b for a, b in zip(after, before)], once, "further calls")


@case("a simple program")
def plain(_directory):
    same_calls([target("plain"), "20000"], [target("plain"), "0"])


@case("new stacks without end")
def new_stacks(_directory):
    same_calls([target("leak"), "steps", "50000", "0"], [target("leak"), "steps", "0", "0"])


@case("exceptions and plugins")
def exceptions(_directory):
    same_calls([target("exceptions"), "50", target("throw_plugin.so")], [target("plain"), "0"])


@case("threads, their keys and destructors")
def threads(_directory):
    same_calls([target("destructors"), "10"], [target("plain"), "0"])


run_cases()
