# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hook uses little stack: 1.5 KiB for a known call stack, 2.5 KiB for a new one."""
from harness import case, equal, run_cases
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


run_cases()
