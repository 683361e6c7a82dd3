#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sum over the processes of a file, by process, and by domain."""
import csv
import io
import json
import os
import re
import sys

import schema
from harness import (LIBRARY, SOURCE, Skip, case, environment, equal, heaptally, lines_in_terminal, need, program, record,
                     report, run, run_cases)

BLOCK = 24  # of `exits`
NO_SUM = {
    "timeline": "times count from the start of each process",
    "growth": "the moments of a process are its own",
    "report": "the run of one process",
    "resident": "pages that processes share would count once for each",
    "blocks": "an address is that of one process",
    "block": "an address is that of one process",
    "retained": "no pointer leads into another process",
    "refs": "no pointer leads into another process",
}
POOLS = """
#include <stdint.h>
#include <stdlib.h>
#include "heaptally.h"
static char area[8192];
int main(void)
{
	void *volatile kept = malloc(100);
	heaptally_name_domain(7, "arena");
	heaptally_track(7, (uintptr_t)area, 1000);
	heaptally_track(7, (uintptr_t)area + 2000, 2000);
	heaptally_track(9, (uintptr_t)area + 4000, 500);
	kept = calloc(2, 25);
	return kept == NULL;
}
"""
LOSES = """
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static __attribute__((noinline)) void lose(void)
{
	void **head = malloc(30);
	*head = memset(malloc(70), 0, 70);
}
static __attribute__((noinline)) void wipe(void)
{
	char below[4096];
	memset(below, 0, sizeof(below));
	__asm__ volatile("" : : "r"(below) : "memory");
}
int main(int argc, char **argv)
{
	for (int i = atoi(argv[1]); i > 0; i--)
		lose();
	wipe();
	if (argc > 2)
		_exit(0);
	return 0;
}
"""


def build(counts, tally="all.tally", *options):
    script = "; ".join("%s %d return" % (program("exits"), count) for count in counts) + "; true"
    equal(record(tally, ["sh", "-c", script], *options).returncode, 0, "run")
    return report("info", tally)["processes"]


def text(*words):
    result = heaptally(*words)
    equal((result.returncode, result.stderr), (0, b""), words)
    return result.stdout.decode()


@case("--process all: every total is the sum of those of the processes")
def sums(_directory):
    processes = build((1000, 3000, 200))
    equal(sum(row["command"] == "exits" for row in processes), 3, "processes")
    for moment in "peak", "exit":
        whole = report("top", "--process", "all", "--at", moment, "all.tally")
        parts = [report("top", "--process", str(row["pid"]), "--at", moment, "all.tally")["totals"]
                 for row in processes]
        for column in "live_bytes", "live_blocks", "peak_bytes", "total_bytes", "total_blocks":
            equal(whole["totals"][column], sum(part[column] for part in parts), (moment, column))
        equal((whole["process"]["pid"], whole["process"]["process_count"]), (None, len(processes)), "process")
    # One line of one program, whichever of its processes it was.
    (row,) = [group for group in report("top", "--process", "all", "all.tally")["groups"]
              if group["live_blocks"] == 4200]
    equal(row["live_bytes"], 4200 * BLOCK, "the line that all share")
    equal(row["frames"][0]["file"].rsplit("/", 1)[1], "exits.c", "its file")
    stacks = report("top", "--process", "all", "--by", "stack", "all.tally")["groups"]
    assert any(group["live_blocks"] == 4200 for group in stacks), stacks
    first = text("top", "--process", "all", "all.tally").splitlines()[0]
    assert first.startswith("sh, %d processes, each at its peak: " % len(processes)), first
    assert "others" not in text("top", "--process", "all", "all.tally")
    first = text("top", "--process", "all", "--at", "exit", "all.tally").splitlines()[0]
    assert ", each at its end: " in first, first


@case("--by process: a row for each, in every format")
def rows(_directory):
    processes = build((1000, 3000, 200))
    wanted = {row["pid"]: (row["peak_bytes"], row["command_line"]) for row in processes}
    groups = report("top", "--by", "process", "all.tally")["groups"]
    equal({group["pid"]: (group["live_bytes"], group["process"]) for group in groups}, wanted, "JSON")
    equal([group["live_bytes"] for group in groups],
          sorted((group["live_bytes"] for group in groups), reverse=True), "order")
    lines = list(csv.DictReader(io.StringIO(text("top", "--by", "process", "--format", "csv", "all.tally"))))
    equal({int(line["pid"]): (int(line["live_bytes"]), line["process"]) for line in lines}, wanted, "CSV")
    shown = text("top", "--by", "process", "all.tally")
    for pid, (_bytes, title) in wanted.items():
        assert "  %d %s" % (pid, title) in shown, (pid, title, shown)
    assert "(2 more processes; -n 0 for all)" in text("top", "--by", "process", "-n", "2", "all.tally")
    # A name narrows it down; filters count.
    only = report("top", "--by", "process", "--process", "exits", "--include", "*exits.c", "all.tally")["groups"]
    equal(sorted(group["live_blocks"] for group in only), [200, 1000, 3000], "of one command")


