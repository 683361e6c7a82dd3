# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time and memory of every command on a recording with a million stacks and ten million live blocks."""

import os
import resource
import subprocess
import time

import machine
import tracers
from runner import Failed

ROWS = ("large",)

BASE, BLOCKS = 32, 10**7
QUICK_BASE, QUICK_BLOCKS = 10, 10**5

# What the program and its recording take for each block, and for each stack.
BYTES_PER_BLOCK = 80 + 16 + 64
BYTES_PER_STACK = 1000

# A command takes at most so many seconds, and so much memory beyond that of the recording, for names.
GOAL_S = 60
GOAL_MORE_BYTES = 64 << 20

LOOK_S = 0.02

LIVE = (
    ("list",),
    ("info", "PID"),
    ("top", "PID"),
    ("top", "--by", "stack", "PID"),
    ("top", "--refresh", "0.5", "--count", "3", "PID"),
    ("blocks", "PID"),
    ("block", "PID", "ADDRESS"),
    ("mark", "--wait", "30", "PID", "here"),
    ("snapshot", "-q", "-o", "counters.tally", "PID"),
    ("snapshot", "-q", "--blocks", "-o", "live.tally", "PID"),
    ("reset-peak", "--wait", "30", "PID"),
)

ENDED = (
    ("info",),
    ("timeline",),
    ("timeline", "--svg", "-"),
    ("top",),
    ("top", "--by", "file"),
    ("top", "--by", "function"),
    ("top", "--by", "module"),
    ("top", "--by", "allocator"),
    ("top", "--by", "stack"),
    ("top", "--cumulative"),
    ("top", "--by", "thread"),
    ("top", "--by", "size"),
    ("top", "--by", "generation"),
    ("top", "--ages"),
    ("top", "--ages", "--by", "stack"),
    ("top", "--include", "size=32..,age=1ms.."),
    ("top", "--include", "function=level", "--any-frame"),
    ("top", "--format", "json"),
    ("top", "--by", "stack", "--format", "json"),
    ("top", "--by", "stack", "--format", "csv"),
    ("top", "--by", "stack", "--format", "tracemalloc"),
    ("blocks",),
    ("blocks", "--sort", "size"),
    ("blocks", "--include", "size=32.."),
    ("blocks", "-n", "0"),
    ("blocks", "--format", "json"),
    ("blocks", "--format", "csv"),
)

SPECIAL = (
    ("block", "RECORDING", "ADDRESS"),
    ("annotate", "SOURCE", "RECORDING"),
    ("annotate", "SOURCE", "TALLY"),
    ("diff", "TALLY", "RECORDING"),
    ("diff", "--by", "stack", "TALLY", "RECORDING"),
    ("diff", "--by", "stack", "--format", "json", "TALLY", "TALLY"),
    ("diff", "--by", "size", "TALLY", "RECORDING"),
    ("snapshot", "-q", "--blocks", "-o", "again.tally", "RECORDING"),
)


def allocated_bytes(path):
    return os.stat(path).st_blocks * 512


