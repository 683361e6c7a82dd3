# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hook uses little stack: 1.5 KiB for a known call stack, 2.5 KiB for a new one."""
from harness import case, equal, need, run_cases
from traced import bare, exact, promise, same, target, traced

NEW_BYTES = 2560
KNOWN_BYTES = 1536


def paint(where):
    """Stack used by first and by repeated calls, beyond what libc uses."""
    libc = [int(word) for word in bare([promise("stack_paint"), where]).stdout.split()]
    result = traced([promise("stack_paint"), where])
    equal(result.returncode, 0, "status")
    both = [int(word) for word in result.stdout.split()]
    assert both[0] - libc[0] <= NEW_BYTES, "a new stack takes %d bytes, libc %d" % (both[0], libc[0])
    assert both[1] - libc[1] <= KNOWN_BYTES, "a known stack takes %d, libc %d" % (both[1], libc[1])


for where in ("thread", "fiber", "signal"):

    @case("painted stack of a %s" % where)
    def painted(_directory, where=where):
        paint(where)

    for left in (2048, 3072, 6144):

        @case("allocates with %d bytes left on the stack of a %s" % (left, where))
        def survives(_directory, where=where, left=left):
            result = same([target("small_stacks"), where, left])
            exact(result, numbers=("live_blocks", "live_bytes"))


@case("a page that cannot be used is below the stack that libunwind works on")
def guarded(_directory):
    maps = [line.split() for line in traced([need("cat"), "/proc/self/maps"]).stdout.decode().splitlines()]
    ranges = [[int(address, 16) for address in words[0].split("-")] for words in maps]
    guards = [
        end
        for (start, end), words, (above, above_end) in zip(ranges, maps, ranges[1:])
        if words[1] == "---p" and words[4] == "0" and end - start == 4096 and above == end
        and above_end - above >= 256 << 10
    ]
    equal(len(guards), 1, "guard pages in %s" % maps)


run_cases()