@case("a long command line is whole in a pipe and in JSON, and one row a process; a terminal cuts it")
def long_commands(_directory):
    words, beyond = "long " + "ü" * 3000 + " end", "x" * 40000
    script = '%s "%s"; %s "%s"; true' % (need("echo"), words, need("echo"), beyond)
    result = record("long.tally", ["sh", "-c", script])
    equal(result.returncode, 0, "status: %r" % result.stderr)
    commands = [row["command_line"] for row in report("info", "long.tally")["processes"]]
    # One is that of the shell, which has both.
    equal(sum(command.startswith(need("echo")) and command.endswith(words) for command in commands), 1, "whole")
    equal({len(command.encode()) for command in commands if command.endswith("x...")}, {32 * 1024 - 1}, "cut")
    lines = text("info", "-n", "0", "long.tally").splitlines()
    for command in commands:
        equal(sum(line.endswith("  " + command) and re.match("[> ] *[0-9]", line) is not None for line in lines), 1,
              "rows of %.40s" % command)
    for columns in 60, 80, 200:
        shown = lines_in_terminal(columns, "C.UTF-8", "info", "-n", "0", "long.tally")
        rows = [line for line in shown if re.match("[> ] +[0-9]+ +(exited|ended)", line) or line.startswith("  command")]
        assert len(rows) == len(commands) + 1 and all(len(row) <= columns for row in rows), (columns, rows)


@case("diff: sums compare, and processes of one command are one group")
def compared(_directory):
    build((1000, 3000), "old.tally")
    build((1000, 3500, 500), "new.tally")
    words = ("--include", "*exits.c", "old.tally", "new.tally")
    whole = report("diff", "--process", "all", *words)
    equal(whole["totals"]["live_blocks_diff"], 1000, "of all")
    (group,) = report("diff", "--by", "process", *words)["groups"]
    equal((group["pid"], group["process"], group["live_blocks_diff"]), (None, "exits", 1000), "by process")
    same = report("diff", "--process", "all", "old.tally", "old.tally")
    equal(same["totals"]["live_bytes_diff"], 0, "nothing changed")


@case("annotate and export know the sum, and what is about one process is refused")
def others(_directory):
    build((1000, 3000))
    source = os.path.join(SOURCE, "tests", "programs", "exits.c")
    lines = report("annotate", "--process", "all", source, "all.tally")["lines"]
    assert any(line["live_blocks"] == 4000 for line in lines), lines
    folded = text("export", "--process", "all", "--format", "folded", "all.tally")
    assert any(line.endswith(" %d" % (4000 * BLOCK)) for line in folded.splitlines()), folded
    for command, why in NO_SUM.items():
        words = {"block": ("all.tally", "0x10"), "refs": ("all.tally", "0x10")}.get(command, ("all.tally",))
        result = heaptally(command, "--process", "all", *words)
        equal((result.returncode, result.stdout), (2, b""), command)
        # One line says why, and what to do instead.
        (line,) = result.stderr.decode().splitlines()
        assert why in line and "`heaptally top --by process`" in line and "--process PID" in line, line
    for command in "growth", "leaks", "retained":
        result = heaptally(command, "--by", "process", "all.tally")
        equal((result.returncode, result.stdout), (2, b""), command)
        (line,) = result.stderr.splitlines()
        assert b"`heaptally top --by process`" in line, line
    for name in "massif", "dhat":
        result = heaptally("export", "--process", "all", "--format", name, "all.tally")
        assert result.returncode == 2 and b"one process" in result.stderr, result
    shown = json.loads(text("export", "--process", "all", "--format", "speedscope", "all.tally"))
    assert shown["name"].startswith("sh, 3 processes, "), shown["name"]
    assert "\npid:" not in text("export", "--process", "all", "--format", "callgrind", "all.tally"), "a sum has no number"
    assert "\npid: " in text("export", "--format", "callgrind", "all.tally"), "a process has one"
    result = heaptally("top", "--by", "size", "--process", "all", "all.tally")
    assert result.returncode == 2 and b"one process" in result.stderr, result


