# SPDX-License-Identifier: LGPL-2.1-or-later
"""tracemalloc, call by call."""
import json
import os
import re

from cli.commanded import commanded
from evidence import columns, expected, functions, meanings, read_source, row, shown
from harness import LIBRARY, environment, equal, heaptally, program, record, report, run

ALONE = "tests/cli/program_api.py: without the runtime everything is off, in C and C++"
REQUESTS = "tests/cli/requests.py: "
BLOCKS = "tests/cli/blocks.py: "


@row("PYTHONTRACEMALLOC=N, -X tracemalloc=N: run --frames N")
def frames(_directory):
    tally = meanings("--frames", "1")
    equal(report("info", tally)["frames_limit"], 1, "limit")
    for group in report("top", "--by", "stack", "-n", "0", "--raw-frames", tally)["groups"]:
        addresses = [frame for frame in group["frames"] if frame["module"] and not frame["inlined"]]
        assert len(addresses) <= 1, group


@row("run refuses a bad number of frames before it starts")
def bad_frames(_directory):
    for number in ("0", "65536", "-1", "many", ""):
        result = heaptally("run", "--frames=" + number, "--", "/bin/echo", "started")
        equal((result.returncode, result.stdout), (125, b""), number)
        assert b"not a number from 1 to 65535" in result.stderr, result.stderr


@row("the runtime never ends the program for a bad option; every report says so")
def bad_option(_directory):
    settings = "frames=65536:out=" + os.path.abspath("bad.recording")
    bare = run([program("exits"), "10", "exit"])
    result = run([program("exits"), "10", "exit"],
                 env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=settings))
    equal((result.returncode, result.stdout, result.stderr),
          (bare.returncode, bare.stdout, bare.stderr), "the program")
    equal(report("info", "bad.recording")["frames_limit"], 0, "the default")
    for words in (["info"], ["top"], ["diff", "bad.recording"]):
        text = heaptally(*words, "bad.recording").stdout.decode()
        assert "HEAPTALLY has a word that was not understood" in text, (words, text)


expected("start(nframe): 1 to 65535, idempotent, the limit stays", "traced",
         "heaptally_start(65536) == -EINVAL", "heaptally_start(5) == 0",
         "heaptally_get_frames() == 2")


@row("the default is the whole stack, not 1")
def whole_stack(_directory):
    tally = meanings()
    equal(report("info", tally)["frames_limit"], 0, "no limit")
    for group in report("top", "--by", "stack", "-n", "0", "--raw-frames", tally)["groups"]:
        assert len(group["frames"]) >= 3, group


expected("stop(): clears all traces, the limit is kept", "traced", "heaptally_stop() == 0",
         "heaptally_is_tracing() == 0", "current() == 0 && peak() == 0")
shown("pause and resume keep the table", REQUESTS +
      "pause and resume: new blocks are not counted, frees of old ones are")
expected("pause and resume from within", "traced", "current() == 0 && peak() == 30")
expected("is_tracing()", "traced", "heaptally_is_tracing() == 1")
shown("clear_traces(): current and peak are 0, frees of forgotten blocks are ignored silently",
      REQUESTS + "clear: counts from zero, and frees of older blocks are ignored")
expected("heaptally_clear()", "traced", "current() == 0 && peak() == 0 && blocks() == 0")
shown("reset_peak(): the peak is current, traces are untouched",
      REQUESTS + "reset-peak: the peak is what is live")
expected("heaptally_reset_peak()", "traced", "peak() == 500")
expected("reset_peak() when off is a no-op", "alone",
         "heaptally_reset_peak() == HEAPTALLY_NOT_TRACING")
expected("get_traced_memory(): current and peak", "traced", "current() == 500 && peak() == 2500")
expected("get_traced_memory() when off: zeros", "alone",
         "current() == 0 && peak() == 0 && blocks() == 0")
expected("get_tracemalloc_memory()", "traced", "heaptally_get_tracer_memory() > 4096")
expected("get_tracemalloc_memory() when off: 0", "alone", "heaptally_get_tracer_memory() == 0")
expected("get_traceback_limit() when off: the last limit", "traced", "heaptally_stop() == 0",
         "heaptally_get_frames() == 2")
expected("get_object_traceback(obj): the block, interior pointers too", "traced",
         "heaptally_get_block(small + 99, &block) == 1", "heaptally_get_block(&block, &block) == 0")
