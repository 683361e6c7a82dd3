# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes and goes in the program leaves no memory behind in the runtime."""
from harness import case, run_cases
from traced import info, promise, same


@case("200 generations of processes with 8 threads each add less than a MiB")
def generations(_directory):
    result = same([promise("generations"), 200, 8])
    # A busy machine has more threads at a time that are not quite gone: 90 KiB each. A page of each
    # generation would be 760 KiB more than that.
    grown = result.counted["grown_kib"] - result.bare.counted["grown_kib"]
    assert grown < 1024, "grown by %d KiB" % grown
    # Those of 199 generations and the first process, which waits.
    assert len(result.recordings) == 201, len(result.recordings)


CHURN = (
    ("200,000 threads, eight at a time", ("threads", 200000)),
    ("20,000 times one of two plugins", ("plugins", 20000, promise("churn_one.so"), promise("churn_two.so"))),
)

for name, words in CHURN:

    @case("%s add less than a MiB" % name)
    def churn(_directory, words=words):
        result = same([promise("churn"), *words])
        # What libc keeps mapped of the stacks and arenas of threads varies.
        for key in ("resident_kib", "mapped_kib")[: 1 if words[0] == "threads" else 2]:
            grown = result.counted[key] - result.bare.counted[key]
            assert grown < 1024, "%s: grown by %d KiB" % (key, grown)
        stacks = info(result)["distinct_stacks"]
        assert stacks < 200, "%d stacks" % stacks


run_cases()
