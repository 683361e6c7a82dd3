#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""top --by tree and --callers-of: exact sums, folded libraries, cuts, and every width; and stacks
with folded libraries.
"""
import json
import re

from harness import case, equal, heaptally, lines_in_terminal, record, run, run_cases

SOURCE = """#include <functional>
#include <cstdlib>
static void *volatile kept[64];
static int n;
#define APART __attribute__((noinline, noclone))
APART static void keep(size_t bytes) { kept[n++] = malloc(bytes); }
APART static void parse(int depth)
{
	if (depth > 0)
		parse(depth - 1);
	else
		keep(400000);
	if (depth == 0)
		keep(10);
}
APART static void load() { parse(0); parse(2); }
APART static void fill(int bytes) { keep(bytes); }
static int compare(const void *a, const void *b) { keep(5000); return *(int *)a - *(int *)b; }
int main()
{
	std::function<void(int)> call = fill;
	int numbers[] = {2, 1};

	load();
	call(200000);
	qsort(numbers, 2, sizeof(*numbers), compare);
	kept[n++] = malloc(100000);
	return 0;
}
"""
# The program's own blocks: what libraries keep for themselves is left out.
OWN = ["--any-frame", "--include", "function=main"]
LIVE = 2 * 400000 + 2 * 10 + 200000 + 5000 + 100000
VALUES = "live_bytes live_blocks peak_bytes peak_blocks total_bytes total_blocks temporary_blocks".split()


def build():
    with open("tree.cpp", "w") as file:
        file.write(SOURCE)
    equal(run(["g++", "-g", "-O0", "-fno-builtin", "-o", "tree", "tree.cpp"]).returncode, 0, "g++")
    equal(record("tree.tally", ["./tree"]).returncode, 0, "run")


def ask(*words):
    result = heaptally("top", "--format", "json", *words, "tree.tally")
    equal(result.returncode, 0, "status of %r: %r" % (words, result.stderr))
    return json.loads(result.stdout)


def add_up(document):
    """Every node is its own, its children and what is cut of them, in every column."""
    nodes = document["groups"]
    for index, node in [(None, document["tree"])] + list(enumerate(nodes)):
        for name in VALUES:
            children = sum(child[name] for child in nodes if child["parent"] == index)
            own = node["own"][name] if "own" in node else 0
            equal(own + children + node["cut"][name], node[name], "%s of node %s" % (name, index))
        assert index is None or node["parent"] is None or node["parent"] < index, node


def name(node):
    return node["frames"][0]["function"]


def table(columns, locale, *words):
    lines = lines_in_terminal(columns, locale, "top", *words, "tree.tally")
    first = lines.index("") + 1
    found = lines[first:lines.index("", first)]
    for line in found:
        assert len(line) <= columns, (columns, line)
        assert locale != "C" or line.isascii(), line
    return found


@case("by tree: sums are exact in every column, with what is cut too")
def sums(_directory):
    build()
    for words in ([], ["-n", "1"], ["-n", "2"], OWN, ["--raw-frames"], ["--at", "exit"],
                  ["--callers-of", "keep"], ["--callers-of", "keep", "-n", "1"], ["--callers-of", "malloc"],
                  ["--callers-of", "*"], ["--callers-of", "nobody"], ["--sort", "total", "-n", "1"]):
        document = ask(*(["--by", "tree"] if "--callers-of" not in words else []), *words)
        add_up(document)
        if "--callers-of" not in words:
            for column in VALUES:
                equal(document["tree"][column], document["totals"][column], "all of %r" % words)
    equal(ask("--by", "tree", *OWN)["tree"]["live_bytes"], LIVE, "bytes")
    assert max(node["cut"]["group_count"] for node in ask("--by", "tree", "-n", "1")["groups"]) > 0
    equal([node["cut"]["group_count"] for node in ask("--by", "tree", "-n", "0")["groups"] if
           node["cut"]["group_count"]], [], "nothing is cut")


# What stands for the branches without UTF-8.
ASCII = str.maketrans({"├": "|", "│": "|", "└": "`", "─": "-"})
TREE = """\
     live      %  blocks  where
  1.1 MiB  100.0       7  main  tree.cpp
781.3 KiB   72.4       4  ├─load  tree.cpp:16
781.3 KiB   72.4       4  │ parse  tree.cpp
390.6 KiB   36.2       2  │ ├─keep  tree.cpp:6
390.6 KiB   36.2       2  │ └─parse  tree.cpp:10
390.6 KiB   36.2       2  │   parse  tree.cpp
390.6 KiB   36.2       2  │   keep  tree.cpp:6
195.3 KiB   18.1       1  ├─(N frames of libstdc++)
195.3 KiB   18.1       1  │ fill  tree.cpp:17
195.3 KiB   18.1       1  │ keep  tree.cpp:6
 97.7 KiB    9.0       1  ├─main  tree.cpp:27
  4.9 KiB    0.5       1  └─(1 more below 1 %)
(-n 0 for all)"""
CALLERS = """\
     live     %  blocks  where
