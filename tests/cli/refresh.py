#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""top --refresh: what it shows of a program that allocates on command, and the terminal it borrows."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from commanded import DONE, TROUBLE, commanded
from harness import (COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, run_cases,
                     wait_to_succeed)

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE = 60


class Watched:
    """`top --refresh` with its output in a pipe."""

    def __init__(self, *arguments):
        self.child = subprocess.Popen([COMMAND, "top", *arguments], stdout=subprocess.PIPE,
                                      env=environment(), stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_child(self.child)
        self.child.stdout.close()

    def next_json(self):
        """The next document; it ends with the line of its closing bracket."""
        text = b""
        for line in self.child.stdout:
            text += line
            try:
                return json.loads(text)
            except ValueError:
                pass
        raise AssertionError("no further report after %r" % text)

    def next_title(self):
        for line in self.child.stdout:
            if line.startswith(b"commanded "):
                return line.decode()
        raise AssertionError("no further report")


class Terminal:
    """`top --refresh` in a terminal of its own."""

    def __init__(self, *arguments, size=None):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if size:
                set_size(0, *size)
            os.execve(COMMAND, [COMMAND, "top", *arguments], environment(TERM="xterm"))
        self.modes = termios.tcgetattr(self.fd)
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, limit):
        """What comes until limit, or b"" when that is all there ever will be."""
        if not select.select([self.fd], [], [], max(0, limit - time.monotonic()))[0]:
            raise AssertionError("no more output after %r" % self.output)
        try:
            return os.read(self.fd, 65536)
        except OSError:
            return b""

    def expect(self, pattern, start=0):
        """Read until pattern is there; the place behind it."""
        limit = time.monotonic() + PATIENCE
        while True:
            found = re.compile(pattern, re.S).search(self.output, start)
            if found:
                return found.end()
            more = self.read(limit)
            assert more, "%r ended without %r" % (self.output, pattern)
            self.output += more

    def wait(self):
        """To the end; the wait status."""
        limit = time.monotonic() + PATIENCE
        while True:
            more = self.read(limit)
            if not more:
                break
            self.output += more
        self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def is_as_before(self):
        """The modes are restored, and the alternate screen is left as often as it was entered."""
        return (termios.tcgetattr(self.fd) == self.modes
                and self.output.count(ENTER) == self.output.count(LEAVE) > 0)


def get_groups(top):
    return {group["frames"][0]["function"]: group for group in top["groups"]}


@case("reports of what is live, and how it changes")
def changes(_directory):
    with commanded() as process:
        process.tell("left 10 1000")
        with Watched("--refresh", "0.02", "--format", "json", "--by", "function",
                     process.pid) as watched:
            first = watched.next_json()
            equal(get_groups(first)["take_left"]["live_bytes"], 10000, "live")
            assert "live_bytes_per_second" not in get_groups(first)["take_left"], first
            process.tell("right 3 100")
            process.tell("free 4")
            before, now = first, watched.next_json()
            seen = {"take_left": 0, "take_right": 0}
            while get_groups(now).get("take_right", {"live_bytes": 0})["live_bytes"] != 300 or \
                    get_groups(now)["take_left"]["live_bytes"] != 6000:
                add_changes(seen, before, now)
                before, now = now, watched.next_json()
            add_changes(seen, before, now)
            equal({name: round(value, -1) for name, value in seen.items()},
                  {"take_left": -4000, "take_right": 300}, "sum of all changes")
            process.end()
            while now["process"]["state"] == "running":
                now = watched.next_json()
            equal(now["process"]["state"], "exited", "last report")
            equal(watched.child.wait(PATIENCE), DONE, "status")


def add_changes(seen, before, now):
    seconds = now["process"]["moment_seconds"] - before["process"]["moment_seconds"]
    for name, group in get_groups(now).items():
        seen[name] += group["live_bytes_per_second"] * seconds


@case("--count ends it; reports in text are apart by an empty line")
def count(_directory):
    with commanded() as process:
        process.tell("left 2 50")
        result = heaptally("top", "--refresh", "0.02", "--count", "3", process.pid)
        equal((result.returncode, result.stderr), (DONE, b""), "status")
        titles = re.findall(rb"(?m)^(?:\n)?commanded \d+, now .*$", result.stdout)
        equal(len(titles), 3, "titles in %r" % result.stdout)
        equal([b" in 2 blocks, +0 B/s, by" in title for title in titles], [False, True, True], "change")
        equal(result.stdout.count(b"\n\ncommanded "), 2, "empty lines")
        assert b"\x1b" not in result.stdout, result.stdout


