# SPDX-License-Identifier: LGPL-2.1-or-later
"""Address space is taken as it is needed: a limit that the program sets itself is the program's."""
from harness import case, run_cases
from traced import info, promise, same

MOST = 96 << 10  # KiB of address space for a small program


def check(result):
    """Beyond the target's own are only the blocks of its start."""
    seen, counted = info(result), result.counted
    for key in ("total_blocks", "freed_blocks", "live_blocks"):
        assert seen[key] - counted[key] in range(10), (key, seen, counted)


# The records of single blocks take as much address space as the blocks.
for mib, words in ((512, ()), (1024, ("blocks=on",))):

    @case("a limit of %d MiB, set after the start %s" % (mib, " ".join(words)))
    def room(_directory, mib=mib, words=words):
        result = same([promise("address_space"), mib], options=words)
        added = result.counted["mapped_kib"] - result.bare.counted["mapped_kib"]
        assert added < MOST, "%d KiB of address space" % added
        check(result)


@case("a limit that ends all growth: what could not be recorded is counted")
def none(_directory):
    result = same([promise("address_space"), 0])
    check(result)


run_cases()
