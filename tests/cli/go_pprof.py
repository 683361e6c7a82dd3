# SPDX-License-Identifier: LGPL-2.1-or-later
"""Go's pprof reads what we write, from files and from `heaptally serve`, and has the numbers, names and lines of top."""
import collections
import os
import re
import threading
import time

from exported import VALUES, build_cplusplus, export, stacks_of_top, write, write_python
from feeding import MAIN, Feeding
from go_tool import GoTool
from harness import SOURCE, Skip, case, equal, heaptally, need, program, record, report, run, run_cases
from serving import Server

TYPES = ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"]
RUST = """
use std::collections::HashMap;
struct Leaf<T> { parts: Vec<T> }
#[inline(always)]
fn part(i: usize) -> Box<[u8]> { vec![i as u8; 100].into_boxed_slice() }
#[inline(never)]
fn grow<T>(count: usize, make: impl Fn(usize) -> T) -> Vec<Leaf<T>> {
    (0..count).map(|i| Leaf { parts: vec![make(i)] }).collect()
}
fn main() {
    let leaves = grow(50, part);
    let names: HashMap<usize, String> = (0..10).map(|i| (i, format!("name {}", i))).collect();
    println!("{}", leaves.len() + leaves[0].parts[0].len() + names.len());
    std::mem::forget(leaves);
}
"""


def record_all():
    """C++ with templates and inlined functions, C, Python and, where it is installed, Rust."""
    programs = {"cplusplus.tally": build_cplusplus(), "tree.tally": [program("tree")],
                "words.tally": [program("wordindex"), os.path.join(SOURCE, "COPYING")],
                "python.tally": write_python()}
    try:
        compiler = need("rustc")
        write("leaves.rs", RUST)
        equal(run([compiler, "-g", "-O", "-o", "leaves", "leaves.rs"]).returncode, 0, "rustc")
        programs["rust.tally"] = ["./leaves"]
    except Skip:
        pass
    for name, words in programs.items():
        equal(record(name, words).returncode, 0, "status of " + name)
        with open(name, "rb") as file:
            kept[name] = file.read()


kept = {}


def recorded():
    """The names of tallies, which are recorded once for all cases."""
    if not kept:
        record_all()
    for name, content in kept.items():
        with open(name, "wb") as file:
            file.write(content)
    return list(kept)


def functions_of_top(*words):
    """{column: {name: [own, with what it calls]}}; what has no name is None."""
    found = {column: collections.defaultdict(lambda: [0, 0]) for column in VALUES}
    for index, cumulative in enumerate(((), ("--cumulative",))):
        for group in report("top", "-n", "0", "--by", "function", *cumulative, *words)["groups"]:
            for column in VALUES:
                found[column][group["frames"][0]["function"]][index] += group[column]
    return found


# --- cases ---

@case("-raw: every stack with its inlined frames, files and lines, and its four values")
def raw(directory):
    tool = GoTool(directory)
    for tally in recorded():
        for moment in ("peak", "exit"):
            profile = tool.raw(export(tally, "a.pb.gz", "--at", moment))
            what = "%s at %s" % (tally, moment)
            equal((profile.types, profile.shown), (TYPES, ["inuse_space/bytes"]), "types of " + what)
            found = collections.Counter()
            for stack, values in profile.samples:
                for name, value in zip(VALUES, values):
                    found[stack, name] += value
            wanted = stacks_of_top("--at", moment, tally)
            equal((+found) - wanted, collections.Counter(), "what top has not, of " + what)
            equal(wanted - found, collections.Counter(), "what pprof has not, of " + what)
            totals = report("top", "--by", "stack", "--at", moment, tally)["totals"]
            equal([sum(column) for column in zip(*(values for _stack, values in profile.samples))],
                  [totals[name] for name in VALUES], "totals of " + what)


@case("-top: the rows of each of the four types, own and with what they call")
def top(directory):
    tool = GoTool(directory)
    for tally in recorded():
        export(tally, "a.pb.gz", "--at", "exit")
        totals = report("top", "--at", "exit", tally)["totals"]
        for kind, (column, wanted) in zip(TYPES, functions_of_top("--at", "exit", tally).items()):
            kind = kind.split("/")[0]
            rows, total, shown = tool.top("-sample_index=" + kind, "a.pb.gz")
            equal((total, shown), (totals[column], kind), "%s of %s" % (kind, tally))
            nameless = [name for name in rows if re.search(r"\+0x[0-9a-f]+$", name)]
            equal(sum(rows.pop(name).flat for name in nameless), wanted.pop(None, [0])[0], "without a name")
            equal({name: list(row) for name, row in rows.items() if any(row)},
                  {name: both for name, both in wanted.items() if any(both)}, "%s of %s" % (kind, tally))
        equal(tool.top("a.pb.gz")[2], "inuse_space", "what is shown first")


def edges(text):
    """{(caller, callee): bytes} of -tree: each function between its callers and what it calls."""
    found = {}
    for block in re.split(r"^-+\+-+$", text, flags=re.M):
        name, callers = None, []
        for size, at, other in re.findall(r"^.* (\d+)B +[\d.]+% +\|( +)(\S.*)$", block, re.M):
            other = re.sub(r" \((partial-)?inline\)$", "", other)
            if len(at) == 1:
                name = other
                found.update({(caller, name): number for caller, number in callers})
            elif name is None:
                callers.append((other, int(size)))
            else:
                found[name, other] = int(size)
    return found


