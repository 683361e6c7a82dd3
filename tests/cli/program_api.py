#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally.h keeps its word, with and without the runtime, in C and in C++."""
import os

from harness import BUILD, LIBRARY, case, environment, equal, program, report, run, run_cases

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
