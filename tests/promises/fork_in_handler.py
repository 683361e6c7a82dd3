# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signal handler may fork whatever it interrupts; the child goes on, with a recording of its own."""
from harness import case, equal, report, run_cases
from traced import promise, same, target

SHIM = [target("reentrant_malloc.so")]
OWN_BLOCKS = 100  # that each child makes after its handler

CASES = (
    ("fork() in a timer's handler", (200, "fork")),
    ("_Fork() in a timer's handler", (200, "_Fork")),
    ("the child leaves the handler by siglongjmp", (150, "leave")),
    ("_Fork() in three threads", (100, "_Fork", 3)),
)

for name, words in CASES:

    @case("%s: %d children return into what was interrupted" % (name, words[0]))
    def forked(_directory, words=words):
        result = same([promise("fork_in_handler"), *words], SHIM)
        equal((result.returncode, result.stdout), (0, b"0 bad\n"), "children")
        counts = sorted(report("info", path)["total_blocks"] for path in result.recordings)
        # The parent's handlers allocate nothing; the other blocks are those of its start.
        assert 0 <= counts[-1] - result.counted["total_blocks"] < 10, (counts, result.counted)
        assert len(counts) > words[0] // 100 - 1, "children without a recording: %r" % counts
        # The event that the fork interrupted may be missing.
        assert counts[0] >= OWN_BLOCKS - 1, "blocks of the children: %r" % counts


run_cases()