@case("a process that becomes another program is followed")
def follows(_directory):
    with commanded("/bin/sh", "-c", 'read line; exec "$0"', LD_PRELOAD=LIBRARY) as process:
        wait_to_succeed("top", process.pid)
        with Watched("--refresh", "0.02", "--format", "json", "--by", "function",
                     process.pid) as watched:
            assert watched.next_json()["process"]["command"] != "commanded"
            process.child.stdin.write(b"go on\n")
            process.tell("left 2 50")
            now = watched.next_json()
            while "take_left" not in get_groups(now):
                equal(now["process"]["state"], "running", "state")
                now = watched.next_json()
            equal(now["process"]["command"], "commanded", "command")
            process.end()
            while now["process"]["state"] == "running":
                before, now = now, watched.next_json()
            equal(now["process"]["state"], "exited", "last report")
            assert now["process"]["moment_seconds"] >= before["process"]["moment_seconds"]
            equal(watched.child.wait(PATIENCE), DONE, "status")


@case("the last report of a process that is killed is of its end")
def killed(_directory):
    with commanded() as process:
        process.tell("left 2 50")
        with Watched("--refresh", "0.02", "--format", "json", process.pid) as watched:
            before = watched.next_json()
            time.sleep(0.1)
            before = watched.next_json()
            process.child.kill()
            process.child.wait(PATIENCE)
            now = before
            while now["process"]["state"] == "running":
                before, now = now, watched.next_json()
            equal(now["process"]["moment"], "at the end", "moment")
            assert now["process"]["moment_seconds"] >= before["process"]["moment_seconds"], now
            equal(watched.child.wait(PATIENCE), DONE, "status")


@case("a stopped process, which is left alone")
def stopped(_directory):
    with commanded() as process:
        process.tell("left 2 50")
        process.child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.child.pid, os.WSTOPPED | os.WNOWAIT)
        result = heaptally("top", "--refresh", "0.01", "--count", "2", process.pid)
        equal(result.returncode, DONE, "status")
        equal(result.stdout.count(b"100 B in 2 blocks"), 2, "reports")
        with open("/proc/%s/stat" % process.pid) as stat:
            equal(stat.read().rsplit(")", 1)[1].split()[0], "T", "state")
        process.child.send_signal(signal.SIGCONT)


@case("memory does not grow with the number of reports")
def memory(_directory):
    with commanded() as process:
        process.tell("stacks 4000")
        with Watched("--refresh", "0.01", "-n", "1", process.pid) as watched:
            sizes = []
            for _ in range(2):
                for _ in range(60):
                    watched.next_title()
                with open("/proc/%d/status" % watched.child.pid) as status:
                    sizes.append(int(re.search(r"VmData:\s+(\d+) kB", status.read())[1]))
        # A moment of 4000 stacks is 320 KB, sixty are 19 MB.
        assert sizes[1] - sizes[0] < 1000, sizes


