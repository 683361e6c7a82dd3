# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of `heaptally report`: its headings, its numbers, its commands, and names of any bytes."""
import os
import re
import shlex
import subprocess

from harness import COMMAND, LIBRARY, SOURCE, build_with_name, case, end_child, environment, equal, heaptally, need, \
    program, record, report, run, run_cases

HEADINGS = ["# heaptally report", "## Totals", "## Largest lines", "## Largest stacks", "## Live at the last moment",
            "## Most allocations", "## Growth", "## Snapshots", "## Quality", "## Drill down"]
# Two backticks, pipes, what is markup, a fence, a newline and what is no UTF-8.
HOSTILE = b"a``b|c*d_e[f](g)<h>\\i#j\nk```\xff~"

# A large table at start-up, and then a leak.
GROWS = """
#include <stdlib.h>
static void *kept[10];
static void load(void) { void *table[1000]; for (int i = 0; i < 1000; i++) table[i] = malloc(100);
	for (int i = 0; i < 1000; i++) free(table[i]); }
static void leak(void) { for (int i = 0; i < 10; i++) kept[i] = malloc(500); }
int main(void) { load(); leak(); return 0; }
"""


def page(*words):
    done = heaptally("report", *words)
    equal((done.returncode, done.stderr), (0, b""), "status")
    return done.stdout.decode("utf-8")


def headings(text):
    """Those that a reader of Markdown finds: not in fences."""
    found, fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif line.startswith("#") and not fenced:
            found.append(line)
    assert not fenced, "a fence is not closed"
    return found


def part(text, title):
    return re.search(r"^## %s\n(.*?)(?=^## |\Z)" % title, text, re.M | re.S)[1]


def cells(line):
    """The cells of a row: pipes with a backslash are none of its borders."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def check_tables(text):
    width = None
    for line in text.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        width = width or len(cells(line))
        equal(len(cells(line)), width, "cells of " + line)


@case("the headings are the same for every run, and tables are whole")
def stable(_directory):
    equal(record("words.tally", [program("wordindex"), os.path.join(SOURCE, "COPYING")], "--every", "0.01").returncode,
          0, "status")
    equal(record("none.tally", ["true"]).returncode, 0, "status")
    for words in (["words.tally"], ["none.tally"], ["--at", "exit", "words.tally"], ["words.tally@snap:2"],
                  ["--include", "nothing", "words.tally"], ["-n", "0", "words.tally"]):
        text = page(*words)
        equal(headings(text), HEADINGS, "headings of %s" % words)
        check_tables(text)
        assert "\n\n\n" not in text, "two empty lines"
    equal(page("--format", "md", "words.tally"), page("words.tally"), "the default")
    equal(heaptally("report", "-o", "page.md", "words.tally").returncode, 0, "status")
    with open("page.md", encoding="utf-8") as file:
        equal(file.read(), page("words.tally"), "the file")
    equal(heaptally("report", "--format", "pprof", "words.tally").returncode, 2, "status of another format")
    equal(heaptally("report", "-o", "page.md", "words.tally").returncode, 2, "status of a file that is there")


@case("the numbers are those of the other reports")
def numbers(_directory):
    equal(record("tree.tally", [program("tree")]).returncode, 0, "status")
    text = page("tree.tally")
    info = report("info", "tree.tally")
    totals = {row[0]: row for row in map(cells, part(text, "Totals").strip().splitlines()[2:])}
    for name, column in (("peak", "peak"), ("not freed", "live"), ("allocated", "total"), ("freed", "freed")):
        equal((totals[name][2], totals[name][3].replace(",", "")),
              (str(info[column + "_bytes"]), str(info[column + "_blocks"])), name)
    lines = [line for line in part(text, "Largest lines").splitlines() if line.startswith("|")]
    [row] = [row for row in map(cells, lines) if "`plant`" in row[-1]]
    equal((row[0], row[2]), ("39.1 KiB", "1,000"), "plant")
    assert "tree.cpp:21 <- grow <- main`" in row[-1], row
    first = cells(part(text, "Most allocations").strip().splitlines()[4])
    equal((first[0], first[2], first[-1].split()[0]), ("39.1 KiB", "1,000", "`plant`"), "most allocations")
    assert "    plant  " in part(text, "Largest stacks")
    equal(len([line for line in part(page("-n", "1", "tree.tally"), "Most allocations").splitlines() if "`" in line]), 1,
          "rows with -n 1")


@case("what grew is filtered, and what grew after the peak is said")
def grown(_directory):
    with open("grows.c", "w", encoding="ascii") as file:
        file.write(GROWS)
    equal(run([need("gcc"), "-g", "-O0", "-fno-builtin", "-o", "grows", "grows.c"]).returncode, 0, "gcc")
    equal(record("grows.tally", ["./grows"], "--blocks").returncode, 0, "status")

    def growth(*words):
        return re.findall(r"^\| ([+-]\S+ \S+) .* `(\w+)` `grows", part(page(*words, "grows.tally"), "Growth"), re.M)

    everything = [("+97.7 KiB", "load"), ("-97.7 KiB", "load"), ("+4.9 KiB", "leak")]
    equal(growth(), everything, "all of it")
    equal(growth("--include", "function=leak"), everything[2:], "one function")
    equal(growth("--exclude", "function=leak"), everything[:2], "the others")
    text = part(page("--include", "size=1K..", "grows.tally"), "Growth")
    assert "Not known of single blocks" in text and "|" not in text, text


@case("the commands of the page run, for a file with an odd name and a process")
def commands(_directory):
    name = "it's `odd`\n|$HOME.tally"
    equal(record(name, [program("tree")]).returncode, 0, "status")
    text = page(name)
    equal(headings(text), HEADINGS, "headings")
    found = re.findall(r"^heaptally .*$", part(text, "Drill down"), re.M)
    assert len(found) > 5, found
    for line in found:
        done = run([need("bash"), "-c", "heaptally() { %s \"$@\"; }; %s" % (shlex.quote(COMMAND), line)])
        equal((done.returncode, done.stderr), (0, b""), line)
    child = subprocess.Popen([program("exits"), "10", "stop"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        child.stdout.readline()
        text = page("--at", "now", str(child.pid))
        assert "heaptally top %d  #" % child.pid in text, part(text, "Drill down")
        assert "| live now |" in text and "| state | running |" in text, text
    finally:
        end_child(child)


@case("names of any bytes are no markup")
def names(_directory):
    build_with_name(b"h|`\n```x", HOSTILE)
    equal(record("hostile.tally", [b"./h|`\n```x"]).returncode, 0, "status")
    text = page("hostile.tally")
    equal(headings(text), HEADINGS, "headings")
    check_tables(text)
    wanted = "```` a``b\\|c*d_e<h>\\i#j\\nk```\\xff~ ````"  # shortened, as in `top`
    assert wanted in part(text, "Largest lines"), part(text, "Largest lines")


run_cases()
