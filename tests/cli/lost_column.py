#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The column `lost` of top, diff and annotate: what the last look has found, by site, and one line where there was none."""
import csv
import io
import json
import os
import re

import losing
from pprof import Pprof, numbers
from harness import LIBRARY, case, environment, equal, heaptally, report, run, run_cases

MAIN = """
int main(int argc, char **argv) {
	int n = argc > 1 ? atoi(argv[1]) : 1;
	lose_few(3 * n); lose_many(20 * n); keep(); pass(); clean();
	return argc > 2; }
"""
FEW, MANY = 3 * 600, 20 * 40


def record(name, times, *options):
    equal(heaptally("run", "-q", *options, "-o", name, "--", "./app", str(times)).returncode, 0, "run")


def by_function(document, *keys):
    return {one["frames"][0]["function"]: tuple(one[key] for key in keys) for one in document["groups"]}


def refused(*words):
    result = heaptally(*words)
    equal((result.returncode, result.stdout), (2, b""), "status of %r: %r" % (words, result.stderr))
    lines = result.stderr.decode().splitlines()
    equal(len(lines), 1, "lines: %r" % lines)
    assert "nobody has looked for what is lost" in lines[0] and "run --leaks" in lines[0], lines


@case("top: sorted by lost, as leaks counts it, at whichever moment; a column where something is lost")
def top(_directory):
    losing.build("app", MAIN)
    record("a.tally", 1, "--leaks")
    for at in ([], ["--at", "exit"], ["--at", "peak"]):
        document = report("top", "--by", "function", "--sort", "lost", *at, "a.tally")
        equal([one["frames"][0]["function"] for one in document["groups"][:2]], ["lose_few", "lose_many"], "order")
        lost = by_function(document, "lost_bytes", "lost_blocks")
        equal((lost["lose_few"], lost["lose_many"], lost["keep"]), ((FEW, 6), (MANY, 20), (0, 0)), "at %r" % at)
        equal((document["totals"]["lost_bytes"], document["totals"]["lost_blocks"]), (FEW + MANY, 26), "totals")
    summary = json.loads(heaptally("leaks", "--format", "json", "a.tally").stdout)["summary"]
    equal(summary["definite"]["bytes"] + summary["indirect"]["bytes"], FEW + MANY, "as leaks has it")
    equal(by_function(report("top", "--by", "function", "--sort", "lost-blocks", "a.tally"), "lost_blocks")
          ["lose_many"], (20,), "blocks")
    rows = list(csv.DictReader(io.StringIO(heaptally("top", "--by", "function", "--format", "csv", "a.tally")
                                           .stdout.decode())))
    equal([row["lost_bytes"] for row in rows if row["function"] == "lose_few"], [str(FEW)], "CSV")
    said = heaptally("top", "--by", "function", "--sort", "lost", "a.tally").stdout.decode()
    assert re.search(r"^ *lost +%", said, re.M) and re.search(r"^ *1\.8 KiB +69\.2 .*lose_few", said, re.M), said
    said = heaptally("top", "--by", "function", "a.tally").stdout.decode()
    assert re.search(r"^.* lost ", said, re.M), said
    tree = report("top", "--by", "tree", "--sort", "lost", "a.tally")
    equal(tree["tree"]["lost_bytes"], FEW + MANY, "of a tree")


@case("where nobody has looked there is no such column, and one line says what to do")
def without(_directory):
    losing.build("app", MAIN)
    record("b.tally", 1)
    refused("top", "--sort", "lost", "b.tally")
    refused("diff", "--sort", "lost-blocks", "b.tally", "b.tally")
    refused("diff", "--budget", "lost=0", "b.tally", "b.tally")
    refused("diff", "--budget", "lost:function=keep=0", "b.tally", "b.tally")
    assert "lost_bytes" not in report("top", "b.tally")["groups"][0], "JSON"
    assert b"lost" not in heaptally("top", "--format", "csv", "b.tally").stdout.splitlines()[0], "CSV"
    assert "lost_bytes" not in report("annotate", "app.c", "b.tally")["lines"][0], "annotate"
    assert re.search(rb"^ +live .*\n", heaptally("annotate", "app.c", "b.tally").stdout, re.M), "text"
    assert b" lost" not in heaptally("annotate", "app.c", "b.tally").stdout.split(b"line")[0], "no column"
    result = heaptally("top", "--refresh", "1", "--sort", "lost", str(os.getpid()))
    equal(result.returncode, 2, "again and again")


@case("a recording has what the graph beside it says, and nothing of another run's")
def recordings(_directory):
    losing.build("app", MAIN)
    for name in "c", "d":
        run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/%s.recording" % (os.getcwd(), name)))
    lost = by_function(report("top", "--by", "function", "--sort", "lost", "c.recording"), "lost_bytes")
    equal((lost["lose_few"], lost["lose_many"]), ((FEW,), (MANY,)), "of a recording")
    os.rename("c.graph", "d.graph")
    refused("top", "--sort", "lost", "c.recording")
    refused("top", "--sort", "lost", "d.recording")


