# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recording goes on after chroot, though new stacks come and tables grow."""
from harness import case, equal, run_cases
from traced import info, need_root, os, same, target


@case("50,000 blocks from new stacks after chroot")
def grows(_directory):
    need_root()
    os.mkdir("empty")
    os.chmod(".", 0o755)
    result = same([target("moved_root"), "50000", "chroot", os.path.abspath("empty")])
    words = result.stdout.split()
    seen = info(result)
    equal((seen["total_blocks"], seen["total_bytes"]), (int(words[-3]), int(words[-1])), "totals")
    equal(seen["dropped_events"], 0, "events lost")


run_cases()
