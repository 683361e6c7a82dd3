#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""other_version.py - recordings and tallies of other versions are recognised, and left alone

The recordings are forged: what every version has in the same place, and then bytes that mean
nothing. A process holds the lock of one, as the runtime does.
"""
import contextlib
import ctypes
import os
import struct
import subprocess
import sys
import time

from harness import case, end_child, equal, heaptally, report, run_cases

LAYOUT, OTHER_LAYOUT = 6, 77
TROUBLE = 2

# Locks the first byte of a file, says so, and keeps the lock until its input ends.
HOLDER = """
import fcntl, struct, sys
file = open(sys.argv[1], "r+b")
fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
print("ready", flush=True)
sys.stdin.read()
"""


def forge(path, pid):
    """A recording of a version to come."""
    header = bytearray(b"\xaa" * 4096)
    header[0:8] = b"heaptaly"
    struct.pack_into("<II", header, 8, 0x01020304, OTHER_LAYOUT)
    struct.pack_into("<IIII", header, 48, 62, pid, 1, os.geteuid())
    struct.pack_into("<Q16xQQ", header, 64, 0, time.time_ns(), time.monotonic_ns())
    header[72:88] = bytes(16)
    header[128:144] = b"tomorrow".ljust(16, b"\0")
    with open(path, "wb") as file:
        file.write(header)


@contextlib.contextmanager
def held(path):
    """A process that holds the forged recording at path."""
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    with open(path, "wb"):
        pass
    child = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    try:
        equal(child.stdout.readline(), b"ready\n", "holder")
        forge(path, child.pid)
        yield child.pid
    finally:
        child.stdin.close()
        child.stdout.close()
        end_child(child)


def place(directory):
    """Where recordings of this case lie."""
    path = os.path.join(directory, "heaptally")
    os.mkdir(path, 0o700)
    os.environ["XDG_RUNTIME_DIR"] = directory
    return path


def make_old(path):
    """As if nothing had been made in it since the day before yesterday."""
    then = time.time() - 2 * 24 * 60 * 60
    os.utime(path, (then, then))


def check_refusal(arguments):
    result = heaptally(*arguments)
    text = result.stderr.decode()
    equal(result.returncode, TROUBLE, "status of %s" % arguments)
    for part in ("layout %d" % OTHER_LAYOUT, "layout %d" % LAYOUT, "another version"):
        assert part in text, (arguments, text)
    assert "damaged" not in text and "not a traced" not in text, text


@case("a living process of another version is listed, and reports name both versions")
def living(directory):
    path = os.path.join(place(directory), "1.recording")
    with held(path) as pid:
        entries = [entry for entry in report("list")["recordings"] if entry["path"] == path]
        equal([(entry["pid"], entry["command"], entry["state"], entry["layout"],
                entry["live_bytes"]) for entry in entries],
              [(pid, "tomorrow", "running", OTHER_LAYOUT, None)], "list")
        assert b"tomorrow" in heaptally("list").stdout
        for operand in (str(pid), path):
            check_refusal(["top", operand])
            check_refusal(["info", operand])
            check_refusal(["snapshot", "-o", "x.tally", operand])
            check_refusal(["top", "--refresh", "1", operand])
            check_refusal(["mark", operand, "label"])
    assert os.path.exists(path)
    check_refusal(["top", str(pid)])


@case("a run's directory that was left behind stays while another version lives in it")
def left_behind(directory):
    run_directory = os.path.join(place(directory), "run.abcdef")
    path = os.path.join(run_directory, "1.recording")
    with held(path):
        make_old(run_directory)
        equal(heaptally("run", "-q", "-o", "a.tally", "true").returncode, 0, "status")
        assert os.path.exists(path), "deleted under a living process"
    make_old(run_directory)
    equal(heaptally("run", "-q", "-o", "b.tally", "true").returncode, 0, "status")
    assert not os.path.exists(run_directory), "what is dead is removed"


@case("a file that is no recording yet, but locked, is not deleted")
def about_to_be_filled(directory):
    run_directory = os.path.join(place(directory), "run.abcdef")
    path = os.path.join(run_directory, "1.recording")
    with held(path):
        with open(path, "r+b") as file:
            file.write(b"\0" * 8)
        make_old(run_directory)
        equal(heaptally("run", "-q", "-o", "a.tally", "true").returncode, 0, "status")
        assert os.path.exists(path)


@case("a tally of a newer version is said to be that, not damaged")
def newer_tally(_directory):
    text = b"heaptally tally 2\nand what comes then"
    packed = ctypes.create_string_buffer(1000)
    length = ctypes.CDLL("libzstd.so.1").ZSTD_compress(packed, len(packed), text, len(text), 1)
    with open("new.tally", "wb") as file:
        file.write(packed.raw[:length])
    result = heaptally("info", "new.tally")
    equal(result.returncode, TROUBLE, "status")
    assert b"newer heaptally" in result.stderr and b"damaged" not in result.stderr, result.stderr


run_cases()