@case("info --process all: the totals are those of all processes, and what is one process's is not said")
def totals(_directory):
    processes = build((1000, 3000))
    whole = report("info", "--process", "all", "all.tally")
    parts = [report("info", "--process", str(row["pid"]), "all.tally") for row in processes]
    for key in ("total_blocks", "total_bytes", "freed_blocks", "freed_bytes", "live_blocks", "live_bytes",
                "usable_bytes", "peak_blocks", "peak_bytes", "temporary_blocks", "realloc_count", "dropped_events",
                "cut_stacks", "thread_count"):
        equal(whole[key], sum(part[key] for part in parts), key)
    equal(whole["system"]["live_bytes"], sum(part["system"]["live_bytes"] for part in parts), "kept by design")
    equal([whole[key] for key in ("pid", "parent_pid", "duration_seconds", "peak_time_seconds")], [None] * 4, "none")
    equal((whole["process_count"], whole["moments"], len(whole["processes"])), (3, [], 3), "processes")
    lines = text("info", "--process", "all", "all.tally").splitlines()
    assert lines[0].startswith("all.tally: sh, 3 processes, ended"), lines
    assert any(line.startswith("  peak ") and line.endswith(", each process at its own") for line in lines), lines
    equal([line for line in lines if line.startswith(("  allocator", ">"))], [], "what is one process's")


@case("leaks --process all: what each process has lost, by line, and who was not looked at")
def leaks(_directory):
    with open("loses.c", "w", encoding="ascii") as file:
        file.write(LOSES)
    equal(run([need("gcc"), "-g", "-O0", "-fno-builtin", "-o", "loses", "loses.c"]).returncode, 0, "gcc")
    script = "./loses 3; ./loses 5; ./loses 2 leave; true"
    equal(record("lost.tally", ["sh", "-c", script], "--leaks").returncode, 0, "run")
    rows = [row for row in report("info", "lost.tally")["processes"] if row["command"] == "loses"]
    equal(sorted(row["peak_bytes"] for row in rows), [200, 300, 500], "processes")
    # They come in the order in which they were taken in, which is not always that of their ends.
    pids = [row["pid"] for row in sorted(rows, key=lambda row: -row["peak_bytes"])]

    def ask(*words, status=1):
        result = heaptally("leaks", "--format", "json", *words, "lost.tally")
        equal(result.returncode, status, (words, result.stderr))
        return json.loads(result.stdout) if status < 2 else None

    whole = ask("--process", "all")
    schema.check(whole)
    parts = [ask("--process", str(pids[0])), ask("--process", str(pids[1]))]
    ask("--process", str(pids[2]), status=3)
    for kind in "definite", "indirect":
        for unit in "blocks", "bytes":
            equal(whole["summary"][kind][unit], sum(part["summary"][kind][unit] for part in parts), (kind, unit))
    (row,) = [site for site in whole["sites"] if site["verdict"] == "lost"]
    equal((row["definite"]["blocks"], row["hanging_blocks"], len(row["parts"])), (8, 8, 1), "one line of all")
    equal((row["parts"][0]["blocks"], row["parts"][0]["bytes"]), (8, 8 * 70), "and what hangs on it")
    equal((whole["process"]["pid"], whole["process"]["process_count"]), (None, 4), "process")
    equal(whole["quality"]["unseen_process_count"], 2, "not looked at: the shell leaves by _exit(), too")
    shown = heaptally("leaks", "--process", "all", "lost.tally").stdout.decode()
    assert shown.startswith("sh, 4 processes, at exit: "), shown
    assert "2 of the processes were not looked at: they did not call exit()" in shown, shown
    # Budgets hold for the sum; what was lost before is told from it.
    ask("--process", "all", "--max-blocks", "16", status=0)
    ask("--process", "all", "--max-blocks", "15")
    again = heaptally("leaks", "--process", "all", "lost.tally", "lost.tally")
    assert again.returncode == 0 and b"nothing is lost that was not in lost.tally" in again.stdout, again


