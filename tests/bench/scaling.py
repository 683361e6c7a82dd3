# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cost per event against the size of what is remembered, and the longest pauses."""

import machine
import micro
import tracers
from runner import added, median

ROWS = ("scaling", "pause")

STACK_BASES = (6, 10, 18, 32)
BLOCK_COUNTS = (10**4, 10**5, 10**6, 10**7, 3 * 10**7)
DEPTHS = (10, 100, 1000, 10000)
THREADS = (1, 2, 4, 8, 16, 32, 64)
EVENTS, QUICK_EVENTS = 2000000, 300000
PAUSE_EVENTS, QUICK_PAUSE_EVENTS = 4000000, 1000000

# malloc's own 32 bytes, the pointer to the block, and as much again for the tracer.
BYTES_PER_BLOCK = 32 + 8 + 40

BAR_COLUMNS = 40


def run_scaling_program(context, tracer, kind, size, events):
    """(count, fill, again) as tests/bench/scaling.c prints them."""
    context.clear()
    variables, argv = tracer.wrap([context.helper("scaling"), kind, str(size), str(events)],
                                  context.path("out.scaling"))
    count, fill, again = context.run(argv, variables, keep_output=True).output.split()
    return int(count), float(fill), float(again)


def point(context, kind, size, events):
    """Medians over the rounds of what heaptally adds for a new one and for an event."""
    plain, traced, count = [], [], 0
    for _ in range(context.rounds):
        plain.append(run_scaling_program(context, tracers.Tracer(context), kind, size, events))
        traced.append(run_scaling_program(context, tracers.Heaptally(context), kind, size, events))
        count = plain[-1][0]
    fill, again = (median(added([t[i] for t in traced], [p[i] for p in plain])) for i in (1, 2))
    return {"count": count, "added_fill_ns": fill, "added_ns": again, "untraced_ns": median([p[2] for p in plain])}


def micro_point(context, depth, threads, pairs):
    plain, own = micro.added_ns(context, "steady", depth, threads, pairs)
    return {"count": threads if threads > 1 else depth, "added_ns": own, "untraced_ns": plain}


def plot(title, points):
    print("\n%s" % title)
    most = max(max(p["added_ns"] for p in points), 1)
    for p in points:
        bar = "#" * max(1, round(BAR_COLUMNS * p["added_ns"] / most))
        fill = "  new %7.1f" % p["added_fill_ns"] if "added_fill_ns" in p else ""
        print("%10d | %-*s %8.1f ns  (untraced %.1f)%s"
              % (p["count"], BAR_COLUMNS, bar, p["added_ns"], p["untraced_ns"], fill), flush=True)


def block_counts(context):
    counts = BLOCK_COUNTS[:3] if context.quick else BLOCK_COUNTS
    fitting = [count for count in counts if count * BYTES_PER_BLOCK < machine.available_bytes() * 0.8]
    for count in counts[len(fitting):]:
        context.skip("scaling: %d live blocks do not fit in memory" % count)
    return fitting


def run_scaling(context):
    context.need_library()
    events = QUICK_EVENTS if context.quick else EVENTS
    result = {}
    print("\nscaling: nanoseconds that heaptally adds to one event; \"new\" is the first event of each stack or block")
    result["stacks"] = [point(context, "stacks", base, events) for base in STACK_BASES]
    plot("distinct call stacks (random order, 4 fresh frames an event)", result["stacks"])
    result["blocks"] = [point(context, "blocks", count, events) for count in block_counts(context)]
    plot("live blocks (random free and malloc)", result["blocks"])
    result["depth"] = []
    for depth in DEPTHS:
        result["depth"].append(micro_point(context, depth, 1, max(1000, events // depth)))
        result["depth"][-1]["count"] = depth
    plot("stack depth (steady loop)", result["depth"])
    result["threads"] = []
    for threads in THREADS:
        result["threads"].append(micro_point(context, 20, threads, events))
        result["threads"][-1]["count"] = threads
    plot("threads (steady loop, depth 20)", result["threads"])
    return result


def run_pause(context):
    context.need_library()
    events = QUICK_PAUSE_EVENTS if context.quick else PAUSE_EVENTS
    samples = {"untraced": {"malloc": [], "free": []}, "heaptally": {"malloc": [], "free": []}}
    for _ in range(context.rounds):
        for tracer in (tracers.Tracer(context), tracers.Heaptally(context)):
            context.clear()
            variables, argv = tracer.wrap([context.helper("pause"), str(events)], context.path("out.pause"))
            for line in context.run(argv, variables, keep_output=True).output.splitlines():
                name, *values = line.split()
                samples[tracer.name][name].append([int(value) for value in values])
    print("\npause: nanoseconds of a single call, medians of the rounds\n")
    print("%-20s" % "" + "".join("%12s" % head for head in ("50 %", "99 %", "99.9 %", "99.99 %", "longest")))
    result = {"samples": samples}
    for name in ("malloc", "free"):
        for who, own in samples.items():
            medians = [median(column) for column in zip(*own[name])]
            result["%s/%s" % (name, who)] = medians
            print("%-20s" % (name + ", " + who) + "".join("%12d" % value for value in medians), flush=True)
    return result


def run(context, results):
    for name, measure in (("scaling", run_scaling), ("pause", run_pause)):
        if context.wants(name):
            results[name] = context.attempt(name, measure, context)
