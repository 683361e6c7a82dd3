# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call stack of two real programs compared with a full walk by libunwind: none may differ."""

import programs
import recording
import tracers
from runner import Failed

ROWS = ("crosscheck",)

PROGRAMS = ("clang", "python")
TRACES = 10000000

# Compare every stack, or, for a quick look, one of so many.
EVERY, QUICK_EVERY = 1, 100


def run_once(context, row, every):
    context.clear()
    out = context.path("out.crosscheck")
    variables, argv = tracers.Heaptally(context).wrap(row.argv, out)
    variables["HEAPTALLY"] += ":crosscheck=%d" % every
    context.run(argv, dict(row.variables, **variables), row.cwd)
    figures = recording.read(context, out + ".recording")
    if not figures["crosscheck_count"]:
        raise Failed("nothing was compared")
    return figures


def run_crosscheck(context):
    context.need_library()
    rows = [programs.find_row(context, name) for name in PROGRAMS]
    total = {"crosscheck_count": 0, "crosscheck_differences": 0, "full_walks": 0}
    while total["crosscheck_count"] < TRACES:
        for row in rows:
            figures = run_once(context, row, QUICK_EVERY if context.quick else EVERY)
            for name in total:
                total[name] += figures[name]
        if context.quick:
            break
    print("\ncrosscheck: %d of %d stacks differ from a full walk   goal 0 %s" % (
        total["crosscheck_differences"], total["crosscheck_count"],
        "ok" if total["crosscheck_differences"] == 0 else "OVER"))
    return total


def run(context, results):
    if context.wants("crosscheck"):
        results["crosscheck"] = context.attempt("crosscheck", run_crosscheck, context)