@case("on a terminal: drawn in place, q gives the terminal back")
def quits(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        with Terminal("--refresh", "0.05", process.pid) as terminal:
            place = terminal.expect(re.escape(ENTER) + rb".*take_left.*q quits")
            place = terminal.expect(rb"\x1b\[H.* in 3 blocks, \+0 B/s.*q quits", place)
            modes = termios.tcgetattr(terminal.fd)
            equal(modes[3] & (termios.ICANON | termios.ECHO), 0, "modes while it runs")
            os.write(terminal.fd, b"xq")
            equal(terminal.wait(), 0, "status")
            assert terminal.is_as_before(), terminal.output[-200:]
            assert terminal.output.endswith(LEAVE), terminal.output[-200:]


@case("on a terminal: Ctrl-C, and signals that end it")
def signals(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        for number, expected in ((None, 0), (signal.SIGINT, 0), (signal.SIGTERM, signal.SIGTERM),
                                 (signal.SIGHUP, signal.SIGHUP)):
            with Terminal("--refresh", "1000", process.pid) as terminal:
                terminal.expect(rb"q quits")
                if number is None:
                    os.write(terminal.fd, b"\x03")
                else:
                    os.kill(terminal.pid, number)
                equal(terminal.wait(), expected, "wait status")
                assert terminal.is_as_before(), terminal.output[-200:]


@case("on a terminal: Ctrl-Z gives it back, going on takes it again")
def suspends(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        with Terminal("--refresh", "1000", process.pid) as terminal:
            terminal.expect(rb"q quits")
            # A session without a shell ignores SIGTSTP from its terminal; SIGSTOP is what follows.
            place = len(terminal.output)
            os.kill(terminal.pid, signal.SIGTSTP)
            place = terminal.expect(re.escape(LEAVE), place)
            os.kill(terminal.pid, signal.SIGCONT)
            place = terminal.expect(re.escape(ENTER) + rb".*take_left.*q quits", place)
            os.write(terminal.fd, b"q")
            equal(terminal.wait(), 0, "status")
            assert terminal.is_as_before(), terminal.output[-200:]


@case("on a terminal: the process ends, the last report stays")
def ends(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        with Terminal("--refresh", "0.05", process.pid) as terminal:
            terminal.expect(rb"q quits")
            process.end()
            equal(terminal.wait(), 0, "status")
            assert terminal.is_as_before(), terminal.output[-200:]
            last = terminal.output.split(LEAVE)[1]
            assert b"at exit" in last and b"take_left" in last, last


@case("on a terminal: the last one of a number of reports stays")
def counted(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        with Terminal("--refresh", "0.05", "--count", "3", process.pid) as terminal:
            equal(terminal.wait(), 0, "status")
            assert terminal.is_as_before(), terminal.output[-200:]
            drawn, last = terminal.output.split(LEAVE)
            equal(drawn.count(b"q quits"), 2, "reports on the screen")
            assert b"in 3 blocks, +0 B/s" in last and b"take_left" in last, last
            assert b"q quits" not in last, last
        with Terminal("--refresh", "1000", "--count", "1", process.pid) as terminal:
            equal(terminal.wait(), 0, "status")
            assert ENTER not in terminal.output and b"take_left" in terminal.output, terminal.output


@case("a small terminal gets no more lines than it has")
def small(_directory):
    with commanded() as process:
        process.tell("left 3 1000")
        with Terminal("--refresh", "0.05", "--by", "stack", process.pid) as terminal:
            terminal.expect(rb"q quits|\x1b\[J")
            termios.tcsetwinsize(terminal.fd, (5, 40)) if hasattr(termios, "tcsetwinsize") \
                else set_size(terminal.fd, 5, 40)
            place = len(terminal.output)
            place = terminal.expect(rb"\x1b\[J.*\x1b\[H", place)
            drawn = terminal.output[terminal.expect(rb"\x1b\[H", place) - 3:
                                    terminal.expect(rb"\x1b\[J", place + 3)]
            assert drawn.count(b"\n") <= 4, drawn
            os.write(terminal.fd, b"q")
            equal(terminal.wait(), 0, "status")


def set_size(fd, rows, columns):
    import fcntl
    import struct
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@case("a narrow terminal cuts no file and no line")
def narrow(_directory):
    with commanded() as process:
        process.tell("left 10 1000")
        process.tell("right 3 100")
        for columns in (60, 80):
            with Terminal("--refresh", "0.05", process.pid, size=(24, columns)) as terminal:
                end = terminal.expect(rb"q quits")
                screen = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", terminal.output[:end]).decode()
                for name in ("take_left", "take_right"):
                    assert re.search(r" %s +\S*commanded\.c:\d+\r?$" % name, screen, re.M), screen
                assert all(len(line.rstrip("\r")) <= columns for line in screen.split("\n")), screen


@case("what cannot be refreshed is one line and 2")
def refused(_directory):
    with open("text", "w") as file:
        file.write("not a recording\n" * 1000)
    for words, why in (
            (["--refresh", "1"], "no process given"),
            (["--refresh", "0", "1"], "not a number of seconds"),
            (["--refresh", "nan", "1"], "not a number of seconds"),
            (["--refresh", "soon", "1"], "not a number of seconds"),
            (["--count", "2", "1"], "--count goes with --refresh only"),
            (["--refresh", "1", "--count", "0", "1"], "not a whole number"),
            (["--refresh", "1", "--at", "3s", "1"], "shows now or peak"),
            (["--refresh", "1", str(os.getpid())], "not a traced process"),
            (["--refresh", "1", "text"], "no recording; --refresh is for a process"),
            (["--refresh", "1", "nowhere"], "No such file")):
        result = heaptally("top", *words)
        equal(result.returncode, TROUBLE, "status of %r" % words)
        assert why.encode() in result.stderr.splitlines()[0], result.stderr


run_cases()