981.5 KiB  91.0       6  keep  tree.cpp:6
781.2 KiB  72.4       2  ├─parse  tree.cpp:12
390.6 KiB  36.2       1  │ ├─parse  tree.cpp:10
390.6 KiB  36.2       1  │ │ parse  tree.cpp:10
390.6 KiB  36.2       1  │ │ load  tree.cpp:16
390.6 KiB  36.2       1  │ │ main  tree.cpp:24
390.6 KiB  36.2       1  │ └─load  tree.cpp:16
390.6 KiB  36.2       1  │   main  tree.cpp:24
195.3 KiB  18.1       1  ├─fill  tree.cpp:17
195.3 KiB  18.1       1  │ (N frames of libstdc++)
195.3 KiB  18.1       1  │ main  tree.cpp:25
  4.9 KiB   0.5       3  └─(2 more below 1 %)
(-n 0 for all)"""


def normal(line):
    return re.sub(r"\(\d+( to \d+)? frames", "(N frames", line)


@case("by tree, --callers-of: libraries folded, what is below 1 % cut, at every width")
def widths(_directory):
    build()
    for locale in ("C.UTF-8", "C"):
        for columns in (60, 80, 120):
            for words, golden in ((["--by", "tree"], TREE), (["--callers-of", "keep"], CALLERS)):
                found = [normal(line) for line in table(columns, locale, *words, *OWN)]
                expected = golden.translate(ASCII if locale == "C" else {})
                equal(found, expected.split("\n"), "%r at %d columns in %s" % (words, columns, locale))


@case("by tree: branches that need more columns than there are still leave room for names")
def deep(_directory):
    with open("deep.cpp", "w") as file:
        file.write("#include <cstdlib>\nstatic void *volatile kept[64];\n"
                   "static void descend(int depth)\n{\n\tif (depth == 0)\n\t\treturn;\n"
                   "\tkept[depth] = malloc(1000);\n\tdescend(depth - 1);\n}\n"
                   "int main() { descend(40); return 0; }\n")
    equal(run(["g++", "-g", "-O0", "-fno-builtin", "-o", "deep", "deep.cpp"]).returncode, 0, "g++")
    equal(record("tree.tally", ["./deep"]).returncode, 0, "run")
    lines = table(60, "C", "--by", "tree", "-n", "0", *OWN)
    equal(len([line for line in lines if re.search(r"descend  deep\.cpp:7$", line)]), 40, "sites")
    assert any("(30 down) descend" in line for line in lines), lines


@case("--callers-of: every block once, globs, wrappers, and a name that is not there")
def callers(_directory):
    build()
    whole = ask("--by", "stack", "--raw-frames", *OWN)
    for pattern, known in (("keep", "keep"), ("parse", "parse"), ("malloc", "malloc"), ("std::*", None),
                           ("ke?p", "keep"), ("main", "main")):
        document = ask("--callers-of", pattern, *OWN)
        frames = [({frame["function"] or "" for frame in group["frames"]}, group["live_bytes"])
                  for group in whole["groups"]]
        match = (lambda name: name.startswith("std::")) if known is None else known.__eq__
        equal(document["tree"]["live_bytes"],
              sum(size for names, size in frames if any(map(match, names))), pattern)
    lines = lines_in_terminal(80, "C", "top", "--callers-of", "par", "tree.tally")
    assert "no function on these stacks is called par; there is parse, " in "".join(lines), lines


@case("what does not go with a tree is refused")
def refused(_directory):
    build()
    for words, said in ((["--by", "tree", "--cumulative"], "--cumulative does not go with --by tree"),
                        (["--by", "tree", "--ages"], "--ages does not go with --by tree"),
                        (["--by", "tree", "--format", "csv"], "--by tree is text or JSON, not csv"),
                        (["--callers-of", "f", "--by", "size"], "--callers-of does not go with --by size")):
        result = heaptally("top", *words, "tree.tally")
        equal((result.returncode, said in result.stderr.decode()), (2, True), str(result.stderr))
    result = heaptally("diff", "--by", "tree", "tree.tally", "tree.tally")
    assert b"tree: not one of line" in result.stderr, result.stderr


@case("stacks: runs of library frames are one line, and only the program's own are quoted")
def stacks(_directory):
    build()
    words = ["--by", "stack", "--include", "function=keep", "-n", "0", "--limit", "0"]
    folded = heaptally("top", *words, "tree.tally").stdout.decode()
    whole = heaptally("top", *words, "--raw-frames", "tree.tally").stdout.decode()
    assert re.search(r"\n    fill  tree.cpp:17\n        APART static void fill.*\n"
                     r"    \(\d frames of libstdc\+\+\)\n    main  tree.cpp:25\n        call\(200000\);\n",
                     folded), folded
    assert not re.search(r"^    \S.*/include/c\+\+/", folded, re.M), folded
    assert re.search(r"^    \S.*/include/c\+\+/", whole, re.M) and "frames of" not in whole, whole
    result = heaptally("diff", *words, "--all", "tree.tally", "tree.tally").stdout.decode()
    assert "frames of libstdc++)" in result, result
    frames = [group["frames"] for group in ask(*words)["groups"]]
    assert any("/include/c++/" in (frame["file"] or "") for stack in frames for frame in stack), frames


run_cases()
