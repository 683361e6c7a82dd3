# SPDX-License-Identifier: LGPL-2.1-or-later
"""The time until a person has an answer: reports of ended programs, and the whole way to the top lines."""

import math
import shutil

import programs
import tracers
from runner import Failed, added, median

ROWS = ("report-clang", "report-python", "end-to-end")

# A report takes at most this share of the traced run, or this many seconds, whichever is more.
GOAL_SHARE, GOAL_S = 0.1, 1.0
GOAL_END_TO_END = 0.15

END_TO_END = programs.REAL + ("node", "deep")


def measure_report(context, name):
    """Traced run time, time of `heaptally top` on what it left behind, and how many lines that printed."""
    row = programs.find_row(context, name)
    traced, top = [], []
    tracer = tracers.Heaptally(context)
    for _ in range(context.rounds):
        context.clear()
        variables, argv = tracer.wrap(row.argv, context.path("out.report"))
        traced.append(context.run(argv, dict(row.variables, **variables), row.cwd).wall_s)
        sample = context.run([context.command, "top", context.path("out.report.recording")], keep_output=True)
        if not sample.output.strip():
            raise Failed("heaptally top printed nothing")
        top.append(sample.wall_s)
    return {"traced_s": median(traced), "top_s": median(top), "samples": {"traced_s": traced, "top_s": top}}


def run_report(context, name):
    context.need_command()
    result = measure_report(context, name[len("report-"):])
    limit = max(GOAL_SHARE * result["traced_s"], GOAL_S)
    print("%-13s heaptally top %.3f s after a traced run of %.3f s (%.3f)   goal %.2f s %s"
          % (name, result["top_s"], result["traced_s"], result["top_s"] / result["traced_s"], limit,
             "ok" if result["top_s"] <= limit else "OVER"))
    return result


def timed(context, steps, row):
    """Wall time of the steps one after the other."""
    context.clear()
    # Names that heaptally keeps for the next run are kept here, and not among the user's.
    variables = dict(row.variables, XDG_CACHE_HOME=context.path("cache"))
    return sum(context.run(argv, variables, row.cwd).wall_s for argv in steps)


def ways_to_top(context, row):
    """What a person types to see the lines that count, by name."""
    out = context.output("end")
    ways = {"untraced": [row.argv], "heaptally": [[context.command, "run", "-f", "-o", out, "--", *row.argv]]}
    if shutil.which("heaptrack") and shutil.which("heaptrack_print"):
        suffix = ".zst" if shutil.which("zstd") else ".gz"
        ways["heaptrack"] = [["heaptrack", "-o", out, *row.argv], ["heaptrack_print", out + suffix]]
    else:
        context.skip("end-to-end: heaptrack is not installed")
    return ways


def measure_end_to_end(context, name):
    """What each way adds to a program, from the second run on."""
    row = programs.find_row(context, name)
    ways = ways_to_top(context, row)
    samples = {way: [] for way in ways}
    timed(context, ways["heaptally"], row)
    for _ in range(context.rounds):
        for way, steps in ways.items():
            samples[way].append(timed(context, steps, row))
    figures = {"untraced_s": median(samples["untraced"]), "samples": samples}
    for way in list(ways)[1:]:
        figures[way + "_s"] = median(added(samples[way], samples["untraced"]))
    # What is less than nothing is noise, and would be all of a geometric mean.
    if "heaptrack" in ways and figures["heaptally_s"] > programs.FLOOR_S:
        figures["ratio"] = figures["heaptally_s"] / figures["heaptrack_s"]
    print("  %-8s %8.3f s %9.3f s" % (name, figures["untraced_s"], figures["heaptally_s"])
          + ("%9.3f s" % figures["heaptrack_s"] if "heaptrack" in ways else "")
          + ("   %.2f" % figures["ratio"] if "ratio" in figures else ""), flush=True)
    return figures


def run_end_to_end(context, _name):
    context.need_command()
    print("end-to-end: seconds added by `heaptally run` with its card, by `heaptrack` and `heaptrack_print`; the ratio\n"
          "  %-8s %10s %11s %11s" % ("", "untraced", "heaptally", "heaptrack"))
    found = {}
    for name in END_TO_END:
        figures = context.attempt("end-to-end " + name, measure_end_to_end, context, name)
        if figures:
            found[name] = figures
    ratios = [figures["ratio"] for figures in found.values() if "ratio" in figures]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None
    if mean is not None:
        print("  geometric mean of %d programs: %.3f   goal %.2f %s"
              % (len(ratios), mean, GOAL_END_TO_END, "ok" if mean <= GOAL_END_TO_END else "OVER"))
    return {"programs": found, "ratio": mean, "goal": GOAL_END_TO_END}


def run(context, results):
    wanted = [name for name in ROWS if context.wants(name)]
    if wanted:
        print()
    for name in wanted:
        results[name] = context.attempt(name, run_end_to_end if name == "end-to-end" else run_report, context, name)
