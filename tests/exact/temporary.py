# SPDX-License-Identifier: LGPL-2.1-or-later
"""A block is temporary if the thread that made it frees it before it makes another one."""
from harness import case, equal, program, record, report, run_cases


def temporary(name):
    equal(record("own.tally", [program(name)]).returncode, 0, "status")
    top = report("top", "--at", "exit", "--by", "function", "-n", "0", "own.tally")
    return {group["frames"][0]["function"]: (group["total_blocks"], group["temporary_blocks"])
            for group in top["groups"] if group["frames"]}


@case("not when another thread frees it, though its address comes back")
def handed_over(_directory):
    seen = temporary("handover")
    equal((seen["make_first"], seen["make_second"]), ((1000, 0), (1000, 0)), "total and temporary")


run_cases()
