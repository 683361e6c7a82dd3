# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole programs: added wall time and peak memory under each tracer, in interleaved rounds."""

import math
import os
import shutil
import subprocess
import sys

import recording
import tracers
from runner import Failed, Missing, added, median, spread

# An added time below this is noise; ratios are taken of at least this much.
FLOOR_S = 0.0005

# The five real programs, whose geometric mean is the figure to quote.
REAL = ("perl", "jq", "python", "sqlite", "clang")
GOAL_REAL, GOAL_MEAN, GOAL_START_S = 0.20, 0.12, 0.015

THREADS_NODES = 2000000


class Row:
    """A command, its folder and variables, how often a round runs it, and the goal of its ratio. Recordings are in
    memory, or on a disk."""

    def __init__(self, name, argv, goal, runs=1, variables=None, prepare=None, on_disk=False):
        self.name, self.argv, self.goal, self.runs = name, argv, goal, runs
        self.variables = variables or {}
        self.prepare = prepare
        self.on_disk = on_disk
        self.cwd = None
        self.recording = None


def write_big_json(context):
    with open(context.path("big.json"), "wb") as file:
        subprocess.run([sys.executable, os.path.join(context.workloads, "make-big-json")], stdout=file, check=True)


def threads_row(context, threads, goal):
    argv = [context.helper("threads-list"), str(threads), str(THREADS_NODES // threads)]
    return Row("threads-%d" % threads, argv, goal, runs=3)


def all_rows(context):
    # A version manager's shim is a shell script: take the interpreter itself.
    python = os.path.realpath(sys.executable)
    # The same order of hashes in every run: with random ones perl alone varies by a fifth.
    return [
        Row("perl", ["perl", "perl-hashes.pl"], GOAL_REAL, runs=4,
            variables={"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}),
        Row("jq", ["jq", "-c", "map(.tags|length)|add", context.path("big.json")], GOAL_REAL, runs=3,
            prepare=write_big_json),
        Row("python", [python, "python-json-ast.py"], GOAL_REAL, runs=2,
            variables={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
        Row("sqlite", ["sqlite3", ":memory:", ".read sqlite-inmemory.sql"], GOAL_REAL, runs=3),
        Row("clang", ["clang++", "-O1", "-c", "clang-bigfile.cpp", "-o", "/dev/null"], GOAL_REAL),
        threads_row(context, 1, 0.10),
        threads_row(context, 2, 0.05),
        threads_row(context, 8, 0.05),
        Row("node", ["node", "node-objects.js"], GOAL_REAL, runs=3),
        # What a site imports at the start would be half of it.
        Row("deep", [python, "-S", "python-deep.py"], GOAL_REAL, runs=3,
            variables={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
        Row("true", ["true"], None, runs=10),
    ]


ON_DISK = "-disk"
# What a disk adds is added once a process: it shows where a program is short.
ROWS = REAL + ("threads-1", "threads-2", "threads-8", "node", "deep", "true") \
    + tuple(name + ON_DISK for name in ("jq", "sqlite", "clang", "true"))


def find_row(context, name):
    """The row, ready to run."""
    row = next(row for row in all_rows(context) if row.name == name.removesuffix(ON_DISK))
    row.on_disk = name.endswith(ON_DISK)
    row.name = name
    if row.on_disk:
        context.need_disk()
    path = shutil.which(row.argv[0])
    if path is None:
        raise Missing("%s is not installed" % row.argv[0])
    # The command as a path: a tracer's script need not search for it.
    row.argv[0] = path
    row.cwd = context.workloads
    if row.prepare:
        row.prepare(context)
    return row


def wanted_rows(context):
    rows = []
    for name in ROWS:
        if context.wants(name):
            try:
                rows.append(find_row(context, name))
            except Missing as reason:
                context.skip("%s: %s" % (name, reason))
    return rows


def measure_once(context, row, tracer):
    context.clear()
    variables, argv = tracer.wrap(row.argv, context.output(row.name, row.on_disk))
    return context.run(argv, dict(row.variables, **variables), row.cwd)


def measure_round(context, row, present, number, samples, failures):
    """One run of row under each tracer in turn; the turn begins elsewhere every time."""
    kept = {}
    turn = [tracer for tracer in present if not (tracer.slow and samples[tracer.name])]
    shift = number % len(turn)
    for tracer in turn[shift:] + turn[:shift]:
        if (row.name, tracer.name) in failures:
            continue
        try:
            kept[tracer.name] = measure_once(context, row, tracer)
            if isinstance(tracer, tracers.Heaptally):
                row.recording = recording.read(context, context.output(row.name, row.on_disk) + ".recording")
        except Failed as failure:
            failures.add((row.name, tracer.name))
            context.failed.append("%s under %s: %s" % (row.name, tracer.name, failure))
    for name, sample in kept.items():
        samples[name].append(sample)


def measure_memory(context, row, present, samples):
    found = {}
    for tracer in present:
        if samples[tracer.name]:
            try:
                found[tracer.name] = tracer.memory(row, samples[tracer.name])
            except (Failed, OSError) as failure:
                context.failed.append("memory of %s under %s: %s" % (row.name, tracer.name, failure))
    return found


def summarize(row, present, samples, memory):
    result = {"untraced_s": None, "added_s": {}, "spread_s": {}, "added_cpu_s": {}, "memory_bytes": memory,
              "goal": row.goal, "recording": row.recording, "samples": {}}
    plain = samples["untraced"]
    if not plain:
        return result
    result["untraced_s"] = median([sample.wall_s for sample in plain])
    for tracer in present:
        own = samples[tracer.name]
        if not own:
            continue
        result["samples"][tracer.name] = [sample._asdict() for sample in own]
        if own is not plain:
            walls = added([s.wall_s for s in own], [s.wall_s for s in plain])
            result["added_s"][tracer.name] = median(walls)
            result["spread_s"][tracer.name] = spread(walls)
            result["added_cpu_s"][tracer.name] = median(added([s.cpu_s for s in own], [s.cpu_s for s in plain]))
    return result


def ratio(result, base=0, base_raw=0, of="added_s"):
    """What heaptally adds over what `heaptrack --raw` adds, less a fixed cost of each."""
    own, raw = (result[of].get(name) for name in ("heaptally", "heaptrack --raw"))
    if own is None or raw is None:
        return None
    return max(own - base, FLOOR_S) / max(raw - base_raw, FLOOR_S)


def format_cell(value, form="%.3f"):
    return "-" if value is None else form % value


def verdict(value, goal):
    if value is None or goal is None:
        return ""
    return "%.2f %s" % (goal, "ok" if value <= goal else "OVER")


def added_memory(result, name):
    memory = result["memory_bytes"]
    if name not in memory or "untraced" not in memory:
        return None
    return (memory[name] - memory["untraced"]) / 2**20


HEAD = """
Seconds of wall time that each tracer adds (medians; +- half the distance of the quartiles), and MiB of peak memory.
ratio: what heaptally adds / what heaptrack --raw adds. net: the same less the fixed cost in the `true` row.
cpu: the same ratio of CPU time, of all processes: what counts where no core is idle for a tracer's helpers.
"""

MEMORY_COLUMNS = ("heaptally", "heaptrack --raw", "heaptrack")


def short(name):
    return name.replace("heaptrack --raw", "h. --raw")


def print_head(names):
    print(HEAD)
    print("%-10s %8s %15s" % ("", "untraced", "heaptally") + "".join("%11s" % short(name) for name in names[1:])
          + " |%6s %6s %6s %11s |" % ("ratio", "net", "cpu", "goal") + "".join("%10s" % short(name) for name in MEMORY_COLUMNS))


def print_row(name, result, names, start):
    bases = [start["added_s"].get(tracer, 0) if start else 0 for tracer in ("heaptally", "heaptrack --raw")]
    value = ratio(result)
    net = ratio(result, *bases) if start and result is not start else None
    own = result["added_s"].get("heaptally")
    cell = "-" if own is None else "%.3f +-%.3f" % (own, result["spread_s"]["heaptally"])
    goal = verdict(value, result["goal"])
    if name.removesuffix(ON_DISK) == "true" and own is not None:
        goal = "%.3f s %s" % (GOAL_START_S, "ok" if own <= GOAL_START_S else "OVER")
    memory = [added_memory(result, tracer) for tracer in MEMORY_COLUMNS]
    line = "%-10s %8s %15s" % (name, format_cell(result["untraced_s"]), cell)
    line += "".join("%11s" % format_cell(result["added_s"].get(other)) for other in names[1:])
    cells = tuple(format_cell(number, "%.2f") for number in (value, net, ratio(result, of="added_cpu_s")))
    line += " |%6s %6s %6s %11s |" % (cells + (goal,))
    line += "".join("%10s" % format_cell(value, "%.1f") for value in memory)
    if memory[0] is not None and memory[2] is not None:
        line += " ok" if memory[0] < memory[2] else " OVER"
    print(line)


def print_recordings(rows):
    known = [(row.name, row.recording) for row in rows if row.recording]
    if known:
        print("recordings in MiB: " + ", ".join(
            "%s %.1f" % (name, figures["recording_bytes"] / 2**20) for name, figures in known))
        print("unwind rules learnt / full walks: " + ", ".join(
            "%s %d/%d" % (name, figures["rule_count"], figures["full_walks"]) for name, figures in known))


def mean_ratio(results, of):
    values = [ratio(results[name], of=of) for name in REAL if name in results]
    if len(values) != len(REAL) or None in values:
        return None
    return math.exp(sum(math.log(value) for value in values) / len(values))


def print_mean(results):
    wall, cpu = (mean_ratio(results, of) for of in ("added_s", "added_cpu_s"))
    if wall is not None and cpu is not None:
        print("geometric mean of the five programs: %.3f   goal %s   (of CPU time: %.3f)"
              % (wall, verdict(wall, GOAL_MEAN), cpu))
    return {"ratio": wall, "cpu_ratio": cpu, "goal": GOAL_MEAN}


def run(context, results):
    rows = wanted_rows(context)
    if not rows:
        return
    present = tracers.available(context)
    samples = {row.name: {tracer.name: [] for tracer in present} for row in rows}
    failures = set()
    for number in range(context.rounds):
        for row in rows:
            for turn in range(1 if context.quick else row.runs):
                measure_round(context, row, present, number + turn, samples[row.name], failures)
    for row in rows:
        memory = measure_memory(context, row, present, samples[row.name])
        results[row.name] = summarize(row, present, samples[row.name], memory)
    names = [tracer.name for tracer in present if tracer.name != "untraced"]
    if names[:1] != ["heaptally"]:
        names.insert(0, "heaptally")
    print_head(names)
    for row in rows:
        start = results.get("true" + ON_DISK if row.on_disk else "true")
        print_row(row.name, results[row.name], names, start)
    print_recordings(rows)
    results["geometric-mean"] = print_mean(results)
