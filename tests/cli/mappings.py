#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally resident with the domain of mmap: programs whose own mappings are known, by who made them;
and that nothing of a heap is among them."""
import contextlib
import json
import os
import re
import subprocess

from harness import (COMMAND, LIBRARY, Skip, case, environment, equal, heaptally, need, need_library, program,
                     report, run, run_cases, wait_to_succeed)

KIB, MIB, PAGE = 1 << 10, 1 << 20, 4096


class Known:
    """A program of tests/programs/mappings.c that is ready."""

    def __init__(self, child):
        self.child = child
        words = child.stdout.readline().split()
        assert words[:1] == [b"ready"], words
        self.pid, self.bytes = words[1].decode(), int(words[2])


@contextlib.contextmanager
def known(*words, options="mmap", preload="", command=None, **variables):
    child = subprocess.Popen(
        command or [program("mappings"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(LD_PRELOAD=LIBRARY + preload, HEAPTALLY=options, **variables))
    try:
        yield Known(child)
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()


def ask(pid):
    """The document, its parts, and the lines that map: function -> row."""
    document = report("resident", "-n", "0", pid)
    parts = {part["name"]: part["resident_bytes"] for part in document["parts"]}
    equal(sum(parts.values()), document["sum_bytes"], "the sum of the parts")
    assert abs(document["drift_bytes"]) <= document["resident_bytes"] / 1000, document["drift_bytes"]
    rows = {}
    for row in document.get("mapped_by_program", []):
        name = row["frames"][0]["function"] if row["frames"] else None
        mine = rows.setdefault(name, {"resident": 0, "mapped": 0, "ranges": 0})
        for key, of in (("resident", "resident_bytes"), ("mapped", "mapped_bytes"), ("ranges", "range_count")):
            mine[key] += row[of]
    equal(sum(row["resident"] for row in rows.values()), parts["mapped_by_program"], "the sum of the lines")
    return document, parts, rows


def resident_of(rows):
    return {name: row["resident"] for name, row in rows.items() if row["resident"] != 0}


@case("a line for what the program maps: resident bytes, of what it has mapped")
def plain(_directory):
    with known("plain") as process:
        document, parts, rows = ask(process.pid)
        equal(document["notes"], [], "notes")
        equal(rows, {"first": {"resident": 24 * MIB, "mapped": 64 * MIB, "ranges": 1}}, "lines")
        assert parts["other_anonymous"] < MIB, parts
        frames = [frame["function"] for frame in document["mapped_by_program"][0]["frames"]]
        equal(frames[:3], ["first", "make_plain", "main"], "stack")
        text = heaptally("resident", process.pid).stdout.decode()
        assert "mapped by the program   24.0 MiB" in text, text
        assert "24.0 MiB  64.0 MiB       1  first  " in text and "mappings.c:" in text, text


@case("without the option nothing is recorded of it, and nothing of it passes through the runtime")
def absent(_directory):
    with known("plain", options="") as process:
        document, parts, _ = ask(process.pid)
        equal((parts["mapped_by_program"], "mapped_by_program" in document), (0, False), "the domain")
        assert parts["other_anonymous"] >= 24 * MIB, parts
    for options, status in (("mmap=off", 0), ("mmap=on", 0), ("mmap", 0), ("mmap=yes", 125)):
        result = heaptally("run", "-q", "-f", "-o", "x.tally", "--", "true",
                           env=environment(HEAPTALLY=options))
        equal(result.returncode, status, options)


@case("parts of ranges: taken over, given back, neighbours of two lines")
def ranges(_directory):
    for what, lines in (("two", {"first": 8, "second": 4}), ("fixed", {"first": 24, "second": 8}),
                        ("halves", {"first": 8})):
        with known(what) as process:
            _, parts, rows = ask(process.pid)
            equal(resident_of(rows), {name: size * MIB for name, size in lines.items()}, what)
            assert parts["other_anonymous"] < MIB, (what, parts)
            equal(rows["first"]["mapped"], lines["first"] * MIB, "mapped of " + what)


@case("mremap: moved, grown, shrunk, left where it was; whose it is then")
def moves(_directory):
    for what, lines in (("moved", {"move": 16}), ("grown", {"move": 12}), ("shrunk", {"move": 4}),
                        ("left", {"first": 8, "move": 8})):
        with known(what) as process:
            _, parts, rows = ask(process.pid)
            equal(resident_of(rows), {name: size * MIB for name, size in lines.items()}, what)
            assert parts["other_anonymous"] < MIB, (what, parts)
    for what, size in (("moved", 16), ("grown", 12), ("shrunk", 4)):
        with known(what, options="mmap:realloc=origin") as process:
            equal(resident_of(ask(process.pid)[2]), {"first": size * MIB}, "origin of " + what)


@case("what the kernel refuses changes nothing, and errno is the kernel's")
def refused(_directory):
    with known("refused") as process:
        document, _, rows = ask(process.pid)
        equal(resident_of(rows), {"first": 8 * MIB, "second": MIB}, "lines")
        equal(document["notes"], [], "notes")


@case("mmap64, pointers, what dlsym finds")
def names(_directory):
    with known("names") as process:
        _, parts, rows = ask(process.pid)
        equal(resident_of(rows), {"make_names": 2 * MIB, "by": 6 * MIB}, "lines")
        assert parts["other_anonymous"] < MIB, parts


@case("signal handlers, threads, children of vfork and fork")
def hosts(_directory):
    with known("handler") as process:
        _, parts, rows = ask(process.pid)
        mapped = sum(row["resident"] for row in rows.values())
        # One that interrupted the runtime has no stack, or found the table busy.
        assert process.bytes - 16 * PAGE <= mapped <= process.bytes, rows
        assert rows["first"]["resident"] >= 4 * MIB, rows
        equal(rows.get("second"), None, "what was given back")
        assert parts["other_anonymous"] < MIB, parts
    for what, slack in (("threads", 0), ("vforked", 0)):
        with known(what) as process:
            document, parts, rows = ask(process.pid)
            equal(resident_of(rows), {"first": process.bytes}, what)
            assert parts["other_anonymous"] < MIB, (what, parts, slack)
            equal(document["notes"], [], "notes")
    with known("forked") as process:
        document, parts, rows = ask(process.pid)
        equal(resident_of(rows), {"first": 12 * MIB}, "a forked child, with what it has from its parent")
        assert parts["other_anonymous"] < MIB, parts
        # The lines have the names that they have in the parent.
        frames = {tuple(frame["function"] for frame in row["frames"][:3]) for row in document["mapped_by_program"]}
        equal(frames, {("first", "make_forked", "main")}, "stacks")


@case("what a forked child has from its parent has its parent's lines, whatever both do then")
def heirs(_directory):
    for what, lines in (("heirs", {"first": 16, "second": 4}), ("given", {"first": 12, "second": 4})):
        for options in ("mmap", "mmap:threads", "mmap:realloc=origin"):
            with known(what, options=options) as process:
                _, parts, rows = ask(process.pid)
                equal(resident_of(rows), {name: size * MIB for name, size in lines.items()}, (what, options))
                assert parts["other_anonymous"] < MIB, (what, parts)
    with known("unheard") as process:
        _, parts, rows = ask(process.pid)
        equal(rows, {}, "of a child that libc has not made nothing is known")
        assert parts["other_anonymous"] >= 20 * MIB, parts
    with known("busy") as process:
        _, parts, rows = ask(process.pid)
        equal(rows["first"]["resident"], 8 * MIB, "while others map and unmap")
        assert set(rows) <= {"first", "second"} and sum(row["resident"] for row in rows.values()) <= 8 * MIB + PAGE, rows
        assert parts["other_anonymous"] < MIB, parts


PLUGIN = """
#include <string.h>
#include <sys/mman.h>
char *by_plugin(void)
{
    char *memory = mmap(0, 8 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, 8 << 20);
    return memory;
}
"""

HOST = r"""
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void)
{
    void *plugin = dlopen("./plugin.so", RTLD_NOW);
    char *(*by)(void) = (char *(*)(void))dlsym(plugin, "by_plugin");
    pid_t child;
    by();
    dlclose(plugin);
    child = fork();
    if (child == 0) {
        free(malloc(1));
        printf("ready %d 0\n", getpid());
        fflush(stdout);
        pause();
    }
    while (getchar() != EOF)
        continue;
    kill(child, SIGKILL);
    return 0;
}
"""


@case("a forked child has the names of what is no longer loaded, too")
def unloaded(_directory):
    for name, text, words in (("plugin", PLUGIN, ["-fPIC", "-shared", "-o", "plugin.so"]), ("host", HOST, ["-o", "host"])):
        with open(name + ".c", "w", encoding="ascii") as file:
            file.write(text)
        equal(run([need("gcc"), "-g", "-O1", *words, name + ".c"]).returncode, 0, "gcc")
    with known(command=["./host"]) as process:
        _, parts, rows = ask(process.pid)
        equal(resident_of(rows), {"by_plugin": 8 * MIB}, "lines")
        assert parts["other_anonymous"] < MIB, parts


@case("hundreds of ranges of two lines in turn, with holes")
def many(_directory):
    with known("many") as process:
        _, parts, rows = ask(process.pid)
        equal(resident_of(rows), {"first": process.bytes, "second": 480 * PAGE}, "lines")
        equal((rows["first"]["ranges"], rows["second"]["ranges"]), (480, 480), "ranges")
        assert parts["other_anonymous"] < MIB, parts


@case("memory of no file has a line, though it is shared: Python's mmap module makes such")
def shared(_directory):
    with known("shared", options="") as process:
        _, parts, _ = ask(process.pid)
        assert parts["shared_memory"] >= 6 * MIB, parts
    with known("shared") as process:
        _, parts, rows = ask(process.pid)
        equal((rows["share"]["resident"], rows["share"]["mapped"]), (6 * MIB, 8 * MIB), "line")
        equal((parts["shared_memory"], parts["mapped_by_program"]), (0, 6 * MIB), "parts")
        equal(domains(process.pid)["mmap"], (6 * MIB, 1), "row")


@case("files, memory with a descriptor, code, stacks stay what they are; so does what came past libc")
def others(_directory):
    with known("others", options="") as process:
        _, without, _ = ask(process.pid)
    with known("others") as process:
        _, parts, rows = ask(process.pid)
        equal(rows, {}, "lines")
        for part in ("file_text", "shared_memory", "jit", "stacks"):
            assert abs(parts[part] - without[part]) <= 256 * KIB, (part, parts, without)
    with known("dropped") as process:
        _, parts, rows = ask(process.pid)
        equal(rows, {}, "lines")
        assert parts["other_anonymous"] >= 8 * MIB, parts


@case("paused: nobody's name is noted; cleared: what was mapped before is nobody's")
def requests(_directory):
    with known("plain", options="mmap:start=off") as process:
        _, parts, rows = ask(process.pid)
        equal((rows, parts["mapped_by_program"]), ({}, 0), "while off")
    with known("plain") as process:
        clearing = subprocess.Popen([COMMAND, "clear", process.pid], stderr=subprocess.DEVNULL,
                                    env=environment())
        while clearing.poll() is None:
            # An allocation carries it out.
            process.child.stdin.write(b"again\n")
            process.child.stdin.flush()
            with contextlib.suppress(subprocess.TimeoutExpired):
                clearing.wait(0.1)
        equal(clearing.returncode, 0, "clear")
        _, parts, rows = ask(process.pid)
        equal((rows, parts["mapped_by_program"]), ({}, 0), "after a clear")


def anonymous(pid):
    """Private dirty memory of no file, by smaps."""
    total, counts = 0, False
    with open("/proc/%s/smaps" % pid, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if "-" in words[0]:
                counts = words[1].endswith("p") and (len(words) == 5 or words[5] == "[heap]")
            elif counts and words[0] == "Rss:":
                total += int(words[1]) << 10
    return total


def of_allocator(preload):
    """The heap is the same with the domain and without, and what the program maps is beside it."""
    with known("heap", options="", preload=preload) as process:
        other, without, _ = ask(process.pid)
    with known("heap", preload=preload) as process:
        document, parts, rows = ask(process.pid)
        equal(resident_of(rows), {"first": 4 * MIB}, "lines")
        equal(document["live_bytes"], other["live_bytes"], "live")
        heap = sum(parts[name] for name in ("live", "rounding", "headers", "pinned_free", "free_pages"))
        before = sum(without[name] for name in ("live", "rounding", "headers", "pinned_free", "free_pages"))
        # What the kernel had made one mapping of with the heap was among its free pages.
        assert before - 4 * MIB - 256 * KIB <= heap <= before + 256 * KIB, (heap, before)
        both = heap + parts["mapped_by_program"] + parts["other_anonymous"]
        assert both <= anonymous(process.pid), (both, anonymous(process.pid))
        equal(document["notes"], [], "notes")


@case("glibc: nothing of the heap is counted twice")
def glibc(_directory):
    of_allocator("")


@case("jemalloc: nothing of the heap is counted twice")
def jemalloc(_directory):
    of_allocator(" " + need_library("jemalloc"))


@case("tcmalloc, which has mmap of its own: nothing of the heap is counted twice")
def tcmalloc(_directory):
    of_allocator(" " + need_library("tcmalloc_minimal"))
    with known("plain", preload=" " + need_library("tcmalloc_minimal")) as process:
        equal(resident_of(ask(process.pid)[2]), {"first": 24 * MIB}, "lines")


@case("mimalloc: nothing of the heap is counted twice")
def mimalloc(_directory):
    of_allocator(" " + need_library("mimalloc"))


@case("Python: arenas of its allocators are no part of it, what its mmap module maps is")
def python(_directory):
    with open("maps.py", "w", encoding="ascii") as file:
        file.write("import mmap, os, sys\nkept = [[number] for number in range(200000)]\n"
                   "def by_module():\n    return mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
                   "memory = by_module()\nmemory[:] = b'x' * len(memory)\n"
                   "print('ready', os.getpid(), 0, flush=True)\nsys.stdin.read()\n")
    with known(command=[need("python3"), "maps.py"]) as process:
        document, parts, rows = ask(process.pid)
        if not any(region["name"] == "Python's arenas" for region in document["regions"]):
            raise Skip("this Python is not one whose allocators are seen")
        assert rows["by_module"]["resident"] >= 8 * MIB, rows
        assert parts["mapped_by_program"] < 10 * MIB, rows
        found = domains(process.pid)
        assert {"malloc", "pymem.obj", "mmap"} <= set(found), found
        equal(found["mmap"][0], parts["mapped_by_program"], "by domain")


@case("Python that forks: the line of Python is the parent's, its arenas are none")
def python_forks(_directory):
    with open("forks.py", "w", encoding="ascii") as file:
        file.write("import mmap, os, signal, sys\nkept = [[number] for number in range(200000)]\n"
                   "def by_module():\n    return mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
                   "memory = by_module()\nmemory[:] = b'x' * len(memory)\nchild = os.fork()\n"
                   "if child == 0:\n    more = [[number] for number in range(1000)]\n"
                   "    print('ready', os.getpid(), 0, flush=True)\n    signal.pause()\n"
                   "sys.stdin.read()\nos.kill(child, signal.SIGKILL)\n")
    with known(command=[need("python3"), "forks.py"]) as process:
        document, parts, rows = ask(process.pid)
        if "by_module" not in rows:
            assert not any(region["name"] == "Python's arenas" for region in document["regions"]), rows
            raise Skip("this Python is not one whose frames are seen")
        equal(rows["by_module"]["resident"], 8 * MIB, "by its line")
        assert parts["mapped_by_program"] < 10 * MIB, rows


@case("run --domain mmap: the same of a process that it started")
def launched(_directory):
    child = subprocess.Popen([COMMAND, "run", "-q", "--domain", "mmap", "-o", "kept.tally", "--",
                              program("mappings"), "fixed"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    pid = child.stdout.readline().split()[1].decode()
    _, now, lines = ask(pid)
    equal(resident_of(lines), {"first": 24 * MIB, "second": 8 * MIB}, "lines")
    text = heaptally("top", "--by", "domain", pid).stdout.decode()
    assert "mmap      32.0 MiB resident of 32.0 MiB" in text, text
    # The lines with most of it are below.
    assert re.search(r"^ *24\.0 MiB +24\.0 MiB +2 +first +.*mappings\.c:\d+$", text, re.M), text
    assert b"mmap" not in heaptally("top", pid).stdout, "top by line"
    heaptally("mark", pid, "full", "--wait", "0")
    # The next allocation carries it out, and `run` takes its snapshot then.
    child.stdin.write(b"again\n")
    child.stdin.flush()
    wait_to_succeed("info", pid + "@mark:full")
    then = report("top", "--by", "domain", pid + "@mark:full")["mapped_by_program"]
    equal(then, report("top", "--by", "domain", pid + "@mark:full")["mapped_by_program"], "of that moment, not of now")
    assert then["time_seconds"] < report("top", "--by", "domain", pid)["mapped_by_program"]["time_seconds"], then
    child.stdin.close()
    child.wait(60)
    child.stdout.close()
    _, kept, kept_lines = ask("kept.tally@mark:full")
    equal((kept_lines, kept["mapped_by_program"]), (lines, now["mapped_by_program"]), "kept")
    text = heaptally("resident", "kept.tally@mark:full").stdout.decode()
    assert "mapped by the program   32.0 MiB" in text and "  first  " in text, text
    domain = report("top", "--by", "domain", "kept.tally")["mapped_by_program"]
    equal((domain["domain"], domain["resident_bytes"], domain["mapped_bytes"]), ("mmap", 32 * MIB, 32 * MIB),
          "top --by domain")
    equal(domains("kept.tally")["mmap"], (32 * MIB, domain["range_count"]), "as a row")
    text = heaptally("timeline", "kept.tally").stdout.decode()
    assert "M mapped by the program" in text, text
    heaptally("timeline", "--svg", "heap.svg", "kept.tally")
    with open("heap.svg", encoding="utf-8") as file:
        assert ">mapped by the program<" in file.read(), "the picture's legend"
    result = heaptally("run", "--domain", "brk", "--", "true")
    equal(result.returncode, 125, "another domain")
    assert b"only mmap is known" in result.stderr, result.stderr


def domains(*words):
    """{domain: (bytes, count)} of top, whose sum is that of all rows."""
    document = report("top", "-n", "0", "--by", "domain", *words)
    rows = {row["frames"][0]["function"]: (row["live_bytes"], row["live_blocks"]) for row in document["groups"]}
    equal(tuple(map(sum, zip(*rows.values()))) or (0, 0),
          (document["totals"]["live_bytes"], document["totals"]["live_blocks"]), "sum of the rows of %r" % (words,))
    return rows


@case("top --by domain: mmap is a row like others, with resident bytes and ranges, and filters know it")
def by_domain(_directory):
    with known("heap") as process:
        _, parts, lines = ask(process.pid)
        rows, heap = domains(process.pid), report("top", process.pid)["totals"]
        equal(sorted(rows), ["malloc", "mmap"], "domains")
        equal(rows["mmap"], (lines["first"]["resident"], lines["first"]["ranges"]), "mmap")
        equal(rows["malloc"], (heap["live_bytes"], heap["live_blocks"]), "malloc, as without the domain")
        # Of what lives some may not be resident; nothing of it is among what is mapped.
        assert parts["live"] <= rows["malloc"][0] and parts["mapped_by_program"] == rows["mmap"][0], (rows, parts)
        rows_of_csv = [line.split(",") for line in
                       heaptally("top", "--by", "domain", "--format", "csv", process.pid).stdout.decode().splitlines()]
        at, size = rows_of_csv[0].index("domain"), rows_of_csv[0].index("live_bytes")
        equal({row[at]: int(row[size]) for row in rows_of_csv[1:]}, {name: row[0] for name, row in rows.items()}, "CSV")
    with known("fixed") as process:
        equal(domains(process.pid)["mmap"], (32 * MIB, len(ranges_of(process.pid))), "two lines")
        for words, wanted in ((["domain=mmap"], {"mmap": 32 * MIB}), (["function=second"], {"mmap": 8 * MIB}),
                              (["function=nothing"], {})):
            found = domains("--include", *words, process.pid)
            equal({name: row[0] for name, row in found.items()}, wanted, words)
        assert "mmap" not in domains("--exclude", "domain=mmap", process.pid), "excluded"
        shown = heaptally("top", "--by", "domain", process.pid).stdout.decode()
        assert re.search(r"^ *32\.0 MiB +\d+\.\d .* mmap$", shown, re.M), shown
    with known("plain", options="") as process:
        assert "mmap" not in domains(process.pid), "without the option"


def ranges_of(pid):
    return [row for row in report("resident", "-n", "0", pid)["mapped_by_program"] for _ in range(row["range_count"])]


@contextlib.contextmanager
def stepwise(*options):
    """A program that `run` started, and that maps 2 MiB more for each mark: m0 to m5."""
    child = subprocess.Popen([COMMAND, "run", "-q", *options, "-o", "steps.tally", "--", program("mappings"), "plain"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    pid = child.stdout.readline().split()[1].decode()
    for step in range(6):
        child.stdin.write(b"map\n")
        child.stdin.flush()
        equal(child.stdout.readline(), b"mapped\n", "step")
        heaptally("mark", pid, "m%d" % step, "--wait", "0")
        child.stdin.write(b"again\n")
        child.stdin.flush()
        wait_to_succeed("info", "%s@mark:m%d" % (pid, step))
    yield pid
    child.stdin.close()
    child.wait(60)
    child.stdout.close()


def change_of(old, new):
    """(bytes, ranges) by which the row of mmap has changed, and the document."""
    document = report("diff", "-n", "0", "--by", "domain", old, new)
    rows = {row["frames"][0]["function"]: row for row in document["groups"]}
    equal(sum(row["live_bytes_diff"] for row in rows.values()), document["totals"]["live_bytes_diff"], "sum")
    row = rows.get("mmap")
    return (row and (row["live_bytes_diff"], row["live_bytes"])), document


@case("diff and growth --by domain: mmap is a row of resident bytes, of both moments and of each look")
def over_time(_directory):
    with stepwise("--domain", "mmap") as pid:
        equal(change_of(pid + "@mark:m3", pid)[0], (4 * MIB, 36 * MIB), "of a mark and now")
        grown = report("growth", "--by", "domain", pid)
        row = [row for row in grown["groups"] if row["frames"][0]["function"] == "mmap"]
        equal([look // MIB for look in row[0]["live_bytes"]], [0, 26, 28, 30, 32, 34, 36, 36], "looks")
    for old, new, change in (("m0", "m3", (6 * MIB, 32 * MIB)), ("m3", "m1", (-4 * MIB, 28 * MIB))):
        row, document = change_of("steps.tally@mark:" + old, "steps.tally@mark:" + new)
        equal(row, change, (old, new))
        both = document["mapped_by_program"]
        equal(both["new"]["resident_bytes"] - both["old"]["resident_bytes"], change[0], "both sides")
        assert both["old"]["time_seconds"] != both["new"]["time_seconds"], both
    text = heaptally("diff", "--by", "domain", "steps.tally@mark:m0", "steps.tally@mark:m3").stdout.decode()
    assert re.search(r"^ *\+6\.0 MiB .* mmap$", text, re.M), text
    assert "mmap      resident of what the program maps by itself: 26.0 MiB at " in text, text
    text = heaptally("growth", "--by", "domain", "steps.tally").stdout.decode()
    assert re.search(r"36\.0 MiB .* mmap$", text, re.M) and "mmap is what is resident of" in text, text
    equal(heaptally("diff", "--by", "domain", "steps.tally@mark:m0", "steps.tally@mark:m0", "--all").stdout.count(b"mmap\n"),
          1, "unchanged")
    for words in (["diff", "steps.tally@mark:m0", "steps.tally@mark:m3"], ["growth", "steps.tally"]):
        assert b"mmap" not in heaptally(*words).stdout, "by line"


@case("snapshot keeps the parts of the resident memory, and the row of mmap")
def kept_by_snapshot(directory):
    with known("heap") as process:
        _, parts, lines = ask(process.pid)
        heaptally("snapshot", "-q", "-o", "now.tally", process.pid)
        document, kept, kept_lines = ask("now.tally")
        equal(kept_lines["first"], lines["first"], "who maps")
        for name in ("mapped_by_program", "live", "headers"):
            equal(kept[name], parts[name], name)
        equal(document["resident_bytes"], document["sum_bytes"] + document["drift_bytes"], "sum")
        equal(domains("now.tally")["mmap"], domains(process.pid)["mmap"], "row")
        equal(change_of("now.tally", process.pid)[0], (0, lines["first"]["resident"]), "change to now")
    # Of a process that ended nothing can be seen.
    with known("heap", options="mmap:out=%s/left.recording" % directory):
        pass
    heaptally("snapshot", "-q", "-o", "left.tally", "left.recording")
    assert "mmap" not in domains("left.tally"), "a process that has ended"


@case("diff --by domain: what is known of one side only has not come or gone")
def one_side(_directory):
    with stepwise():
        pass
    os.rename("steps.tally", "without.tally")
    with stepwise("--domain", "mmap"):
        pass
    row, document = change_of("without.tally@mark:m3", "steps.tally@mark:m3")
    equal((row, "mapped_by_program" in document), (None, False), "not compared")
    text = heaptally("diff", "--by", "domain", "without.tally@mark:m3", "steps.tally@mark:m3").stdout.decode()
    assert "is known of one side only, and not compared" in text, text


@case("growth --by domain of a process that is watched: each look has what is mapped then")
def watched(_directory):
    with known("plain") as process:
        growth = subprocess.Popen([COMMAND, "growth", "--watch", "2s", "--by", "domain", "--format", "json", process.pid],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
        while growth.poll() is None:
            process.child.stdin.write(b"map\n")
            process.child.stdin.flush()
            equal(process.child.stdout.readline(), b"mapped\n", "step")
            with contextlib.suppress(subprocess.TimeoutExpired):
                growth.wait(0.05)
        document = json.loads(growth.stdout.read())
        growth.stdout.close()
    looks = [row for row in document["groups"] if row["frames"][0]["function"] == "mmap"][0]["live_bytes"]
    assert all(before <= after for before, after in zip(looks, looks[1:])), looks
    # Pages come one by one.
    assert looks[0] >= 24 * MIB and looks[-1] > looks[0] and all(look % PAGE == 0 for look in looks), looks


OWN = r"""
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
static int calls;
void *mmap(void *where, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    calls++;
    return (void *)syscall(SYS_mmap, where, bytes, protection, flags, fd, offset);
}
int munmap(void *where, size_t bytes) { return (int)syscall(SYS_munmap, where, bytes); }
typedef void *map(void *, size_t, int, int, int, off_t);
__attribute__((noinline)) static char *within(size_t bytes) { return mmap(NULL, bytes, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
__attribute__((noinline)) static char *found(map *by, size_t bytes) { return by(NULL, bytes, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
int main(void)
{
    map *by = (map *)dlsym(RTLD_DEFAULT, "mmap");
    char *first = within(8 << 20), *second = found(by, 4 << 20), *third = found(by, 2 << 20);
    memset(first, 1, 8 << 20);
    memset(second, 1, 4 << 20);
    if (calls != 3 || munmap(third, 2 << 20) != 0)
        return 3;
    errno = 0;
    if (found(by, 0) != MAP_FAILED || errno != EINVAL)
        return 4;
    printf("ready %d 0\n", getpid());
    fflush(stdout);
    while (getchar() != EOF)
        free(malloc(1));
    return 0;
}
"""


@case("a program with mmap of its own keeps it: each call comes there once, and what passes through the loader is named")
def own_mmap(_directory):
    with open("own.c", "w", encoding="ascii") as file:
        file.write(OWN)
    for words in (["-rdynamic"], ["-fPIC", "-rdynamic"], []):
        equal(run([need("gcc"), "-g", "-O1", "-D_GNU_SOURCE", *words, "-o", "own", "own.c", "-ldl"]).returncode, 0, "gcc")
        with known(command=["./own"]) as process:
            document, parts, rows = ask(process.pid)
            # What an object calls in itself passes by no table.
            assert resident_of(rows) in ({"found": 4 * MIB}, {"found": 4 * MIB, "within": 8 * MIB}), (words, rows)
            both = parts["mapped_by_program"] + parts["other_anonymous"]
            assert 12 * MIB <= both <= 13 * MIB, (words, parts)
            equal(document["notes"], [], "notes")
            equal(domains(process.pid)["mmap"][0], parts["mapped_by_program"], "by domain")


run_cases()