@case("leaks --process all of a recording: that of its only process")
def one(directory):
    run([program("leaks")], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/b.recording" % directory))
    shown = [heaptally("leaks", *words, "b.recording").stdout for words in ((), ("--process", "all"))]
    assert shown[0] == shown[1] and b"LOST" in shown[0], shown
    result = heaptally("leaks", "--process", "all", "b.graph")
    assert result.returncode == 2 and b"a graph is that of one process" in result.stderr, result


@case("growth goes by domain, and refuses conditions on single blocks")
def growth(_directory):
    with open("pools.c", "w", encoding="ascii") as file:
        file.write(POOLS)
    equal(run([need("gcc"), "-g", "-O0", "-fno-builtin", "-I", os.path.join(SOURCE, "lib", "include"),
               "-o", "pools", "pools.c"]).returncode, 0, "gcc")
    equal(record("pools.tally", ["./pools"], "--blocks").returncode, 0, "run")
    found = {group["frames"][0]["function"]: group["live_bytes"][-1]
             for group in report("growth", "--by", "domain", "pools.tally")["groups"]}
    equal(found, {"arena": 3000, "domain 9": 500, "malloc": 150}, "by domain")
    for condition in "size=1K..", "age=1s..", "generation=1..":
        result = heaptally("growth", "--include", condition, "pools.tally")
        assert result.returncode == 2 and b"about places, not single blocks" in result.stderr, result


@case("a moment is each process's own; a process without it adds nothing")
def moments(_directory):
    build((1000, 3000), "all.tally")
    everyone = report("top", "--process", "all", "--at", "snap:-1", "all.tally")
    equal(everyone["totals"]["live_bytes"],
          report("top", "--process", "all", "--at", "exit", "all.tally")["totals"]["live_bytes"], "the last one")
    result = heaptally("top", "--process", "all", "--at", "mark:never", "all.tally")
    assert result.returncode == 2 and b"no moment mark:never" in result.stderr, result
    result = heaptally("top", "--process", "all", "--at", "tomorrow", "all.tally")
    assert result.returncode == 2 and b"is not a moment" in result.stderr, result


@case("a process of which nothing is seen is told of where it is large, not where it just allocates nothing")
def blind(_directory):
    with open("parent.c", "w", encoding="utf-8") as file:
        file.write("""
            #include <stdlib.h>
            #include <string.h>
            #include <sys/wait.h>
            #include <unistd.h>
            static char area[24 << 20];
            int main(int argc, char **argv)
            {
                if (argc > 1)
                    memset(area, 1, sizeof(area));
                if (fork() == 0) {
                    void *volatile kept = argv + 1;
                    for (int i = 0; i < 100; i++)
                        kept = malloc(1000);
                    _exit(kept == NULL);
                }
                while (wait(NULL) > 0)
                    ;
                return 0;
            }
        """)
    equal(run([need("gcc"), "-O0", "-fno-builtin", "-o", "parent", "parent.c"]).returncode, 0, "gcc")
    for words, told in ([], False), (["large"], True):
        card = heaptally("run", "-f", "-o", "p.tally", "--", "./parent", *words).stderr.decode()
        assert "the one with the largest peak is parent" in card, card
        equal("resident, of which heaptally saw nearly nothing" in re.sub(r"\s+", " ", card), told, card)


@case("--by domain: malloc and the pools on top of it")
def domains(_directory):
    with open("pools.c", "w", encoding="ascii") as file:
        file.write(POOLS)
    equal(run([need("gcc"), "-g", "-O0", "-fno-builtin", "-I", os.path.join(SOURCE, "lib", "include"),
               "-o", "pools", "pools.c"]).returncode, 0, "gcc")
    equal(record("pools.tally", ["./pools"]).returncode, 0, "run")
    words = ("--by", "domain", "--at", "exit", "pools.tally")
    found = {group["frames"][0]["function"]: (group["live_bytes"], group["live_blocks"])
             for group in report("top", *words)["groups"]}
    equal(found, {"arena": (3000, 2), "domain 9": (500, 1), "malloc": (150, 2)}, "JSON")
    lines = list(csv.DictReader(io.StringIO(text("top", "--format", "csv", *words))))
    equal({line["domain"]: int(line["live_bytes"]) for line in lines},
          {"arena": 3000, "domain 9": 500, "malloc": 150}, "CSV")
    shown = text("top", *words)
    for name in found:
        assert "  %s\n" % name in shown, shown
    for name, (bytes_, _blocks) in found.items():
        totals = report("top", "--include", "domain=" + name, "--at", "exit", "pools.tally")["totals"]
        equal(totals["live_bytes"], bytes_, "filtered by " + name)
    (group,) = [group for group in report("diff", "--by", "domain", "pools.tally@exit", "pools.tally@exit")["groups"]
                if group["frames"][0]["function"] == "arena"]
    equal(group["live_bytes"], 3000, "diff")


@case("--by domain: those of Python")
def python(_directory):
    with open("app.py", "w", encoding="ascii") as file:
        file.write("kept = [bytes(100 + i) for i in range(2000)]\n")
    equal(record("app.tally", [sys.executable, "-I", "app.py"]).returncode, 0, "run")
    if report("info", "app.tally")["python"] != "on":
        raise Skip("this interpreter's own allocators are not seen")
    names = {group["frames"][0]["function"] for group in report("top", "--by", "domain", "app.tally")["groups"]}
    assert {"malloc", "pymem.obj"} <= names, names


run_cases()