shown("heaptally block PID ADDR: interior pointers too", BLOCKS + "an address anywhere in a block")
shown("heaptally block: it was freed", BLOCKS + "a block that was freed")
shown("heaptally block: an address in no block", BLOCKS + "an address in no block")


@row("take_snapshot(): the program goes on, blocks from before the start are absent")
def snapshot(_directory):
    with commanded(HEAPTALLY="start=off") as process:
        process.tell("left 10 100")
        heaptally("resume", process.pid, "--wait", "0")
        process.tell("right 2 8")
        equal(heaptally("snapshot", "-q", "-o", "one.tally", process.pid).returncode, 0, "status")
        process.tell("right 3 8")
        equal({name: columns(group, "live_bytes", "live_blocks")
               for name, group in functions("one.tally", "now").items()},
              {"take_right": (16, 2)}, "what was live")
        equal(report("info", process.pid)["live_blocks"], 5, "the program went on")


shown("take_snapshot() when off is an error", "tests/cli/bad_input.bats: "
      "top, info, snapshot: a process that is not traced is 2")
shown("heaptally_snapshot(path)", "tests/cli/program_api.py: "
      "its own snapshot is a recording of that moment")
expected("heaptally_snapshot(path) when off", "alone",
         'heaptally_snapshot("x") == HEAPTALLY_NOT_TRACING')
shown("run --every SECONDS", "tests/cli/reports.bats: "
      "--every keeps snapshots, and moments select them")
shown("Snapshot.dump/load: names are inside, another machine reads it",
      "tests/cli/reports.bats: a tally is read where the program is gone")
shown("Snapshot.dump/load: nothing is lost", "tests/unit/test_tally.c: round_trip")
shown("Snapshot.load: versions", "tests/unit/test_tally.c: other_versions")


@row("--format json has the numbers and the names")
def json_format(_directory):
    result = heaptally("top", "--at", "exit", "--format", "json", "--by", "function", meanings())
    parsed = json.loads(result.stdout)
    first = parsed["groups"][0]
    equal((first["frames"][0]["function"], first["live_bytes"]), ("keep_half", 500), "first group")


shown("Snapshot.traces: blocks by age or size", BLOCKS + "every live block is listed in order")
shown("Snapshot.traces of a file needs --blocks", BLOCKS + "without blocks it says how")


@row("Snapshot.traceback_limit: info says it")
def traceback_limit(_directory):
    tally = meanings("--frames", "7")
    equal(report("info", tally)["frames_limit"], 7, "limit")


FILTERS = "tests/unit/test_filter.c: filters_keep_what_tracemalloc_keeps"
shown("Snapshot.filter_traces(filters)", FILTERS)


@row("--include and --exclude on every reading command of groups and blocks")
def filters_everywhere(_directory):
    for command in ("top", "diff", "blocks"):
        text = heaptally(command, "--help").stdout
        for option in (b"--include=", b"--exclude=", b"--any-frame", b"--filter-file="):
            assert option in text, (command, option)


shown("Filter(inclusive, filename_pattern, lineno, all_frames, domain)", FILTERS)
shown("DomainFilter(inclusive, domain)", FILTERS)
shown("Snapshot.statistics(key, cumulative): an unknown key is an error",
      "tests/cli/bad_input.bats: top: unknown keys, columns, formats, moments and numbers are 2")


@row("Snapshot.statistics: cumulative with traceback is an error")
def cumulative_stack(_directory):
    result = heaptally("top", "--by", "stack", "--cumulative", meanings())
    equal(result.returncode, 2, "status")
    assert b"--cumulative does not go with --by stack" in result.stderr, result.stderr


shown("Snapshot.compare_to(old, key)", "tests/cli/tracemalloc_oracle.py: "
      "text and order of %d random cases are those of CPython")


