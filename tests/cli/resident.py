#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally resident: programs whose memory is known, part by part; and what it says where something
may not be read."""
import contextlib
import csv
import ctypes
import io
import json
import os
import shutil
import struct
import subprocess

from harness import (COMMAND, LIBRARY, Skip, case, end_child, environment, equal, heaptally, need, need_library,
                     program, report, run, run_cases, wait_to_succeed)

KIB, MIB = 1 << 10, 1 << 20


class Known:
    """A program of tests/programs/resident.c that is ready."""

    def __init__(self, child):
        self.child = child
        words = child.stdout.readline().split()
        assert words[:1] == [b"ready"], words
        self.pid, self.bytes = words[1].decode(), int(words[2])

    def trim(self):
        self.child.stdin.write(b"trim\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())


@contextlib.contextmanager
def known(*words, preload="", command=None, **variables):
    child = subprocess.Popen(
        command or [program("resident"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(LD_PRELOAD=LIBRARY + preload, **variables))
    try:
        yield Known(child)
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()


def ask(pid, *options):
    document = report("resident", *options, pid)
    parts = {part["name"]: part["resident_bytes"] for part in document["parts"]}
    equal(sum(parts.values()), document["sum_bytes"], "the sum of the parts")
    equal(document["sum_bytes"] + document["drift_bytes"], document["resident_bytes"], "sum and drift")
    return document, parts


def at_rest(document):
    assert abs(document["drift_bytes"]) <= document["resident_bytes"] / 1000, document["drift_bytes"]
    equal(document["notes"], [], "notes")


def near(got, expected, what, percent=1, slack=64 * KIB):
    assert abs(got - expected) <= max(expected * percent / 100, slack), \
        "%s: got %d, expected %d" % (what, got, expected)


def regions(document):
    return {region["name"]: region for region in document["regions"]}


def rollup(pid, key="Rss"):
    with open("/proc/%s/smaps_rollup" % pid, encoding="ascii") as file:
        return sum(int(line.split()[1]) << 10 for line in file if line.startswith(key + ":"))


@case("one block a page keeps the rest of it; the sum is Rss")
def holes(_directory):
    with known("holes") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        equal(document["resident_bytes"], rollup(process.pid), "Rss")
        equal((parts["live"], document["live_bytes"], document["live_blocks"]),
              (process.bytes, process.bytes, 10000), "live")
        equal((parts["rounding"], parts["headers"]), (0, 80000), "rounding and headers")
        near(parts["pinned_free"], 10000 * (4096 - 80), "pinned", percent=2)
        near(parts["free_pages"], 10000 * 102 * 80 - 10000 * 4096, "free pages", percent=2)
        equal(document["blocks_from"], "table", "where blocks come from")
        main = regions(document)["main heap"]
        equal(main["live_bytes"] + main["rounding_bytes"] + main["header_bytes"] + main["pinned_bytes"] +
              main["free_page_bytes"] + main["unseen_bytes"], main["resident_bytes"], "main heap")


@case("calloc that is not touched is not resident, nor is what was given back")
def untouched(_directory):
    with known("untouched") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(document["not_resident"]["untouched_bytes"], process.bytes, "untouched", slack=4096)
        near(parts["live"], 16 * MIB, "live", slack=4096)
    with known("advise") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(document["not_resident"]["untouched_bytes"], 8 * MIB, "given back", slack=4096)
        near(document["told_apart"]["lazy_free_bytes"], 4 * MIB, "free at will", slack=4096)
    with known("guard") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(parts["live"], 8 * MIB, "a block with a guard in it", slack=4096)


@case("files, stacks, shared memory, mappings of the program's own")
def classes(_directory):
    with known("small", "1") as process:
        _, without = ask(process.pid)
    for what, part in (("file", "file_text"), ("stacks", "stacks"), ("memfd", "shared_memory"),
                       ("own", "other_anonymous"), ("many", "other_anonymous")):
        with known(what) as process:
            document, parts = ask(process.pid)
            at_rest(document)
            near(parts[part] - without[part], process.bytes, what, slack=256 * KIB)
            if what == "own":
                equal(regions(document)["mapped blocks"]["region_count"], 8, "mapped blocks")
                near(parts["live"], 8 * MIB, "live", slack=8 * KIB)
                assert document["other_mappings"][0]["resident_bytes"] >= 3 * MIB, document


@case("pages that were read and never written are none, huge ones are")
def zero(_directory):
    for words in ([], ["pagemap"]):
        with known("zero") as process:
            document, _ = asked_without_scan(process.pid) if words else ask(process.pid)
            assert abs(document["drift_bytes"]) <= document["resident_bytes"] / 1000, document
            # There are kernels that give a page of its own.
            if document["resident_bytes"] < process.bytes:
                near(document["not_resident"]["zero_page_bytes"], process.bytes, "zero pages")
    with known("huge") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        equal(parts["live"] + document["not_resident"]["untouched_bytes"], process.bytes, "live")


@case("free pages of arenas, and of a heap behind one survivor")
def kept(_directory):
    with known("arenas") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(parts["free_pages"], process.bytes * 1008 / 1024, "free pages", slack=2 * MIB)
        equal(regions(document)["thread arenas"]["region_count"], 8, "arenas")
    with known("survivor") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(parts["free_pages"], process.bytes * 1008 / 1024, "free pages", slack=2 * MIB)


@case("the runtime's own part is what it is without: heaptally's memory is no part of the program's")
def tracer(_directory):
    with known("small", "100000") as process:
        document, parts = ask(process.pid)
        at_rest(document)
        plain = subprocess.Popen([program("resident"), "small", "100000"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, env=environment())
        plain.stdout.readline()
        rss = rollup(plain.pid)
        plain.communicate(b"")
        near(document["resident_bytes"] - parts["heaptally"], rss, "Rss without heaptally",
             slack=768 * KIB)


def of_allocator(allocator):
    with known("holes", preload=" " + need_library(allocator)) as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(parts["live"], process.bytes, "live", slack=8 * KIB)
        equal(parts["headers"], 0, "headers")
        near(parts["pinned_free"], 10000 * (4096 - 80), "pinned", percent=5)
        assert parts["other_anonymous"] < MIB, parts
    with known("own", preload=" " + need_library(allocator)) as process:
        document, parts = ask(process.pid)
        at_rest(document)
        near(parts["live"], 8 * MIB, "live")
        near(parts["other_anonymous"], process.bytes, "own mappings", slack=MIB)


@case("jemalloc: its slabs and the program's own mappings")
def jemalloc(_directory):
    of_allocator("jemalloc")


@case("tcmalloc: its spans and the program's own mappings")
def tcmalloc(_directory):
    of_allocator("tcmalloc_minimal")


@case("mimalloc: its segments and the program's own mappings")
def mimalloc(_directory):
    of_allocator("mimalloc")


@case("Python's arenas are a region of their own")
def python(_directory):
    with open("lists.py", "w", encoding="ascii") as file:
        file.write("import os, sys\nkept = [[number] for number in range(200000)]\n"
                   "print('ready', os.getpid(), 0, flush=True)\nsys.stdin.read()\n")
    with known(command=[need("python3"), "lists.py"]) as process:
        document, _ = ask(process.pid)
        at_rest(document)
        arenas = regions(document).get("Python's arenas")
        if arenas is None:
            raise Skip("this Python is not one whose allocators are seen")
        assert arenas["live_bytes"] > 200000 * 56, arenas
        assert arenas["live_bytes"] > arenas["resident_bytes"] / 2, arenas
        equal(arenas["header_bytes"], 0, "headers")


@case("a forked child's heap is its parent's: nothing is called free")
def child(_directory):
    with known("child") as process:
        document, parts = ask(process.pid)
        assert abs(document["drift_bytes"]) <= document["resident_bytes"] / 1000, document
        equal((parts["free_pages"], parts["pinned_free"]), (0, 0), "free")
        assert parts["heap_unseen"] > 40 * MIB, parts
        assert document["told_apart"]["inherited_shared_bytes"] > 40 * MIB, document
        equal([note.startswith("a forked child") for note in document["notes"]], [True], "notes")


@case("after a pause nothing is called free; after a clear all blocks are known")
def requests(_directory):
    with known("small", "1000", HEAPTALLY="start=off") as process:
        document, parts = ask(process.pid)
        equal((parts["free_pages"], parts["pinned_free"], parts["live"]), (0, 0, 0), "free")
        assert "paused" in document["notes"][0], document["notes"]


@case("pins: each line has its share of the pages, exclusively or not, and they add up")
def pins(_directory):
    with known("shared") as process:
        document = report("resident", "--pins", process.pid)
        parts = {part["name"]: part["resident_bytes"] for part in document["parts"]}
        rows = {row["frames"][0]["function"]: row for row in document["pins"]}
        equal(list(rows), ["keep", "keep_other"], "who pins")
        equal([row["live_blocks"] for row in document["pins"]], [7500, 2500], "live blocks")
        near(rows["keep"]["pinned_bytes"], parts["pinned_free"] * 0.75, "keep", percent=2)
        near(rows["keep_other"]["pinned_bytes"], parts["pinned_free"] * 0.25, "keep_other", percent=2)
        near(sum(row["pinned_bytes"] for row in document["pins"]), parts["pinned_free"], "sum", slack=8)
        # Two blocks lie 8160 bytes apart: no page has two.
        near(rows["keep"]["exclusive_bytes"], rows["keep"]["pinned_bytes"], "exclusively")
        text = heaptally("resident", "--pins", process.pid).stdout.decode()
        assert "resident.c:" in text and "\u2581" * 64 in text, text
    with known("child") as process:
        assert "pins" not in report("resident", "--pins", process.pid), "pins of inherited blocks"


@case("--pmap: each mapping of /proc/PID/maps, and what is in it")
def pmap(_directory):
    with known("own") as process:
        heaptally("resident", "--pmap", "map.txt", process.pid)
        with open("map.txt", encoding="utf-8") as file:
            rows = [line.split() for line in file]
        document, parts = ask(process.pid)
        equal(rows[-1][0], "total", "last line")
        near(int(rows[-1][3]) << 10, parts["live"], "live", slack=KIB)
        near(int(rows[-1][2]) << 10, document["sum_bytes"], "resident", slack=KIB)
        with open("/proc/%s/maps" % process.pid, encoding="utf-8") as file:
            starts = [int(line.split("-")[0], 16) for line in file]
        equal([int(row[0], 16) for row in rows[1:-1]], starts, "mappings")
        result = heaptally("resident", "--pmap", "map.txt", process.pid)
        equal(result.returncode, 2, "a file that is there is kept")


def remedies(document):
    return {remedy["advice"].split("=")[-2 if "TUNABLES" in remedy["advice"] else 0]: remedy["returned_bytes"]
            for remedy in document["remedies"]}


@case("malloc_trim returns what was promised: holes, ends, fastbins, arenas")
def trims(_directory):
    for what in ("holes", "survivor", "fastbins", "sizes", "large", "alternate", "arenas", "tops"):
        with known(what) as process:
            promised = remedies(report("resident", process.pid)).get("malloc_trim(0)", 0)
            assert (promised > 20 * MIB) == (what != "tops"), (what, promised)
            near(process.trim(), promised, "malloc_trim of " + what, percent=5, slack=256 * KIB)


def rss_of(*words, **options):
    with known(*words, **options) as process:
        return report("resident", process.pid)


@case("advice of glibc: with the setting Rss falls by about what was promised")
def thresholds(_directory):
    for what, name in (("large", "glibc.malloc.mmap_threshold"), ("tops", "glibc.malloc.trim_threshold")):
        before = rss_of(what)
        promised = remedies(before)["glibc.malloc." + name.rsplit(".", 1)[1]]
        after = rss_of(what, GLIBC_TUNABLES=name + "=131072")
        near(before["resident_bytes"] - after["resident_bytes"], promised, name, percent=10)
        equal(set(remedies(after)) - {"malloc_trim(0)"}, set(), "advice that was taken")


@case("advice of jemalloc: pages in no slab are what decay returns")
def decay(_directory):
    for what in ("survivor", "holes"):
        before = rss_of(what, preload=" " + need_library("jemalloc"))
        name = "MALLOC_CONF"
        promised = remedies(before).get(name, 0)
        after = rss_of(what, preload=" " + need_library("jemalloc"),
                       MALLOC_CONF="dirty_decay_ms:0,muzzy_decay_ms:0")
        near(before["resident_bytes"] - after["resident_bytes"], promised, "decay of " + what,
             percent=5, slack=6 * MIB)


@case("a run keeps the parts at its snapshots: resident FILE@MOMENT, timeline, its picture")
def snapshots(_directory):
    child = subprocess.Popen([COMMAND, "run", "-q", "-o", "kept.tally", "--", program("resident"), "holes"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    pid = child.stdout.readline().split()[1].decode()
    live, parts = ask(pid)
    heaptally("mark", pid, "first", "--wait", "0")
    child.stdin.write(b"trim\n")
    child.stdin.flush()
    child.stdout.readline()
    # The next allocation carries it out, and `run` takes its snapshot then.
    wait_to_succeed("info", pid + "@mark:first")
    child.stdin.close()
    child.wait(60)
    child.stdout.close()
    document, kept = ask("kept.tally@mark:first")
    equal(document["blocks_from"], "summary", "where it is from")
    near(kept["live"], parts["live"], "live", slack=8 * KIB)
    assert kept["free_pages"] <= parts["free_pages"], (kept, parts)
    equal(ask("kept.tally")[1], kept, "the last that is known")
    timeline = report("timeline", "kept.tally")["resident"]
    equal([{part["name"]: part["resident_bytes"] for part in one["parts"]} for one in timeline], [kept],
          "timeline")
    text = heaptally("timeline", "kept.tally").stdout.decode()
    assert "P pinned free" in text and "PPPP" in text, text
    heaptally("timeline", "--svg", "heap.svg", "kept.tally")
    with open("heap.svg", encoding="utf-8") as file:
        equal(file.read().count('class="part"'), 7, "areas")
    assert "free on pages with live blocks" in heaptally("info", "kept.tally").stdout.decode(), "a hint"
    equal(live["blocks_from"], "table", "of the living process")


@case("text has a bar and the sum, CSV adds up")
def formats(_directory):
    with known("small", "10") as process:
        assert "--pins" not in heaptally("resident", process.pid).stdout.decode(), "nothing worth a line"
    with known("holes") as process:
        text = heaptally("resident", process.pid).stdout.decode()
        for word in ("pinned free", "free pages kept", "drift", "not resident", "main heap", "\u2588"):
            assert word in text, (word, text)
        assert "pinned        38." in text and "--pins names the lines" in text, text
        assert "the lines are below" in heaptally("resident", "--pins", process.pid).stdout.decode(), "pins"
        plain = heaptally("resident", process.pid, env=environment(LC_ALL="C")).stdout
        assert b"##" in plain and plain.decode("ascii"), plain
        rows = list(csv.DictReader(io.StringIO(
            heaptally("resident", "--format", "csv", process.pid).stdout.decode())))
        equal(sum(int(row["bytes"]) for row in rows if row["kind"] == "part"),
              sum(int(row["bytes"]) for row in rows if row["kind"] == "total"), "CSV")


# Filters of system calls (include/uapi/linux/filter.h): (number, second argument or None, errno).
PROCESS_VM_READV, IOCTL, PAGEMAP_SCAN = 310, 16, 0xc0606610
EPERM, ENOTTY = 1, 25


def deny(*rules):
    """For preexec_fn: these calls fail in the program that is started."""
    code = []
    for number, argument, error in rules:
        code.append((0x20, 0, 0, 0))
        if argument is None:
            code.append((0x15, 0, 1, number))
        else:
            code += [(0x15, 0, 3, number), (0x20, 0, 0, 24), (0x15, 0, 1, argument)]
        code.append((0x06, 0, 0, 0x00050000 | error))
    code.append((0x06, 0, 0, 0x7fff0000))
    program_ = b"".join(struct.pack("HBBI", *one) for one in code)
    buffer = ctypes.create_string_buffer(program_)
    head = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None)

    def install():
        assert buffer is not None
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, head, 0, 0) != 0:
            os._exit(99)

    return install


def asked_without_scan(pid):
    result = heaptally("resident", "--format", "json", pid, preexec_fn=deny((IOCTL, PAGEMAP_SCAN, ENOTTY)))
    equal(result.returncode, 0, "status: %r" % result.stderr)
    document = json.loads(result.stdout)
    return document, {part["name"]: part["resident_bytes"] for part in document["parts"]}


@case("a kernel without PAGEMAP_SCAN: page by page, the same result")
def without_scan(_directory):
    for what in ("holes", "many", "child"):
        with known(what) as process:
            document, parts = ask(process.pid)
            other, other_parts = asked_without_scan(process.pid)
            equal(other_parts, parts, "parts of " + what)
            equal(other["pagemap_scan"], False, "without PAGEMAP_SCAN")
            equal(other["drift_bytes"], document["drift_bytes"], "drift")


@case("memory that may not be read: blocks of the recording, or the heap in one part")
def without_table(_directory):
    refused = deny((PROCESS_VM_READV, None, EPERM))
    with known("holes") as process:
        result = heaptally("resident", "--format", "json", process.pid, preexec_fn=refused)
        equal(result.returncode, 0, "status: %r" % result.stderr)
        document = json.loads(result.stdout)
        parts = {part["name"]: part["resident_bytes"] for part in document["parts"]}
        equal((document["blocks_from"], parts["live"], parts["free_pages"]), ("none", 0, 0), "blocks")
        near(parts["heap_unseen"], 10000 * 102 * 80, "the heap")
        equal(document["drift_bytes"], 0, "drift")
        assert "may not be read" in document["notes"][0], document["notes"]
    with known("holes", HEAPTALLY="blocks=on") as process:
        result = heaptally("resident", "--format", "json", process.pid, preexec_fn=refused)
        document = json.loads(result.stdout)
        parts = {part["name"]: part["resident_bytes"] for part in document["parts"]}
        equal((document["blocks_from"], parts["live"]), ("recording", process.bytes), "blocks")
        near(parts["pinned_free"], 10000 * (4096 - 80), "pinned", percent=2)


def refusal(*words, **options):
    result = heaptally("resident", *words, **options)
    equal((result.returncode, result.stdout), (2, b""), "status of %r" % (words,))
    lines = result.stderr.decode().splitlines()
    equal(len(lines), 1, "lines of %r" % lines)
    return lines[0]


@case("an ended process, a file, a process that is not traced, another user's: one line each")
def refusals(directory):
    heaptally("run", "-q", "-o", "ended.tally", "--", program("resident"), "small", "10")
    assert "nothing is known of resident pages then" in refusal("ended.tally")
    with known("small", "10", HEAPTALLY="out=%s/kept.recording" % directory) as process:
        pid = process.pid
        assert "is not traced" in refusal(str(os.getpid())) or \
            "not a traced process" in refusal(str(os.getpid()))
    assert "has ended" in refusal("kept.recording")
    assert "left no recording" in refusal(pid)
    assert refusal("nowhere.tally") == "heaptally: nowhere.tally: No such file or directory"
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    with known("small", "10") as process:
        line = refusal(process.pid, user=65534, group=65534, extra_groups=[])
        assert "belongs to another user" in line, line


def refusal_in(namespace, operand):
    """The line that is printed in a new namespace; the command's own status is its last word."""
    result = run([need("unshare"), *namespace, "sh", "-c", '"$@"; echo $?', "sh", COMMAND, "resident", operand])
    lines = result.stderr.decode().splitlines()
    equal((result.stdout, len(lines)), (b"2\n", 1), "answer in %r: %r" % (namespace, lines))
    return lines[0]


