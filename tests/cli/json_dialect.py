#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The JSON of every command, with every option that changes it, is what doc/heaptally.schema.json
says; and the schema keeps to one dialect.
"""
import copy
import json
import os
import re
import subprocess

import schema
from commanded import commanded
from growing import growing
from harness import (COMMAND, LIBRARY, SOURCE, case, environment, equal, heaptally, program, record, run,
                     run_cases, wait_to_succeed)

KEYS = "line function file module stack allocator domain process thread size generation".split()
COLUMNS = "live blocks peak peak-blocks total allocs temporary".split()

# Names of numbers end in their unit; these numbers have none.
UNIT = re.compile(r"(^|_)(bytes|blocks|seconds|count|events|stacks|frees|allocations|differences|walks)"
                  r"(_diff|_per_second|_with_line|_with_name)?$")
NO_UNIT = {"version", "pid", "parent_pid", "line", "old_line", "column", "thread", "freed_by_thread",
           "number", "generation", "parent", "signal", "exit_status", "frames_limit", "layout"}


def ask(*words, status=0):
    result = heaptally(*words, "--format", "json")
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    document = json.loads(result.stdout)
    schema.check(document)
    assert list(document)[:2] == ["format", "version"], words
    equal(document["format"], "heaptally-" + words[0], "format")
    return document


def compile_demo(option, name):
    equal(run(["gcc", option, "-O0", "-fno-builtin", "-I", os.path.join(SOURCE, "lib", "include"),
               "-o", name, "demo.c"]).returncode, 0, "gcc")


def build(directory):
    """A program with a source, whose blocks are of several ages, sizes and threads."""
    with open("demo.c", "w") as file:
        file.write("#include <heaptally.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                   "void *volatile kept[8];\n"
                   "static void keep(int i) { kept[i] = malloc(100 << i); }\n"
                   "int main(void) { for (int i = 0; i < 8; i++) { keep(i); usleep(20000); }\n"
                   "\tif (heaptally_mark) heaptally_mark(\"full\"); free(malloc(5)); usleep(200000);\n"
                   "\tfree(kept[7]); for (int i = 0; i < 9; i++) free(malloc(10)); return 0; }\n")
    compile_demo("-g", "demo")
    tally = os.path.join(directory, "demo.tally")
    equal(record(tally, ["./demo"], "--blocks", "--threads", "--every", "0.02").returncode, 0, "run")
    return tally


@case("top and diff: every key, column, moment and filter")
def groups(directory):
    tally = build(directory)
    with open("rules", "w") as file:
        file.write("leak:keep\nleak:nobody\n")
    # It has a buffer of stdio at the end, which is kept by design.
    record("sh.tally", ["sh", "-c", "ls; true"])
    ask("top", "--process", "ls", "--at", "exit", "sh.tally")
    for key in KEYS:
        for words in ([], ["--at", "exit"], ["--ages"], ["-n", "1"], ["--cumulative"]):
            if words == ["--cumulative"] and key not in KEYS[:4]:
                continue
            # Of a sum no single blocks are known.
            if words == ["--ages"] and key == "process":
                continue
            ask("top", "--by", key, *words, tally)
        ask("diff", "--by", key, tally, tally)
        if key not in ("size", "generation"):
            ask("diff", "--by", key, "--all", tally + "@snap:1", tally + "@exit")
    for column in COLUMNS:
        ask("top", "--sort", column, tally)
    for words in (["--by", "tree"], ["--callers-of", "keep"], ["--by", "tree", "-n", "1"],
                  ["--by", "tree", "--include", "size=1K.."], ["--callers-of", "nobody"]):
        equal(ask("top", *words, tally)["by"], "tree" if words[0] == "--by" else "callers", "by")
    equal(ask("top", "--at", "mark:full", tally)["process"]["mark"]["label"], "full", "a mark")
    suppressed = ask("top", "--at", "exit", "--suppressions", "rules", tally)["suppressed"]
    equal([rule["stack_count"] for rule in suppressed], [1, 0], "stacks that were suppressed")
    ask("diff", "--at", "exit", "--suppressions", "rules", tally, tally)
    budgets = ask("diff", "--budget", "peak=+0%", "--budget", "blocks=1", "--budget",
                  "function=keep=1KiB", tally, tally, status=1)["budgets"]
    equal([budget["is_broken"] for budget in budgets], [False, True, True], "budgets")
    equal(budgets[1]["new_blocks"], 7, "blocks of a budget")
    equal(budgets[2]["limit"], "1KiB", "limit of a budget")


@case("top: functions that share a line are listed")
def instances(_directory):
    with open("demo.c", "w") as file:
        file.write("#include <stdlib.h>\nvoid *volatile kept[2];\n"
                   "void f(void) { kept[0] = malloc(100); } void g(void) { kept[1] = malloc(50); }\n"
                   "int main(void) { f(); g(); return 0; }\n")
    compile_demo("-g", "demo")
    equal(record("two.tally", ["./demo"]).returncode, 0, "run")
    frame = ask("top", "two.tally")["groups"][0]["frames"][0]
    equal((frame["function"], frame["line"], frame["instances"]), ("f", 3, ["f", "g"]), "frame")


@case("annotate, timeline, blocks, block, info: every option")
def others(directory):
    tally = build(directory)
    for words in ([], ["--cumulative"], ["--at", "peak"], ["-C", "0"]):
        ask("annotate", *words, "demo.c", tally)
    os.rename("demo.c", "away.c")
    assert "missing" in ask("annotate", "demo.c", tally)["warning"], "a missing source"
    timeline = ask("timeline", tally)
    ask("resident", tally)
    assert timeline["resident"], "parts at snapshots"
    assert timeline["resident_peak"]["resident_bytes"] > 4096, timeline["resident_peak"]
    ask("timeline", "--window", "0.02,0.04", tally)
    for order in ("age", "size", "address"):
        blocks = ask("blocks", "--sort", order, tally)["blocks"]
    block = ask("block", tally, blocks[0]["address"])
    equal((block["state"], block["offset_bytes"]), ("live", 0), "block")
    equal(ask("block", tally, "1", status=1)["state"], "unknown", "no block")
    assert ask("block", tally, str((1 << 63) - 1), status=1)["below"]["size_bytes"] >= 100, "below"
    for words in ([], ["--at", "snap:1"]):
        info = ask("info", *words, tally)
        assert info["resident_peak_bytes"] >= timeline["resident_peak"]["resident_bytes"] > 0, info
    heaptally("run", "-q", "-o", "unseen.tally", "--", "sh", "-c", "env -i sh -c :; :")
    equal([row["command"] for row in ask("info", "unseen.tally")["unrecorded"]], ["sh"], "unseen")
    equal([moment["number"] for moment in info["moments"]],
          list(range(1, len(info["moments"]) + 1)), "numbers of moments")


@case("marks, clear, pause, resident, --refresh, list and freed blocks of a living process")
def living(directory):
    with commanded(HEAPTALLY="blocks=on") as process:
        pid = str(process.pid)
        process.tell("left 3 100")
        ask("resident", "--pins", pid)
        for words in (["mark", pid, "warm"], ["reset-peak", pid], ["pause", pid], ["resume", pid],
                      ["clear", pid]):
            heaptally(*words, "--wait", "0")
            process.tell("left 1 10")
        info = ask("info", pid)
        equal([mark["kind"] for mark in info["marks"]],
              ["mark", "reset-peak", "pause", "resume", "clear"], "marks")
        assert info["paused_seconds"] > 0 and info["cleared_seconds"] > 0, info
        ask("timeline", pid)
        ask("resident", "--pins", pid)
        address = ask("blocks", pid)["blocks"][0]["address"]
        assert pid in [str(one["pid"]) for one in ask("list")["recordings"]], "list"
        reports = heaptally("top", "--refresh", "0.05", "--count", "2", "--format", "json", pid).stdout
        second = json.loads("{" + reports.decode().split("\n{", 1)[1])
        schema.check(second)
        assert "live_bytes_per_second" in second["groups"][0], second
        process.tell("free 99")
        equal(ask("block", pid, address)["state"], "freed", "a freed block")


@case("resident: what would help")
def resident(_directory):
    with subprocess.Popen([program("resident"), "holes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=environment(LD_PRELOAD=LIBRARY)) as child:
        child.stdout.readline()
        remedies = ask("resident", str(child.pid))["remedies"]
        equal([(remedy["advice"], remedy["is_now"]) for remedy in remedies], [("malloc_trim(0)", True)],
              "remedies")
        child.stdin.close()
    with subprocess.Popen([program("mappings"), "plain"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="mmap")) as child:
        child.stdout.readline()
        assert ask("resident", str(child.pid))["mapped_by_program"]
        assert ask("top", "--by", "domain", str(child.pid))["mapped_by_program"]
        assert ask("diff", "--by", "domain", str(child.pid), str(child.pid))["mapped_by_program"]
        child.stdin.close()


@case("growth, and who grows in timeline, of a run that lasts")
def growth(_directory):
    with commanded(COMMAND, "run", "-q", "-o", "marked.tally", "--") as process:
        process.tell("left 1 8")
        for number in range(6):
            # The next allocation carries it out, and `run` takes its snapshot then.
            heaptally("mark", "commanded", "m%d" % number, "--wait", "0")
            process.tell("left 10 100")
            wait_to_succeed("info", "commanded@mark:m%d" % number)
        equal([group["verdict"] for group in ask("growth", "commanded")["groups"]], ["steady"], "growth")
        equal([row["verdict"] for row in ask("timeline", "commanded")["growing"]], ["steady"], "timeline")
        for key in KEYS[:4]:
            ask("growth", "--by", key, "commanded")


@case("leaks: what is lost, held and kept, by every key")
def leaks(_directory):
    record("leaks.tally", [program("leaks")], "--leaks")
    for key in KEYS[:4]:
        ask("leaks", "--by", key, "leaks.tally", status=1)
    ask("leaks", "leaks.tally", "leaks.tally")
    ask("leaks", "--process", "all", "leaks.tally", status=1)
    ask("info", "--process", "all", "leaks.tally")
    with growing() as pid:
        sites = ask("leaks", "--settle", "1", pid)["sites"]
    assert [one for one in sites if one["growth"] and one["growth"]["parts"]], sites


@case("what is lost in other reports, and what blocks look like")
def looked(_directory):
    record("xx.tally", [program("leaksxx")], "--graph")
    for column in ("lost", "lost-blocks"):
        ask("top", "--sort", column, "xx.tally")
        ask("diff", "--sort", column, "xx.tally", "xx.tally")
    ask("diff", "--all", "--by", "function", "xx.tally", "xx.tally")
    assert ask("top", "--by", "tree", "xx.tally")["tree"]["lost_bytes"] > 0, "a tree"
    ask("annotate", os.path.join(SOURCE, "tests", "programs", "leaksxx.cpp"), "xx.tally")
    ask("growth", "xx.tally")
    ask("timeline", "xx.tally")
    assert any(one["looks_like"] for one in ask("leaks", "xx.tally", status=1)["sites"]), "leaks"
    assert any(one["looks_like"] for one in ask("retained", "xx.tally")["sites"]), "retained"


@case("retained and refs: an address, a place, a path, every key")
def held(directory):
    run([program("leaks")], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/held.recording" % directory))
    for key in KEYS[:4]:
        assert ask("retained", "--by", key, "held.graph")["roots"], key
    found = ask("refs", "--site", "*leaks.c*", "held.graph")
    assert found["ways"] and found["pointers"] == [], found
    addresses = [ask("refs", "held.graph", found["block"]["address"])]
    assert addresses[0]["pointer_count"] == len(addresses[0]["pointers"]), addresses


@case("what text says as a hint or a warning is in the JSON too")
def sentences(directory):
    tally = build(directory)
    equal(ask("top", tally)["hints"], [], "no hints")
    for words in (["top", tally], ["diff", tally, tally], ["blocks", tally]):
        hints = ask(words[0], "--include", "function=kepp", *words[1:])["hints"]
        assert hints[0].startswith("nothing passes the filters"), hints
        said = heaptally(words[0], "--include", "function=kepp", *words[1:]).stdout.decode()
        assert hints[0] in said, said
    compile_demo("-s", "bare")
    record("bare.tally", ["./bare"])
    hints = ask("top", "bare.tally")["hints"]
    said = heaptally("top", "bare.tally").stdout.decode()
    assert len(hints) == 1 and ("hint      " + hints[0]) in said, (hints, said)
    # A recording has no names yet, and those of a module that has changed since are not used.
    run(["./demo"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=demo.recording"))
    compile_demo("-s", "demo")
    troubles = ask("top", "demo.recording")["quality"]["troubles"]
    assert "demo changed since the recording" in "".join(troubles), troubles
    equal(ask("info", "demo.recording")["troubles"], [], "info needs no names")
    equal(ask("timeline", "demo.recording")["troubles"], troubles, "the same of another report")


@case("the schema: names of numbers end in their unit, and there is one name for each thing")
def names(_directory):
    for path, part, _ in schema.each_property():
        types = schema.resolve(part).get("type", [])
        if {"integer", "number"} & set([types] if isinstance(types, str) else types):
            name = path.rsplit(".", 1)[1]
            assert UNIT.search(name) or name in NO_UNIT, "%s has no unit" % path
            assert ("number" in types) == name.endswith("_seconds"), "%s is a %s" % (path, types)
        assert not re.search(r"schema|trouble$|_s$", path), path
    for name in (one["$ref"].rsplit("/", 1)[1] for one in schema.SCHEMA["oneOf"]):
        equal(list(schema.SCHEMA["$defs"][name]["properties"])[:2], ["format", "version"], name)


@case("the validator refuses what is missing, unknown, of another type or of another format")
def planted(directory):
    good = ask("top", build(directory))
    for plant in (lambda d: d.pop("hints"),
                  lambda d: d.update(more=1),
                  lambda d: d.update(version=1),
                  lambda d: d.update(format="heaptally-info"),
                  lambda d: d["process"].update(pid="1"),
                  lambda d: d["groups"][0].update(live_bytes=1.5),
                  lambda d: d["groups"][0]["frames"][0].pop("line"),
                  lambda d: d["quality"]["troubles"].append(None)):
        bad = copy.deepcopy(good)
        plant(bad)
        try:
            schema.check(bad)
        except schema.Invalid:
            continue
        raise AssertionError("a planted fault is not seen")


@case("every property of the schema is in some document of the cases above")
def complete(_directory):
    unseen = [path for path, _, was_seen in schema.each_property() if not was_seen]
    equal(unseen, [], "properties that no document had")


run_cases()