@row("Statistic: a row of top, and tracemalloc's line")
def statistic(_directory):
    tally = meanings()
    groups = functions(tally)
    lines = heaptally("top", "--by", "function", "--at", "exit", "--format", "tracemalloc", "-n",
                      "0", tally).stdout.decode().splitlines()
    for name in ("keep_half", "take_small"):
        size, count = columns(groups[name], "live_bytes", "live_blocks")
        line = "%s:0: size=%d B, count=%d, average=%d B" % (name, size, count, size // count)
        assert line in lines, (line, lines)


@row("StatisticDiff: a row of diff, and tracemalloc's line")
def statistic_diff(_directory):
    record("old.tally", [program("exits"), "10", "return"])
    record("new.tally", [program("exits"), "15", "return"])
    group = report("diff", "old.tally", "new.tally")["groups"][0]
    equal(columns(group, "live_bytes", "live_bytes_diff", "live_blocks", "live_blocks_diff"),
          (360, 120, 15, 5), "the row")
    text = heaptally("diff", "--format", "tracemalloc", "old.tally", "new.tally").stdout.decode()
    assert text.endswith(": size=360 B (+120 B), count=15 (+5), average=24 B\n"), text


@row("Frame: function, file, line, column, module, build id, offset, inlined")
def frame(_directory):
    equal(record("tree.tally", [program("tree")]).returncode, 0, "status")
    frames = report("top", "--by", "stack", "--include", "function=plant*",
                    "tree.tally")["groups"][0]["frames"]
    plant = [one for one in frames if one["function"].startswith("plant")][0]
    assert plant["line"] and plant["column"] and len(plant["build_id"]) == 40, plant
    for one in frames:
        for name in ("function", "file", "line", "column", "module", "build_id", "offset",
                     "inlined"):
            assert name in one, (name, one)
    assert any(one["inlined"] for one in frames), frames


@row("Traceback: JSON frames, innermost first")
def traceback(_directory):
    tally = meanings()
    for group in report("top", "--by", "stack", "-n", "0", tally)["groups"]:
        names = [one["function"] for one in group["frames"]]
        if "main" in names and "keep_half" in names:
            assert names.index("keep_half") < names.index("main"), names
            return
    raise AssertionError("no stack of keep_half")


shown("Trace: address, size, usable, thread, birth, allocator",
      BLOCKS + "every live block is listed in order")
expected("PyTraceMalloc_Track: a known pointer replaces its record", "traced",
         "heaptally_track(7, 64, 1) == 0", "current() == before + 300000 - 99 + 5")
expected("PyTraceMalloc_Track: -2 when off", "alone",
         "heaptally_track(7, 1, 1) == HEAPTALLY_NOT_TRACING", "HEAPTALLY_NOT_TRACING == -2")
expected("PyTraceMalloc_Untrack: an unknown pointer is ignored", "traced",
         "heaptally_untrack(7, 64 * i) == 0")
expected("PyTraceMalloc_Untrack: -2 when off", "alone",
         "heaptally_untrack(7, 1) == HEAPTALLY_NOT_TRACING")
expected("PyRefTracer: heaptally_retag gives a block its new owner", "traced",
         "take_over(small) == 0", "block.frames[0] - (uintptr_t)take_over < 200")
shown("domains have names, and filters know them",
      "tests/cli/program_api.py: pools are domains of their own in filters")
expected("one address may live in two domains", "traced", "heaptally_track(8, 64, 5) == 0")

CORRUPTING = """
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
	char *volatile block = malloc(4000);
	printf("%p\\n", (void *)block);
	fflush(stdout);
	free(block);
	free(block);
	return 0;
}
"""


@row("memory dump: after an abort the recording still knows the block")
def after_abort(directory):
    with open("corrupting.c", "w", encoding="ascii") as file:
        file.write(CORRUPTING)
    words = ["gcc", "-g", "-fno-builtin", "-o", "corrupting", "corrupting.c"]
    equal(run(words).returncode, 0, "gcc")
    settings = "blocks=on:out=" + os.path.join(directory, "%e.recording")
    result = run(["/bin/sh", "-c", "ulimit -c 0; exec ./corrupting"],
                 env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=settings))
    assert result.returncode < 0 and b"double free" in result.stderr, result
    address = result.stdout.decode().strip()
    found = report("block", "corrupting.recording", address)
    equal((found["state"], found["block"]["size_bytes"]), ("freed", 4000), "the block")
    equal(found["block"]["frames"][0]["line"], 6, "where it was allocated")


shown("all symbols are weak: not tracing without the runtime", ALONE)


@row("the table of calls: every call of heaptally.h has a row that tries it")
def every_function(_directory):
    header, text = read_source("lib/include/heaptally.h"), read_source("tests/programs/api.c")
    names = re.findall(r"(?m)^HEAPTALLY_API .*?\b(heaptally_\w+)\(", header)
    assert len(names) > 15, names
    equal(sorted(name for name in names if name + "(" not in text), [], "functions without a test")
