# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines of Python with whole stacks: the added time as a share of what tracemalloc adds."""
import os
import subprocess
import sys

import tracers
from runner import Failed, median

ROWS = ("python-lines",)

# Of tracemalloc(1), (25).
GOALS = {"1": 0.25, "25": 0.10}


def measure(argv, variables):
    done = subprocess.run(argv, env=dict(os.environ, PYTHONHASHSEED="0", **variables),
                          stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed("%s: status %d" % (argv, done.returncode))
    return float(done.stdout)


def measure_python(context, python):
    """Milliseconds: bare, and what each way adds, medians of interleaved rounds."""
    argv = [python, os.path.join(context.workloads, "python-lines.py")]
    samples = {}
    for _ in range(context.rounds):
        context.clear()
        variables, traced = tracers.Heaptally(context).wrap(argv, context.path("out.lines"))
        bare = measure(argv, {})
        samples.setdefault("bare_ms", []).append(bare)
        samples.setdefault("heaptally_ms", []).append(measure(traced, variables) - bare)
        for frames in GOALS:
            samples.setdefault("tracemalloc_%s_ms" % frames, []).append(measure([*argv, frames], {}) - bare)
    return {name: median(values) for name, values in samples.items()}


def run_lines(context):
    context.need_library()
    pythons = [os.path.realpath(sys.executable), *os.environ.get("PYTHONS", "").split()]
    results = {}
    print("\npython-lines: milliseconds added, whole stacks   goals %s"
          % ", ".join("%.2f of tracemalloc(%s)" % (goal, n) for n, goal in GOALS.items()))
    for python in pythons:
        figures = results[python] = measure_python(context, python)
        shares = ["%.2f of tracemalloc(%s)" % (
            figures["heaptally_ms"] / figures["tracemalloc_%s_ms" % n], n) for n in GOALS]
        print("%-40s %7.1f %7.1f   %s" % (python[-40:], figures["bare_ms"],
                                          figures["heaptally_ms"], ", ".join(shares)))
    return results


def run(context, results):
    if context.wants("python-lines"):
        results["python-lines"] = context.attempt("python-lines", run_lines, context)
