# SPDX-License-Identifier: LGPL-2.1-or-later
"""The dynamic loader started as a program: what it loads is the program."""
import glob
import os
import re

from harness import case, environment, equal, heaptally, program, record, report, run, run_cases

with open("/proc/self/maps", encoding="utf-8") as maps:
    LOADER = os.path.realpath(re.search(r"(/\S*/ld-linux[^/]*)$", maps.read(), re.M)[1])


@case("the program is traced, and has its own name and functions")
def traced(directory):
    for options in ([], ["--inhibit-cache"], ["--argv0", "renamed", "--library-path", directory]):
        done = record("run.tally", [LOADER, *options, program("tree")])
        equal(done.returncode, 0, done.stderr)
        info = report("info", "run.tally")
        equal((info["command"], os.path.basename(info["executable"])), ("tree", "tree"), options)
        text = heaptally("top", "--by", "function", "run.tally").stdout.decode()
        assert "ld-linux" not in text and "tree.cpp" in heaptally("top", "run.tally").stdout.decode(), text


@case("the file is called after it, below a shell, too")
def named(_directory):
    equal(heaptally("run", "-q", "--", LOADER, program("tree")).returncode, 0, "status")
    assert glob.glob("heaptally.tree.*.tally"), os.listdir()
    done = record("run.tally", ["sh", "-c", "%s %s; true" % (LOADER, program("tree"))])
    equal(done.returncode, 0, done.stderr)
    info = report("info", "run.tally", "--process", "tree")
    equal((info["command"], info["executable"]), ("tree", program("tree")), "the process")
    assert "ld-linux" not in heaptally("list", "run.tally").stdout.decode()


@case("its options that run nothing are as without heaptally")
def nothing(_directory):
    for words in (["--verify", "/bin/ls"], ["--list", "/bin/ls"], ["--help"], ["--version"],
                  ["--list-tunables"], [], ["--library-path"], ["--verify", "/etc/passwd"]):
        bare = run([LOADER, *words], env=environment())
        done = heaptally("run", "-q", "-f", "-o", "run.tally", "--", LOADER, *words)
        place = lambda text: re.sub(rb"0x[0-9a-f]{8,}", b"0x", text)
        equal((done.returncode, place(done.stdout), done.stderr),
              (bare.returncode, place(bare.stdout), bare.stderr), words)
        equal(os.path.exists("run.tally"), False, "a tally")


run_cases()
