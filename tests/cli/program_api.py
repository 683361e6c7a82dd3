#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally.h keeps its word, with and without the runtime, in C and in C++."""
import os

from harness import BUILD, LIBRARY, SOURCE, case, environment, equal, program, report, run, run_cases

OPTIONS = ["", ":blocks=on", ":threads=on", ":blocks=on:threads=on"]


def traced(name, *words, options=""):
    settings = "out=%s/own.recording%s" % (os.getcwd(), options)
    result = run([program(name), *words], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=settings))
    equal((result.stdout.decode(), result.returncode), ("", 0), " ".join((name, options)))


@case("without the runtime everything is off, in C and C++")
def alone(_directory):
    for name in ("api", "apixx"):
        result = run([program(name), "alone"])
        equal((result.stdout.decode(), result.returncode), ("", 0), name)


@case("with it every function does what the header says")
def all_functions(_directory):
    for name in ("api", "apixx"):
        for options in OPTIONS:
            traced(name, "traced", "copy.recording", options=options)
            os.unlink("own.recording")


@case("a program that starts switched off switches on itself")
def switched_off(_directory):
    traced("api", "off", options=":start=off")


@case("its own snapshot is a recording of that moment")
def snapshot(_directory):
    for options in OPTIONS:
        traced("api", "traced", "copy.recording", options=options)
        equal(sorted(os.listdir(".")), ["copy.recording", "own.recording"], "what is left beside it")
        rows = report("top", "--at", "now", "--by", "allocator", "copy.recording")["groups"]
        live = {row["frames"][0]["function"]: row["live_bytes"] for row in rows if row["live_bytes"]}
        equal(live, {"malloc": 4321, "arena": 100}, "live bytes in the copy")
        own = report("top", "--at", "now", "--by", "allocator", "own.recording")["groups"]
        equal(sum(row["live_bytes"] for row in own), 100, "live bytes at the end")
        os.unlink("own.recording")


@case("pools are domains of their own in filters")
def domains(_directory):
    traced("api", "traced", "copy.recording")
    for domain, expected in (("arena", 100), ("malloc", 4321), ("nothing", 0)):
        rows = report("top", "--at", "now", "--include", "domain=" + domain,
                      "copy.recording")["groups"]
        equal(sum(row["live_bytes"] for row in rows), expected, domain)


@case("C++: a scope is two marks, and the header is neither a frame nor a line, with and without -O")
def scopes(_directory):
    for name in ("scope", "scope_O0"):
        settings = "out=%s/own.recording" % os.getcwd()
        result = run([program(name)], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=settings))
        equal(result.returncode, 0, name)
        labels = [mark["label"] for mark in report("info", "own.recording")["marks"]]
        equal(labels[:4], ["", "load", "inside", "load end"], "marks; the first is of the clearing")
        equal([(len(label) <= 95, label[-4:]) for label in labels[4:]], [(True, " end")], "the label that is cut")
        rows = report("top", "--at", "now", "--by", "stack", "--include", "domain=pool", "own.recording")["groups"]
        frames = [(frame["function"], frame["line"]) for frame in rows[0]["frames"][:2]]
        equal([row["live_bytes"] for row in rows], [77], "bytes")
        equal(frames[0], ("track", int(result.stdout)), "the site: %r" % rows[0]["frames"])
        equal(frames[1][0], "main", "its caller")
        os.unlink("own.recording")


DIALECTS = (
    ("gcc", "c", ("c99", "c11", "gnu89", "gnu17")),
    ("clang", "c", ("c99", "c11", "gnu89", "gnu17")),
    ("g++", "c++", ("c++98", "c++11", "c++20")),
    ("clang++", "c++", ("c++98", "c++11", "c++20")),
)


@case("the header compiles without a warning in every dialect of C and C++")
def dialects(_directory):
    uses = "#include <heaptally.h>\nint (*f)(void) = &heaptally_clear;\nint g(void) { return heaptally_mark(\"x\"); }\n"
    header = os.path.join(SOURCE, "lib", "include")
    with open("x", "w", encoding="ascii") as file:
        file.write(uses)
    for compiler, language, standards in DIALECTS:
        for standard in standards:
            words = [compiler, "-x", language, "-std=" + standard, "-Wall", "-Wextra", "-Werror", "-O2"]
            # stdint.h itself has long long in C++98.
            words += [] if standard == "c++98" else ["-Wpedantic"]
            result = run([*words, "-I" + header, "-c", "-o", "x.o", "x"])
            equal((result.returncode, result.stderr.decode()), (0, ""), " ".join(words))


@case("a snapshot beyond RLIMIT_FSIZE is refused, without a signal")
def file_limit(_directory):
    traced("edges", "limit", "copy.recording")
    equal(sorted(os.listdir(".")), ["own.recording"], "files")


@case("a call that is left by siglongjmp holds no lock")
def left_behind(_directory):
    for _ in range(10):
        traced("edges", "longjmp")
        os.unlink("own.recording")


@case("a mark without room is refused")
def marks_full(_directory):
    traced("edges", "marks")
    equal(len(report("info", "own.recording")["marks"]), 1 << 16, "marks")


@case("a block of before a clearing stays ignored when it is not retagged")
def retag_forgotten(_directory):
    traced("edges", "retag")
    equal(report("info", "own.recording")["unknown_frees"], 0, "frees of unknown blocks")


@case("the next block at an address is not the watched one")
def watch_what_goes(_directory):
    traced("edges", "watch")


@case("a callback that forks returns in the child, too, which has a recording of its own")
def fork_in_callback(_directory):
    for options in OPTIONS:
        traced("edges", "fork", options=options)
        paths = sorted(os.listdir("."))
        equal(len(paths), 9, "recordings")
        for path in paths[1:]:
            equal(report("info", path)["live_blocks"], 0, "live in a child")
        for path in paths:
            os.unlink(path)


@case("a snapshot while other threads make stacks can be read")
def snapshots_under_load(_directory):
    traced("edges", "snapshots", "copy")
    for number in range(12):
        report("info", "copy.%d" % number)


@case("pkg-config finds the header")
def pkg_config(_directory):
    with open(os.path.join(BUILD, "lib", "heaptally.pc"), encoding="ascii") as file:
        text = file.read()
    for word in ("Name: heaptally", "Cflags: -I${includedir}", "runtime=${libdir}/"):
        assert word in text, (word, text)
    assert "@" not in text, text


run_cases()
