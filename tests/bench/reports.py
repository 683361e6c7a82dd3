# SPDX-License-Identifier: LGPL-2.1-or-later
"""The time until a person has an answer: reports of ended programs, and the whole way to the top lines."""

import shutil

import programs
import tracers
from runner import Failed, median

ROWS = ("report-clang", "report-python", "end-to-end")

# A report takes at most this share of the traced run, or this many seconds, whichever is more.
GOAL_SHARE, GOAL_S = 0.1, 1.0
GOAL_END_TO_END = 1 / 3


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
    return sum(context.run(argv, row.variables, row.cwd).wall_s for argv in steps)


def run_end_to_end(context, name):
    context.need_command()
    row = programs.find_row(context, "clang")
    out = context.path("out.end")
    ways = {"untraced": [row.argv], "heaptally run": [[context.command, "run", "-f", "-o", out, "--", *row.argv]]}
    if shutil.which("heaptrack") and shutil.which("heaptrack_print"):
        suffix = ".zst" if shutil.which("zstd") else ".gz"
        ways["heaptrack + heaptrack_print"] = [["heaptrack", "-o", out, *row.argv], ["heaptrack_print", out + suffix]]
    else:
        context.skip("end-to-end: heaptrack is not installed")
    samples = {way: [] for way in ways}
    for _ in range(context.rounds):
        for way, steps in ways.items():
            samples[way].append(timed(context, steps, row))
    medians = {way: median(values) for way, values in samples.items()}
    text = ", ".join("%s %.3f s" % item for item in medians.items())
    other = medians.get("heaptrack + heaptrack_print")
    if other:
        bare = medians["untraced"]
        share = (medians["heaptally run"] - bare) / (other - bare)
        text += "; ratio of what they add %.2f (of all %.2f)   goal %.2f %s" % (
            share, medians["heaptally run"] / other, GOAL_END_TO_END, "ok" if share <= GOAL_END_TO_END else "OVER")
    print("%-13s %s" % (name, text))
    return {"median_s": medians, "goal": GOAL_END_TO_END, "samples": samples}


def run(context, results):
    wanted = [name for name in ROWS if context.wants(name)]
    if wanted:
        print()
    for name in wanted:
        results[name] = context.attempt(name, run_end_to_end if name == "end-to-end" else run_report, context, name)
