#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""old_tally.py - a file that heaptally 0.1.0 wrote says for ever what 0.1.0 said of it

The numbers were taken from the reports of 0.1.0; tests/data/v0.1.c tells how the file was made.
"""
import collections
import os
import shutil

from harness import DATA, case, equal, report, run_cases

TALLY = os.path.join(DATA, "v0.1.tally")
SOURCE_FILE = "/usr/src/demo/v0.1.c"
MAIN, WORKER, FIRST_CHILD, SECOND_CHILD = 29845, 29868, 29883, 29885


def pick(values, *keys):
    return tuple(values[key] for key in keys)


def groups_of(*arguments):
    """(name, live bytes, live blocks, all bytes, all blocks) of each group."""
    return [(group["frames"][0]["function"],
             *pick(group, "live_bytes", "live_blocks", "total_bytes", "total_blocks"))
            for group in report("top", *arguments, TALLY)["groups"]]


@case("info: identity, totals and quality")
def info(_directory):
    data = report("info", TALLY)
    expected = {
        "pid": MAIN, "parent_pid": 29838, "command": "demo", "executable": "/usr/src/demo/demo",
        "allocator": "/lib/x86_64-linux-gnu/libc.so.6", "runtime_version": "0.1.0",
        "python": "none", "python_version": None, "state": "exited",
        "signal": None, "exit_status": 3, "total_blocks": 660, "total_bytes": 642054,
        "freed_blocks": 221, "freed_bytes": 206810, "live_blocks": 439, "live_bytes": 435244,
        "usable_bytes": 438624, "peak_blocks": 439, "peak_bytes": 435244, "temporary_blocks": 0,
        "distinct_stacks": 8, "realloc_count": 1, "failed_allocations": 0, "unknown_frees": 0,
        "nested_events": 0, "dropped_events": 0, "cut_stacks": 1, "frames_limit": 8,
        "realloc": "last", "thread_count": 2, "peak_error_bytes": 49152, "tracer_bytes": 1386448,
        "crosscheck_count": 0, "full_walks": 0, "rule_count": 19, "paused": True,
    }
    equal({key: data[key] for key in expected}, expected, "info")


@case("info: moments, marks and processes")
def lists(_directory):
    data = report("info", TALLY)
    equal([pick(moment, "label", "live_bytes", "live_blocks") for moment in data["moments"]],
          [("", 334848, 327), ("", 614400, 600), ("warm", 412020, 402), ("", 435084, 434),
           ("after", 435084, 434), ("", 435084, 434), ("", 435084, 434), ("", 435084, 434),
           ("", 435244, 439), ("", 435244, 439), ("", 435244, 439)], "moments")
    equal([pick(mark, "kind", "label", "live_bytes", "peak_bytes") for mark in data["marks"]],
          [("mark", "warm", 614400, 614400), ("pause", "", 409600, 614400),
           ("resume", "", 409600, 614400), ("mark", "after", 435084, 614400),
           ("reset-peak", "", 435084, 614400), ("pause", "", 435244, 435084)], "marks")
    equal([pick(process, "pid", "parent_pid", "state", "exit_status", "live_blocks", "live_bytes",
                "usable_bytes") for process in data["processes"]],
          [(FIRST_CHILD, MAIN, "exited", None, 300, 14400, 16800),
           (SECOND_CHILD, MAIN, "exited", None, 77, 3696, 4312),
           (MAIN, 29838, "exited", 3, 439, 435244, 438624)], "processes")


@case("top: by line, allocator and thread, and of another process")
def top(_directory):
    equal([(group["frames"][0]["file"], group["frames"][0]["line"], group["live_bytes"])
           for group in report("top", TALLY)["groups"]],
          [(SOURCE_FILE, 25, 412760), (SOURCE_FILE, 91, 20000), (SOURCE_FILE, 41, 2100),
           (SOURCE_FILE, 87, 320), (SOURCE_FILE, 90, 64)], "lines")
    equal(groups_of("--by", "allocator"),
          [("malloc", 412760, 435, 619570, 656), ("realloc", 20000, 1, 20000, 1),
           ("calloc", 2420, 2, 2420, 2), ("arena", 64, 1, 64, 1)], "allocators")
    equal(groups_of("--by", "thread"),
          [("thread %d" % MAIN, 432244, 409, 637054, 610),
           ("thread %d" % WORKER, 3000, 30, 5000, 50)], "threads")
    equal(groups_of("--process", str(SECOND_CHILD)), [("take", 3696, 77, 3696, 77)], "child")


@case("top: whole stacks, cut ones too, with the modules' identities")
def stacks(_directory):
    groups = report("top", "--by", "stack", TALLY)["groups"]
    equal([(group["live_bytes"], len(group["frames"]), group["frames"][-2]["function"])
           for group in groups],
          [(409600, 6, "_start"), (20000, 5, "_start"), (3000, 5, "clone3"),
           (2100, 10, "(frames left out)"), (320, 5, "_start"), (160, 6, "_start"),
           (64, 5, "_start")], "stacks")
    equal(pick(groups[0]["frames"][0], "build_id", "offset", "column"),
          ("38ec87d6fc66ad143f46b03ec293c28689fcc49f", "0x1220", 13), "frame")


@case("top --ages: lifetimes of what was freed, ages of what was not")
def ages(_directory):
    group = report("top", "--ages", TALLY)["groups"][0]
    equal(group["ages"], {"live_blocks": 435, "oldest_seconds": 0.503712723,
                          "median_seconds": 0.499484627, "youngest_seconds": 0.010024915}, "ages")
    equal(pick(group["lifetimes"], "freed_blocks", "average_seconds"), (220, 0.118707018),
          "lifetimes")
    equal([item["freed_blocks"] for item in group["lifetimes"]["histogram"]], [10, 10, 200],
          "histogram")


@case("blocks: size, thread and place of each")
def blocks(_directory):
    data = report("blocks", TALLY)
    equal(pick(data["totals"], "live_blocks", "live_bytes", "usable_bytes", "missing_blocks"),
          (438, 435180, 438560, 0), "totals")
    counts = collections.Counter(
        pick(block, "size_bytes", "usable_bytes", "thread") + (block["frames"][0]["line"],)
        for block in data["blocks"])
    equal(counts, {(1024, 1032, MAIN, 25): 400, (100, 104, WORKER, 25): 30,
                   (32, 40, MAIN, 25): 5, (2100, 2104, MAIN, 41): 1, (320, 328, MAIN, 87): 1,
                   (20000, 20008, MAIN, 91): 1}, "blocks")
    equal(pick(data["blocks"][0], "address", "born_seconds"), ("0x55ff01af0840", 0.042120192),
          "first")


@case("diff: between two moments of it")
def diff(_directory):
    data = report("diff", TALLY + "@snap:1", TALLY)
    equal(pick(data["totals"], "live_bytes_diff", "live_blocks_diff", "total_bytes_diff",
               "total_blocks_diff"), (100396, 112, 307206, 333), "totals")
    equal([pick(group, "live_bytes_diff", "total_blocks_diff") for group in data["groups"]],
          [(77912, 328), (20000, 2), (2100, 1), (320, 1), (64, 1)], "groups")


@case("timeline: the curve and its samples")
def timeline(_directory):
    data = report("timeline", TALLY)
    points = data["points"]
    equal(pick(data["peak"], "time_seconds", "live_bytes"), (0.049632055, 614400), "peak")
    equal(len(points), 51, "points")
    sampled = [point for point in points if point["resident_bytes"] is not None]
    equal(len(sampled), 31, "samples")
    equal(pick(sampled[0], "time_seconds", "live_bytes", "resident_bytes"),
          (0.044362964, 303104, 2949120), "first sample")


@case("the names are in the file: nothing of this machine is looked at")
def moved(directory):
    shutil.copy(TALLY, directory)
    equal(report("top", "--by", "function", "v0.1.tally")["groups"][0]["frames"][0]["function"],
          "take", "function")


run_cases()
