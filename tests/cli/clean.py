#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""list and clean: what runs comes first, what has ended goes, and a number that came again is another."""
import os
import struct
import subprocess

from commanded import DONE, TROUBLE, commanded
from harness import COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, program, report, run, run_cases

PID_OFFSET = 52  # RECORDING_FIXED in recording.h


def leave_recording():
    """The path of what a program leaves that has no `run`."""
    before = set(row["path"] for row in report("list")["recordings"])
    done = run([program("exits"), "10", "exit"], env=environment(LD_PRELOAD=LIBRARY))
    equal(done.returncode, 3, "status")
    added = [row["path"] for row in report("list")["recordings"] if row["path"] not in before]
    mine = [path for path in added if path.startswith(os.getcwd())]
    equal(len(mine), 1, "recordings")
    return mine[0]


def mine():
    return [row for row in report("list")["recordings"] if row["path"].startswith(os.getcwd())]


@case("list: running ones first, and the bytes that each takes on the disk")
def lists(_directory):
    with commanded() as process:
        process.tell("left 10 1000")
        leave_recording()
        rows = mine()
        equal([row["state"] for row in rows], ["running", "exited"], "states")
        for row in rows:
            equal(row["disk_bytes"], os.stat(row["path"]).st_blocks * 512, "bytes")
            assert 0 < row["disk_bytes"] < os.stat(row["path"]).st_size, row


@case("clean: only what has ended so long ago, and never what lives")
def cleans(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    path = leave_recording()
    os.environ["TMPDIR"] = directory
    place = os.path.dirname(path)
    result = heaptally("clean", place)
    equal(result.returncode, DONE, "status")
    assert result.stdout.startswith(b"removed 0 recordings, 0 B\n1 recording, "), result.stdout
    # What others left on this machine is theirs.
    result = heaptally("clean", "--older", "0", "--dry-run")
    assert result.stdout.startswith(b"would remove "), result.stdout
    assert os.path.exists(path), "ended just now, or only said"
    with commanded() as process:
        process.tell("left 10 1000")
        result = heaptally("clean", "--older", "0", place)
        equal(result.returncode, DONE, "status")
        equal(result.stdout.split(b",")[0], b"removed 1 recording", "said")
        equal([row["pid"] for row in mine()], [int(process.pid)], "left")
    for words in (["--older", "soon"], ["no-such-place"], ["/"], ["a", "b"]):
        equal(heaptally("clean", *words).returncode, TROUBLE, words)


@case("clean: what a run that lasts has yet to read stays")
def keeps(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    script = "%s 10 exit; echo; read line" % program("exits")
    with subprocess.Popen([COMMAND, "run", "-q", "-o", "run.tally", "--", "sh", "-c", script],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as child:
        equal(child.stdout.readline(), b"\n", "said")
        equal(heaptally("clean", "--older", "0", os.path.join(directory, "heaptally")).stdout,
              b"removed 0 recordings, 0 B\n", "said")
        child.communicate(b"\n", 60)
    equal([row["command"] for row in report("info", "run.tally")["processes"]].count("exits"), 1, "read")


@case("a process that has the number of one that left a recording is not that one")
def numbers(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    path = leave_recording()
    child = subprocess.Popen(["sleep", "600"], env=environment())
    try:
        with open(path, "r+b") as file:
            file.seek(PID_OFFSET)
            file.write(struct.pack("<I", child.pid))
        result = heaptally("info", str(child.pid))
        equal(result.returncode, TROUBLE, "of a process that is not traced")
        assert b"cannot attach" in result.stderr, result.stderr
    finally:
        end_child(child)
    equal(heaptally("info", str(child.pid)).returncode, DONE, "of the one that has ended")


run_cases()
