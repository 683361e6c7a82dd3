# SPDX-License-Identifier: LGPL-2.1-or-later
"""One malloc/free pair: nanoseconds by depth, pattern and threads, and instructions by callgrind."""

import re
import shutil

import tracers
from runner import Missing, added, median

ROWS = ("micro", "callgrind")

CASES = ("steady", "alternating", "recursion")
DEPTHS = (5, 20, 60, 200)
THREADS = (1, 2, 8)
PAIRS, QUICK_PAIRS = 1000000, 200000

# The goal is for one thread at this depth.
GOAL_CASE, GOAL_NS = ("steady", 20, 1), 60

CALLGRIND_CASES = (("steady", 5), ("steady", 20), ("steady", 60), ("steady", 200), ("alternating", 20),
                   ("recursion", 20))

# The difference of two runs leaves only the pairs, not the start-up.
CALLGRIND_PAIRS = (2000, 12000)


def run_pairs(context, tracer, case, depth, threads, pairs):
    """Nanoseconds per pair."""
    context.clear()
    variables, argv = tracer.wrap([context.helper("micro"), case, str(depth), str(threads), str(pairs)],
                                  context.path("out.micro"))
    return float(context.run(argv, variables, keep_output=True).output)


def added_ns(context, case, depth, threads, pairs):
    """(untraced, added) nanoseconds per pair, medians of interleaved rounds."""
    plain, traced = tracers.Tracer(context), tracers.Heaptally(context)
    walls = [(run_pairs(context, plain, case, depth, threads, pairs),
              run_pairs(context, traced, case, depth, threads, pairs)) for _ in range(context.rounds)]
    return median([wall[0] for wall in walls]), median(added([w[1] for w in walls], [w[0] for w in walls]))


def run_micro(context):
    context.need_library()
    pairs = QUICK_PAIRS if context.quick else PAIRS
    result = {"pairs": pairs, "untraced_ns": {}, "added_ns": {}}
    print("\nmicro: nanoseconds that heaptally adds to one malloc/free pair (untraced in brackets)\n")
    print("%-12s %7s" % ("", "depth") + "".join("%18s" % ("%d thread%s" % (t, "s" * (t > 1))) for t in THREADS))
    for case in CASES:
        for depth in DEPTHS:
            cells = ""
            for threads in THREADS:
                plain, own = added_ns(context, case, depth, threads, pairs)
                key = "%s/%d/%d" % (case, depth, threads)
                result["untraced_ns"][key], result["added_ns"][key] = plain, own
                cells += "%18s" % ("%.1f (%.1f)" % (own, plain))
            print("%-12s %7d%s" % (case, depth, cells), flush=True)
    value = result["added_ns"]["%s/%d/%d" % GOAL_CASE]
    print("%s, depth %d, %d thread: %.1f ns   goal %d ns %s"
          % (*GOAL_CASE, value, GOAL_NS, "ok" if value <= GOAL_NS else "OVER"))
    return result


def count_instructions(context, tracer, case, depth, pairs):
    context.clear()
    out = context.path("out.callgrind")
    variables, argv = tracer.wrap([context.helper("micro"), case, str(depth), "1", str(pairs)],
                                  context.path("out.micro"))
    command = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=" + out, *argv]
    context.run(command, variables)
    with open(out) as file:
        return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


def instructions_per_pair(context, tracer, case, depth):
    few, many = (count_instructions(context, tracer, case, depth, pairs) for pairs in CALLGRIND_PAIRS)
    return (many - few) / (CALLGRIND_PAIRS[1] - CALLGRIND_PAIRS[0])


def run_callgrind(context):
    context.need_library()
    if not shutil.which("valgrind"):
        raise Missing("valgrind is not installed")
    plain, traced = tracers.Tracer(context), tracers.Heaptally(context)
    result = {}
    print("\ncallgrind: instructions that heaptally adds to one malloc/free pair (untraced in brackets)\n")
    for case, depth in CALLGRIND_CASES[1:2] if context.quick else CALLGRIND_CASES:
        bare = instructions_per_pair(context, plain, case, depth)
        own = instructions_per_pair(context, traced, case, depth) - bare
        result["%s/%d" % (case, depth)] = {"untraced": bare, "added": own}
        print("%-12s %7d %12.1f (%.1f)" % (case, depth, own, bare), flush=True)
    return result


def run(context, results):
    for name, measure in (("micro", run_micro), ("callgrind", run_callgrind)):
        if context.wants(name):
            results[name] = context.attempt(name, measure, context)
