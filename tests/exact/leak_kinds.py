# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally leaks says the same as valgrind's memcheck: kind, blocks and bytes of every site.

Our own programs are compared by the function that allocates, installed ones by its module.
"""
import collections
import json
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree

from harness import DATA, LIBRARY, case, environment, equal, heaptally, need, program, run, run_cases

KINDS = {
    "Leak_DefinitelyLost": "definite",
    "Leak_IndirectlyLost": "indirect",
    "Leak_PossiblyLost": "possible",
    "Leak_StillReachable": "reachable",
}
NAMES = ("definite", "indirect", "possible", "reachable")


def direct_bytes(what):
    """Bytes of the blocks themselves: "88 (16 direct, 72 indirect) bytes"."""
    direct = re.search(r"\(([\d,]+) direct", what.findtext("text"))
    return int(direct[1].replace(",", "") if direct else what.findtext("leakedbytes"))


LOADER = re.compile(r"/ld-linux[^/]*$")


def memcheck(command, key):
    """{(site, kind): (blocks, bytes)}. What the loader allocates is larger under a preload."""
    valgrind = [need("valgrind"), "--leak-check=full", "--show-leak-kinds=all", "--run-libc-freeres=no",
                "--run-cxx-freeres=no", "--num-callers=40", "--xml=yes", "--xml-file=memcheck.xml"]
    run(valgrind + command)
    found = collections.Counter()
    blocks = collections.Counter()
    for error in ElementTree.parse("memcheck.xml").getroot().iter("error"):
        kind = KINDS.get(error.findtext("kind"))
        if kind is None:
            continue
        frames = [(frame.findtext("obj") or "", frame.findtext("fn") or "", frame.findtext("file"))
                  for frame in error.find("stack").iter("frame")]
        frames = [frame for frame in frames if "vgpreload" not in frame[0]]
        if LOADER.search(frames[0][0]):
            continue
        site = key(frames)
        found[site, kind] += direct_bytes(error.find("xwhat"))
        blocks[site, kind] += int(error.find("xwhat").findtext("leakedblocks"))
    return {place: (blocks[place], found[place]) for place in found}


def look(command, by, *options, **changes):
    """The JSON of a program that is run with the runtime alone."""
    run(command, env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/a.recording" % os.getcwd(),
                                 **changes))
    result = heaptally("leaks", "--by", by, "--format", "json", *options, "a.recording")
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)


def kinds_of(document, key):
    found = collections.Counter()
    blocks = collections.Counter()
    for site in document["sites"]:
        frames = [(frame.get("module") or "", frame.get("function") or "", frame.get("file"))
                  for frame in site["frames"]]
        if LOADER.search(frames[0][0]):
            continue
        name = key(frames)
        for kind in NAMES:
            blocks[name, kind] += site[kind]["blocks"]
            found[name, kind] += site[kind]["bytes"]
    return {place: (blocks[place], found[place]) for place in found if blocks[place] != 0}


def compare(command, by, key, *options):
    expected = memcheck(command, key)
    got = kinds_of(look(command, by, "--heuristics", "memcheck", *options), key)
    different = {place: (got.get(place), expected.get(place))
                 for place in sorted(set(got) | set(expected)) if got.get(place) != expected.get(place)}
    for place, values in different.items():
        print("#", place, "(heaptally, memcheck)", values)
    equal(len(different), 0, "places that differ of %d" % max(len(expected), len(got)))


def by_function(frames):
    """The innermost one of the program's own source; what is in headers is inlined into it."""
    own = [frame for frame in frames if (frame[2] or "").rsplit("/")[-1] in ("leaks.c", "leaksxx.cpp")]
    return (own or frames)[0][1].partition("(")[0]


def by_module(frames):
    return os.path.basename(os.path.realpath(frames[0][0])) if frames[0][0] else ""


@case("leaks: every function as memcheck")
def own_program(_directory):
    compare([program("leaks")], "function", by_function, "--raw-frames")


@case("leaksxx: every function as memcheck")
def own_program_in_cxx(_directory):
    compare([program("leaksxx")], "function", by_function)


@case("leaks: exit handlers have run, and destructors")
def handlers(_directory):
    sites = kinds_of(look([program("leaks")], "function"), by_function)
    equal([place for place in sites if place[0] == "free_in_handler"], [], "freed by a handler")
    equal(sites[("lost_in_destructor", "definite")], (1, 88), "lost by a destructor")


@case("leaks: a thread that sleeps holds what is on its stack, and a copy of the process looks")
def sleeper(_directory):
    document = look([program("leaks"), "threads"], "function", "--heuristics", "memcheck")
    sites = kinds_of(document, by_function)
    equal(document["quality"]["mode"], "exit_twin", "mode")
    equal(document["quality"]["thread_count"], 2, "threads")
    equal(sites[("sleep_with_block", "reachable")], (1, 89), "held on its stack")
    plain = kinds_of(look([program("leaks")], "function", "--heuristics", "memcheck"), by_function)
    equal({place: sites[place] for place in plain}, plain, "all else")


INSTALLED = {
    "jq": lambda: [need("jq"), "-n", "[range(1000)] | map(tostring) | length"],
    "sqlite3": lambda: [need("sqlite3"), ":memory:", ".read '%s/words.sql'" % DATA],
    "sort": lambda: [need("sort"), os.path.join(DATA, "words.sql")],
    "grep": lambda: [need("grep"), "-c", "select", os.path.join(DATA, "words.sql")],
    # To standard output it would be in a sandbox, in which no graph can be written.
    "xz": lambda: [need("xz"), "-kf", shutil.copy(os.path.join(DATA, "words.sql"), ".")],
    "openssl": lambda: [need("openssl"), "dgst", "-sha256", os.path.join(DATA, "words.sql")],
}

for name in INSTALLED:

    @case("%s: every module as memcheck" % name)
    def installed(_directory, name=name):
        compare(INSTALLED[name](), "module", by_module, "--raw-frames")


run_cases()