def choose_size(context):
    """(base, blocks) that fit into the memory, for the program, its recording and a command."""
    base, blocks = (QUICK_BASE, QUICK_BLOCKS) if context.quick else (BASE, BLOCKS)
    while 3 * (base**4 * BYTES_PER_STACK + blocks * BYTES_PER_BLOCK) > machine.available_bytes():
        base, blocks = max(base // 2, 1), max(blocks // 10, 1)
    if not context.quick and (base, blocks) != (BASE, BLOCKS):
        context.skip("large: a million stacks and ten million blocks do not fit in memory")
    return base, blocks


def start(context, base, blocks):
    """The program, traced, when it has allocated everything: (process, address of a block, stacks, seconds)."""
    variables, argv = tracers.Heaptally(context).wrap([context.helper("large"), str(base), str(blocks)],
                                                      context.path("large"))
    variables["HEAPTALLY"] += ":blocks=on"
    begin = time.monotonic()
    process = subprocess.Popen(argv, env=dict(os.environ, **variables), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        address, stacks = process.stdout.readline().split()
    except ValueError:
        process.kill()
        process.wait()
        raise Failed("the traced program ended early") from None
    return process, address, int(stacks), time.monotonic() - begin


class Table:
    """One line for each command, as soon as it is done."""

    def __init__(self, context, data_bytes, names):
        self.context, self.names = context, names
        self.goal_bytes = data_bytes + GOAL_MORE_BYTES
        self.rows = []

    def add(self, what, wall_s, cpu_s, memory_bytes, goal_s=GOAL_S):
        # A difference has two of them in memory.
        goal_bytes = self.goal_bytes * (2 if what.startswith("diff") else 1)
        over = [word for word, is_over in (("SLOW", wall_s > goal_s), ("LARGE", memory_bytes > goal_bytes))
                if is_over]
        self.rows.append({"command": what, "wall_s": wall_s, "cpu_s": cpu_s, "memory_bytes": memory_bytes})
        print("  %8.2f s  %8.2f s  %8.1f MiB  %-5s  %s"
              % (wall_s, cpu_s, memory_bytes / 2**20, "/".join(over) or "ok", what), flush=True)

    def measure(self, words):
        context = self.context
        argv = [context.command] + [self.names.get(word, word) for word in words]
        sample = context.run(argv, {"XDG_RUNTIME_DIR": context.temp}, context.temp)
        self.add(" ".join(words), sample.wall_s, sample.cpu_s, sample.maxrss_bytes)


def read_peak(pid):
    value = machine.read_field("/proc/%d/status" % pid, r"^VmHWM:\s+(\d+)")
    return int(value or 0) * 1024


def children_cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure_run(context, table, base, blocks, seconds):
    """
    `run` from start to end, and so the program, which took so many seconds under the preload alone. Its own memory is
    not what wait4 says, which is that of the program.
    """
    begin, cpu_s = time.monotonic(), children_cpu_s()
    process = subprocess.Popen([context.command, "run", "-q", "--blocks", "-o", "run.tally", "--",
                                context.helper("large"), str(base), str(blocks)], cwd=context.temp,
                               env=dict(os.environ, HEAPTALLY_LIBRARY=context.library, XDG_RUNTIME_DIR=context.temp),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, read_peak(process.pid))
        time.sleep(LOOK_S)
    if process.returncode != 0:
        raise Failed("run: status %d" % process.returncode)
    table.add("run --blocks, with the program", time.monotonic() - begin, children_cpu_s() - cpu_s, peak,
              seconds + GOAL_S)
    os.unlink(context.path("run.tally"))


def measure_all(context, process, table, tally):
    for words in LIVE:
        table.measure(words)
    process.stdin.close()
    if process.wait() != 0:
        raise Failed("the traced program: status %d" % process.returncode)
    for source in "RECORDING", "TALLY":
        for words in ENDED:
            table.measure(words + (source,))
    for words in SPECIAL:
        table.measure(words)
    print("  the snapshot file has %.1f MiB with blocks, %.1f MiB without"
          % (os.path.getsize(tally) / 2**20, os.path.getsize(context.path("counters.tally")) / 2**20))


def run_large(context):
    context.need_command()
    base, blocks = choose_size(context)
    process, address, stacks, seconds = start(context, base, blocks)
    try:
        recording = context.path("large.recording")
        tally = context.path("live.tally")
        data = allocated_bytes(recording)
        print("\nlarge: wall time, CPU time and peak memory of every command, with %d stacks and %d live blocks; recorded in %.1f s, "
              "the recording has %.0f MiB\ngoal: %d s and %.0f MiB\n"
              % (stacks, blocks, seconds, data / 2**20, GOAL_S, (data + GOAL_MORE_BYTES) / 2**20))
        names = {"PID": str(process.pid), "ADDRESS": address, "RECORDING": recording, "TALLY": tally,
                 "SOURCE": os.path.join(context.source, "stacks.c")}
        table = Table(context, data, names)
        measure_all(context, process, table, tally)
        os.unlink(recording)
        measure_run(context, table, base, blocks, seconds)
    finally:
        if process.poll() is None:
            process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()
        for name in os.listdir(context.temp):
            if name.endswith((".recording", ".tally")):
                os.unlink(context.path(name))
    return {"stacks": stacks, "blocks": blocks, "recording_bytes": data, "goal_s": GOAL_S, "commands": table.rows}


def run(context, results):
    if context.wants("large"):
        results["large"] = context.attempt("large", run_large, context)