@case("a process that is out of sight, in a namespace or without /proc, and one that hides its memory: one line each")
def out_of_sight(directory):
    if os.geteuid() != 0:
        raise Skip("only root can make such namespaces")
    path = os.path.join(directory, "seen.recording")
    with known("small", "10", HEAPTALLY="out=" + path) as process:
        for namespace in (["--mount", "--pid", "--fork", "--mount-proc"],
                          ["--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh"]):
            for operand in (path, process.pid):
                line = refusal_in(namespace, operand)
                assert "cannot be seen in /proc" in line or "not a traced process" in line, line
        assert os.path.exists(path), "the recording of a process that lives"
        at_rest(ask(process.pid)[0])
    # Who may run a file and not read it has no right to look at the process, which is his own.
    os.chmod(directory, 0o777)
    shutil.copy(program("resident"), "hidden")
    os.chmod("hidden", 0o111)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    child = subprocess.Popen(
        [os.path.join(directory, "hidden"), "small", "10"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=%s/hidden.recording" % directory), **nobody)
    try:
        equal(child.stdout.readline().split()[:1], [b"ready"], "the program")
        if not os.path.exists("hidden.recording"):
            raise Skip("such a program is not traced here")
        line = refusal("hidden.recording", **nobody)
        assert "may not be dumped" in line, line
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()


@case("the process goes on, and its blocks with it: the parts add up all the same")
def busy(_directory):
    child = subprocess.Popen([program("churn"), "1", str(10**12)], stdout=subprocess.DEVNULL,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        pid = str(child.pid)
        wait_to_succeed("info", pid, child=child)
        before = report("info", pid)["total_blocks"]
        for _ in range(5):
            ask(pid)
        assert report("info", pid)["total_blocks"] > before, "it stands still"
    finally:
        end_child(child)


run_cases()