@case("diff: what is lost more, budgets on it, of all and of a place")
def diff(_directory):
    losing.build("app", MAIN)
    record("e.tally", 1, "--leaks")
    record("f.tally", 3, "--leaks")
    document = report("diff", "--by", "function", "--sort", "lost", "e.tally", "f.tally")
    equal(by_function(document, "lost_bytes", "lost_bytes_diff")["lose_few"], (3 * FEW, 2 * FEW), "a group")
    equal(document["totals"]["lost_blocks_diff"], 52, "totals")
    equal(document["groups"][0]["frames"][0]["function"], "lose_few", "order")
    said = heaptally("diff", "--sort", "lost", "--by", "function", "e.tally", "f.tally").stdout.decode()
    assert re.search(r"\+3\.5 KiB .*lose_few", said), said
    for budget, status in (("lost=0", 1), ("lost=+10%", 1), ("lost=1M", 0), ("lost-blocks=78", 0), ("lost-blocks=77", 1),
                           ("lost:function=keep=0", 0), ("lost:function=lose_many=+0", 1)):
        result = heaptally("diff", "--budget", budget, "e.tally", "f.tally")
        equal(result.returncode, status, "%s: %r" % (budget, result.stderr))
    broken = heaptally("diff", "--budget", "lost=0", "e.tally", "f.tally").stderr.decode()
    equal(broken, "heaptally: lost went from 2.5 KiB to 7.6 KiB (+200.0 %), the budget is 0\n", "said")
    equal(heaptally("diff", "--budget", "lost=+0", "e.tally", "e.tally").returncode, 0, "no more than before")


@case("annotate: the lines that lose")
def annotate(_directory):
    losing.build("app", MAIN)
    record("g.tally", 1, "--leaks")
    lines = {one["line"]: one["lost_bytes"] for one in report("annotate", "app.c", "g.tally")["lines"]}
    equal(sorted(lost for lost in lines.values() if lost), [MANY, FEW], "lines")
    said = heaptally("annotate", "app.c", "g.tally").stdout.decode()
    assert re.search(r"^ +live .* lost +line", said, re.M), said


def export(form, *words):
    result = heaptally("export", "--format", form, *words)
    equal((result.returncode, result.stderr), (0, b""), "export as %s" % form)
    return result.stdout


@case("export: stacks in the order of what is lost, which is the number of a folded one")
def exports(_directory):
    losing.build("app", MAIN)
    record("j.tally", 1, "--leaks")
    record("k.tally", 1)
    for column, first, second, total in (("lost", ("lose_few", FEW), ("lose_many", MANY), FEW + MANY),
                                         ("lost-blocks", ("lose_many", 20), ("lose_few", 6), 26)):
        lines = [line.rpartition(" ") for line in export("folded", "--sort", column, "j.tally").decode().splitlines()]
        values = [(stack.rpartition(";")[2].split(" ")[0], int(value)) for stack, _, value in lines if int(value)]
        equal(values, [first, second], "folded by " + column)
        totals = report("top", "--sort", column, "j.tally")["totals"]
        equal(sum(int(value) for _, _, value in lines), totals[column.replace("-", "_") if "-" in column else "lost_bytes"], "sum")
        equal(sum(value for _, value in values), total, "total")
    # Its values are always the same four; of two lines of one place, each has its own rank.
    ordered, plain = (Pprof(export("pprof", "--at", "exit", *words, "j.tally")) for words in (["--sort", "lost"], []))
    equal(ordered.sums(), plain.sums(), "sums")
    equal([(ordered.stack(sample)[0], numbers(sample[2])[3]) for sample in ordered.samples[:3]],
          [("lose_few", 1500), ("lose_many", MANY), ("lose_few", 300)], "order")
    equal(plain.stack(plain.samples[0])[0], "keep", "else by what lives")
    for form in "folded", "pprof", "speedscope", "callgrind":
        refused("export", "--format", form, "--sort", "lost", "k.tally")


@case("growth and timeline: what was lost at the last look")
def curves(_directory):
    losing.build("app", MAIN)
    record("h.tally", 1, "--leaks")
    record("i.tally", 1)
    document = report("growth", "--by", "function", "h.tally")
    equal((document["totals"]["lost_bytes"], document["totals"]["lost_blocks"]), (FEW + MANY, 26), "of all")
    lost = {one["frames"][0]["function"]: one["lost_bytes"] for one in document["groups"]}
    equal((lost["lose_few"], lost["lose_many"], lost["keep"]), (FEW, MANY, 0), "by function")
    said = heaptally("growth", "--by", "function", "h.tally").stdout.decode()
    assert re.search(r"^.* now +lost ", said, re.M) and re.search(r" 1\.8 KiB .*lose_few", said), said
    assert "lost_bytes" not in report("growth", "i.tally")["totals"], "nobody has looked"
    equal({key: document["lost"][key] for key in ("lost_bytes", "lost_blocks")}
          if (document := report("timeline", "h.tally")) else None, {"lost_bytes": FEW + MANY, "lost_blocks": 26}, "at the end")
    said = heaptally("timeline", "h.tally").stdout.decode()
    assert re.search(r"^lost +2\.5 KiB in 26 blocks, as of ", said, re.M), said
    equal(report("timeline", "i.tally")["lost"], None, "nobody has looked")
    assert not re.search(r"^lost ", heaptally("timeline", "i.tally").stdout.decode(), re.M), "no line"


run_cases()
