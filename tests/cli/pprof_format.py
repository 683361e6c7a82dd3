# SPDX-License-Identifier: LGPL-2.1-or-later
"""npm's pprof-format reads the pprof that we write: stacks with inlined frames, files, lines and values are those of top."""
import collections
import json
import os

from exported import VALUES, export, record_both, stacks_of_top, write
from harness import case, equal, need, record, report, run, run_cases
from npm_package import find_package

TYPES = [["alloc_objects", "count"], ["alloc_space", "bytes"], ["inuse_objects", "count"], ["inuse_space", "bytes"]]
READER = """
const fs = require("fs"), zlib = require("zlib");
const [reader, file] = process.argv.slice(2);
const profile = require(reader).Profile.decode(zlib.gunzipSync(fs.readFileSync(file)));
const text = index => profile.stringTable.strings[Number(index)];
const byId = list => new Map(list.map(item => [Number(item.id), item]));
const functions = byId(profile.function), locations = byId(profile.location);
const frame = line => {
    const found = functions.get(Number(line.functionId));
    return [text(found.name) + " " + text(found.filename), Number(line.line)];
};
console.log(JSON.stringify({
    types: profile.sampleType.map(type => [text(type.type), text(type.unit)]),
    shown: text(profile.defaultSampleType),
    mappings: profile.mapping.map(mapping => [text(mapping.filename), text(mapping.buildId)]),
    comments: profile.comment.map(text),
    names: profile.function.map(found => [text(found.name), text(found.systemName)]),
    samples: profile.sample.map(sample => ({
        values: sample.value.map(String),
        stack: sample.locationId.flatMap(id => locations.get(Number(id)).line.map(frame)),
        lines: sample.locationId.map(id => locations.get(Number(id)).line.length)}))}));
"""

LINKED = """
#include <stdlib.h>
namespace shop {
template <typename T> struct shelf {
    static inline __attribute__((always_inline)) void *inside(T more) { return malloc(10 + more); }
    __attribute__((noinline)) void *put(T more) { void *kept = inside(more); __asm__ volatile(""); return kept; }
};
}
namespace { __attribute__((noinline)) void *hidden(size_t more) { void *kept = malloc(20 + more); __asm__ volatile(""); return kept; } }
extern "C" __attribute__((noinline)) void *plain(size_t more)
{
    void *kept = malloc(30 + more);
    __asm__ volatile("");
    return kept;
}
int main(int argc, char **)
{
    shop::shelf<int> all;
    return all.put(argc) == nullptr || hidden(argc) == nullptr || plain(argc) == nullptr;
}
"""
MANGLED = {"shop::shelf<int>::inside(int)": "_ZN4shop5shelfIiE6insideEi", "shop::shelf<int>::put(int)": "_ZN4shop5shelfIiE3putEi"}


def read(path):
    with open("read.js", "w", encoding="ascii") as file:
        file.write(READER)
    done = run([need("node"), "read.js", find_package("pprof-format"), os.path.abspath(path)])
    equal(done.returncode, 0, "status of node: %r" % done.stderr[-500:])
    return json.loads(done.stdout)


@case("every stack with its inlined frames, files and lines, and its four values")
def stacks(_directory):
    find_package("pprof-format")
    for tally in record_both():
        for moment in ("peak", "exit"):
            what = "%s at %s" % (tally, moment)
            profile = read(export(tally, "a.pb.gz", "--at", moment))
            equal((profile["types"], profile["shown"]), (TYPES, "inuse_space"), "types of " + what)
            found = collections.Counter()
            for sample in profile["samples"]:
                for name, value in zip(VALUES, sample["values"]):
                    found[tuple(map(tuple, sample["stack"])), name] += int(value)
            wanted = stacks_of_top("--at", moment, tally)
            equal((+found) - wanted, collections.Counter(), "what top has not, of " + what)
            equal(wanted - found, collections.Counter(), "what pprof-format has not, of " + what)
            totals = report("top", "--by", "stack", "--at", moment, tally)["totals"]
            equal([sum(int(sample["values"][index]) for sample in profile["samples"]) for index in range(4)],
                  [totals[name] for name in VALUES], "totals of " + what)


@case("inlined functions are lines of one location, the first mapping is the program, and comments have its command line")
def inlined(_directory):
    find_package("pprof-format")
    record_both()
    profile = read(export("cplusplus.tally", "a.pb.gz"))
    assert any(count > 1 for sample in profile["samples"] for count in sample["lines"]), "nothing is inlined"
    modules = report("info", "cplusplus.tally")
    assert modules["command_line"] in profile["comments"], profile["comments"]
    path, build_id = profile["mappings"][0]
    equal(path, modules["executable"], "the first mapping")
    equal(len(build_id), 40, "digits of the build-id")


@case("a function has its mangled name, too, where there is one; else the same, if that is no name to cut")
def system_names(_directory):
    find_package("pprof-format")
    record_both()
    write("linked.cpp", LINKED)
    equal(run([need("g++"), "-g", "-O1", "-o", "linked", "linked.cpp"]).returncode, 0, "g++")
    equal(record("linked.tally", ["./linked"]).returncode, 0, "status")
    for words in ((), ("--by", "function")):
        names = dict(read(export("linked.tally", "a.pb.gz", *words))["names"])
        # By function there is the innermost one alone.
        equal({name: names[name] for name in MANGLED if name in names},
              {name: MANGLED[name] for name in list(MANGLED)[:1 if words else None]}, "mangled names with %s" % (words,))
        equal(names.get("plain"), "plain", "a function of C")
        assert not any("hidden" in system for system in names.values()), "a name that the system has not"
    names = dict(read(export("python.tally", "a.pb.gz"))["names"])
    equal(names["Store.fill"], "Store.fill", "a method of Python")
    equal([name for name, system in names.items() if system not in ("", name) and not system.startswith("_Z")], [],
          "names that are neither")


run_cases()
