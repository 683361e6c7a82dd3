# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames that mislead who walks the stack: nothing is read that is not there, nothing is invented."""
from harness import case, equal, report, run_cases
from traced import info, promise, same

BLOCKS, BYTES = 100, 40


def stacks(result):
    """(functions from the inside, blocks) of the stacks that `site` allocated in."""
    found = []
    for group in report("top", "--by", "stack", "-n", "0", "--raw-frames", result.recordings[0])["groups"]:
        names = [frame["function"] for frame in group["frames"] if frame["function"]]
        if "site" in names:
            found.append((names[names.index("site"):], group["total_blocks"]))
    return found


def run_mode(*arguments):
    """The stacks and the numbers of a run that must look as one without the runtime."""
    result = same([promise("odd_stacks"), *arguments])
    return stacks(result), info(result)


def all_found(mode):
    found, seen = run_mode(mode)
    equal(sum(blocks for _, blocks in found), BLOCKS, "blocks of site()")
    return found, seen


def all_cut(mode):
    found, seen = all_found(mode)
    assert seen["cut_stacks"] >= BLOCKS, seen["cut_stacks"]
    return found


@case("rbp points into a page of .bss that cannot be read")
def guard(_directory):
    all_cut("guard")


@case("an unwind table with an expression that never ends")
def skip(_directory):
    all_found("skip")


@case("an unwind table that reads address 0")
def null(_directory):
    all_cut("null")


@case("an unwind table that says the caller is at the same instruction")
def itself(_directory):
    for names, _ in all_cut("same"):
        assert len(names) <= 4, names


@case("two words that look like a frame are none without a call before the address")
def data(_directory):
    for names, _ in all_cut("data"):
        equal(names[:2], ["site", "call_with_rbp"], "stack")
        assert "bystander" not in names, names


@case("rbp = 0 does not make a stack without a table complete")
def zero(_directory):
    all_cut("zero")


@case("a program may forbid libc's unwind table: what was read of it stays, the rest is cut")
def forbidden(_directory):
    found, seen = all_found("forbidden")
    for names, _ in found:
        assert "main" in names, names
    assert seen["cut_stacks"] > 0, seen


@case("stacks go on where a frame ends on another one, and below signals")
def whole(_directory):
    for mode in ("other", "signal"):
        found, seen = all_found(mode)
        equal((seen["cut_stacks"], seen["full_walks"]), (0, 0), "cut stacks and full walks, " + mode)
        for names, _ in found:
            assert "main" in names, names


@case("a signal handler that returns to code of the program's own: without a table, with that of a function")
def own_return(_directory):
    for mode in ("untold", "told"):
        found, seen = all_found(mode)
        equal((seen["cut_stacks"], seen["full_walks"]), (0, 0), "cut stacks and full walks, " + mode)
        for names, _ in found:
            inner = [name for name in names if name != "handle"][:2]  # it may end in a jump to site()
            equal(inner, ["site", "return_" + mode], "what allocated and what the handler returns to")
            assert "main" in names, names


@case("of stacks deeper than 1,280 frames the 1,024 innermost are kept, at least, and counted as cut")
def deep(_directory):
    found, seen = run_mode("deep")
    equal(sum(blocks for _, blocks in found), 2 * 5001, "blocks of site()")
    assert 7000 < seen["cut_stacks"] < 8200, seen["cut_stacks"]
    for names, _ in found:
        assert "main" in names or len(names) >= 1024, len(names)
        assert len(names) <= 1300, len(names)


run_cases()