@case("-tree and -peek: who calls whom, through what is inlined")
def tree(directory):
    tool = GoTool(directory)
    recorded()
    words = ["-unit=B", "-nodecount=0", "-nodefraction=0", "-edgefraction=0"]
    found = edges(tool.print("-tree", *words, "-alloc_space", export("tree.tally", "a.pb.gz")))
    equal((found["main", "grow"], found["grow", "plant"], found["main", "risk"]), (48000, 40000, 177), "tree")
    peeked = edges(tool.print("-peek", "^plant$", *words, "-alloc_space", "a.pb.gz"))
    equal(peeked, {("grow", "plant"): 40000}, "peek")
    text = tool.print("-peek", r"store<std::.*>::operator\(\)$", *words, export("cplusplus.tally", "b.pb.gz"))
    assert re.search(r"\| \(anonymous namespace\)::store<std::.*>::operator\(\)$", text, re.M), text


@case("-diff_base: what changed between two moments, to the byte")
def diff_base(directory):
    tool = GoTool(directory)
    recorded()
    export("words.tally", "old.pb.gz", "--at", "peak")
    export("words.tally", "new.pb.gz", "--at", "exit")
    rows, _total, _shown = tool.top("-inuse_space", "-diff_base", "old.pb.gz", "new.pb.gz")
    old, new = (functions_of_top("--at", moment, "words.tally")["live_bytes"] for moment in ("peak", "exit"))
    wanted = {name: new[name][0] - old[name][0] for name in {**old, **new}}
    assert any(wanted.values()), "nothing changed"
    equal({name: row.flat for name, row in rows.items() if row.flat},
          {name: change for name, change in wanted.items() if change}, "changes")


@case("threads and sizes are tags, and mappings have build-ids")
def tags(directory):
    tool = GoTool(directory)
    equal(record("threads.tally", [program("threads"), "2"], "--threads", "--blocks").returncode, 0, "status")
    profile = tool.raw(export("threads.tally", "a.pb.gz"))
    found = collections.Counter()
    for number, (_stack, values) in profile.labels["thread"]:
        found["thread " + number] += values[1]
    wanted = report("top", "-n", "0", "--by", "thread", "threads.tally")["groups"]
    equal(found, {group["frames"][0]["function"]: group["total_bytes"] for group in wanted}, "threads")
    assert re.search(r"/threads [0-9a-f]{40} \[FN\]\[FL\]\[LN\]\[IN\]$", profile.mappings[0]), profile.mappings
    profile = tool.raw(export("threads.tally", "b.pb.gz", "--by", "size"))
    equal(profile.types, TYPES[2:], "types by size")
    assert profile.labels["bytes"], "no sizes"


FEEDING = r"""
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
static inline __attribute__((always_inline)) void fill(int count) { for (int i = 0; i < count; i++) kept = malloc(100); }
__attribute__((noinline)) static void before(void) { fill(1000); }
__attribute__((noinline)) static void since(void) { kept = malloc(1000); }
""" + MAIN


@case("heaptally serve, scraped by pprof: heap, allocs, and the change of some seconds")
def scraped(directory):
    tool = GoTool(directory)
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        for path, kind, column in (("heap", "inuse_space", "live_bytes"), ("allocs", "alloc_space", "total_bytes")):
            url = server.url + "debug/pprof/" + path
            rows, total, shown = tool.top(url)
            equal((total, shown), (report("top", "--at", "now", traced.name)["totals"][column], kind), path)
            equal(rows["fill"].flat, 100000, "fill")
            profile = tool.raw(url)
            equal((profile.types, profile.shown), (TYPES, [kind + "/bytes"]), "types of " + path)
            [(stack, values)] = [one for one in profile.samples if one[0][0][0].startswith("fill ")]
            equal(([text.split()[0] for text, _line in stack[:3]], values),
                  (["fill", "before", "main"], [1000, 100000, 1000, 100000]), "stack")
            assert stack[0][0].endswith("/feeding.c") and [line for _text, line in stack[:2]] == [5, 6], stack
        stops = threading.Event()
        feeder = threading.Thread(target=lambda: [traced.feed() for _ in iter(lambda: stops.wait(0.01), True)])
        feeder.start()
        try:
            for words in (["-seconds=2", server.url + "debug/pprof/heap"], [server.url + "debug/pprof/heap?seconds=1"]):
                profile = tool.raw(*words)
                [(stack, values)] = profile.samples
                equal(([text.split()[0] for text, _line in stack[:2]], values),
                      (["since", "main"], [values[0], 1000 * values[0]] * 2), "the change")
                assert values[0] > 0, values
        finally:
            stops.set()
            feeder.join()
        # One scrape is the base of another.
        base = os.path.join(directory, "base.pb.gz")
        tool.print("-proto", "-output=" + base, server.url + "debug/pprof/heap")
        traced.feed()
        time.sleep(1.1)
        rows, _total, _shown = tool.top("-diff_base", base, server.url + "debug/pprof/heap")
        equal({name: row.flat for name, row in rows.items() if row.flat}, {"since": 1000}, "since the base")


run_cases()
