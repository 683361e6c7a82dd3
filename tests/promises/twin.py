#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally leaks PID: a copy of the process looks, and the process does not notice."""
import contextlib
import errno
import json
import os
import signal
import struct
import subprocess
import threading
import time

import schema
from harness import BUILD, COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, program, run, run_cases

LIMIT_SECONDS = 60
SERIAL = 36  # where a graph has its number


class Target:
    """A traced process, whose events come while a thread feeds it, and only then."""

    def __init__(self, how, directory):
        self.recording = os.path.join(directory, "t.recording")
        self.process = subprocess.Popen([program("twins"), *how.split()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment(LD_PRELOAD=LIBRARY,
                                                                   HEAPTALLY="out=" + self.recording))
        self.pid = self.process.pid
        self.said = set()
        equal(self.process.stdout.readline(), "ready\n", "start")

    def tell(self, word="go"):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "done\n":
                return
            self.said.add(line)
        raise AssertionError("the process ended")

    @contextlib.contextmanager
    def events(self):
        stop = threading.Event()

        def feed():
            with contextlib.suppress(AssertionError, BrokenPipeError):
                while not stop.wait(0.001):
                    self.tell()

        thread = threading.Thread(target=feed)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def children(self):
        with contextlib.suppress(FileNotFoundError):
            with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as file:
                return [int(word) for word in file.read().split()]
        return []


@contextlib.contextmanager
def target(how, directory):
    one = Target(how, directory)
    try:
        yield one
    finally:
        end_child(one.process)
        one.process.stdin.close()
        one.process.stdout.close()


def ask(pid, *words, status=1):
    result = heaptally("leaks", "--format", "json", *words, str(pid))
    equal(result.returncode, status, "status: %r" % result.stderr)
    document = json.loads(result.stdout)
    schema.check(document)
    return document


@case("two looks find what is lost, and the process sees no child, no signal and no file")
def unnoticed(directory):
    with target("events", directory) as process:
        files = sorted(os.listdir("/proc/%d/fd" % process.pid))
        with process.events():
            document = ask(process.pid, "--settle", "0.1")
        equal(document["summary"]["definite"], {"blocks": 5, "bytes": 500}, "lost")
        equal((document["quality"]["scan_count"], document["quality"]["sure"]), (2, True), "looks")
        for _ in range(3):
            process.tell()
        equal(process.said, set(), "what the process saw")
        equal(process.children(), [], "children that are left")
        equal(sorted(os.listdir("/proc/%d/fd" % process.pid)), files, "descriptors")
        equal(os.listdir(directory), ["t.recording"], "files")


@case("one look only seems to find something")
def once(directory):
    with target("events", directory) as process, process.events():
        document = ask(process.pid, "--settle", "0")
        equal((document["quality"]["scan_count"], document["quality"]["sure"]), (1, False), "looks")
        text = heaptally("leaks", "--settle", "0", str(process.pid)).stdout.decode()
        assert "seem lost" in text, text


@case("pointers that two threads move are never lost")
def movers(directory):
    with target("movers", directory) as process, process.events():
        for _ in range(6):
            document = ask(process.pid, "--settle", "0")
            equal(document["summary"]["definite"]["blocks"], 5, "lost")
            equal(document["summary"]["indirect"]["blocks"], 0, "lost behind them")


@case("a process that allocates nothing gives no answer, and is asked no more")
def asleep(directory):
    with target("asleep", directory) as process:
        result = heaptally("leaks", "--wait", "0.2", str(process.pid))
        equal(result.returncode, 3, "status")
        assert b"neither allocated nor freed" in result.stderr, result.stderr
        result = heaptally("mark", "--wait", "0.1", str(process.pid), "later")
        assert b"has not allocated since" in result.stderr, result.stderr


@case("one that filters its system calls is not asked")
def filtered(directory):
    with target("filtered", directory) as process, process.events():
        result = heaptally("leaks", str(process.pid))
        equal(result.returncode, 3, "status")
        assert b"filters its system calls" in result.stderr, result.stderr


@case("a long pause has to be allowed")
def pause(directory):
    with target("large", directory) as process, process.events():
        result = heaptally("leaks", "--settle", "0", str(process.pid))
        assert result.returncode == 1 or b"--yes" in result.stderr, result.stderr


def catch(process, stop):
    """Ask for a look, and stop the copy while it looks: (the question, the copy)."""
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        question = subprocess.Popen([COMMAND, "leaks", "--yes", "--settle", "0", str(process.pid)],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        process.tell()
        while question.poll() is None:
            process.tell()
            for child in process.children():
                os.kill(child, stop)
                with contextlib.suppress(OSError, IndexError):
                    with open("/proc/%d/stat" % child) as file:
                        if file.read().rpartition(")")[2].split()[0] in "TtZX":
                            return question, child
        question.communicate()
    raise AssertionError("no copy was caught")


@case("the copy has no descriptors of the program's, blocks signals, and is the first to be killed")
def copy(directory):
    with target("large", directory) as process:
        question, child = catch(process, signal.SIGSTOP)
        # It may have been stopped at its first step.
        for _ in range(1000):
            with open("/proc/%d/oom_score_adj" % child) as file:
                if file.read() == "1000\n":
                    break
            os.kill(child, signal.SIGCONT)
            os.kill(child, signal.SIGSTOP)
        names = [os.readlink("/proc/%d/fd/%s" % (child, fd)) for fd in os.listdir("/proc/%d/fd" % child)] \
            if os.access("/proc/%d/fd" % child, os.R_OK) else []
        equal([name for name in names if "pipe" in name], [], "pipes of the program")
        with open("/proc/%d/oom_score_adj" % child) as file:
            equal(file.read(), "1000\n", "oom_score_adj")
        with open("/proc/%d/status" % child) as file:
            blocked = [line.split()[1] for line in file if line.startswith("SigBlk")]
        equal(blocked, ["fffffffffffbfeff"], "blocked signals: all but SIGKILL and SIGSTOP")
        # The program goes on meanwhile.
        process.tell()
        os.kill(child, signal.SIGCONT)
        with process.events():
            question.communicate(timeout=LIMIT_SECONDS)
        # Stopping it is told to the process, whatever its end is.
        equal(process.said - {"SIGCHLD\n"}, set(), "what the process saw")


@case("a copy that is killed is an answer, and harms nobody")
def killed(directory):
    with target("large", directory) as process:
        question, _ = catch(process, signal.SIGKILL)
        with process.events():
            _, errors = question.communicate(timeout=LIMIT_SECONDS)
        if question.returncode != 1:
            equal(question.returncode, 3, "status")
            assert b"was killed" in errors, errors
        process.tell()
        equal(process.children(), [], "children that are left")
        with process.events():
            equal(ask(process.pid, "--yes", "--settle", "0")["summary"]["definite"]["blocks"], 5, "the next one")


@case("the copy goes when the process has gone")
def orphan(directory):
    with target("large", directory) as process:
        question, child = catch(process, signal.SIGSTOP)
        process.process.kill()
        process.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)
        end = time.monotonic() + LIMIT_SECONDS
        while os.path.exists("/proc/%d" % child) and time.monotonic() < end:
            with open("/proc/%d/stat" % child) as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    break
            time.sleep(0.01)
        else:
            assert not os.path.exists("/proc/%d" % child), "the copy goes on"
        question.communicate(timeout=LIMIT_SECONDS)
        assert question.returncode in (1, 3), question.returncode


@case("a child that is forked after a look has a recording of its own blocks alone")
def forked(directory):
    with target("events", directory) as process:
        with process.events():
            ask(process.pid, "--settle", "0")
        process.tell("fork")
        found = [name for name in os.listdir(directory) if name != "t.recording"]
        equal(len(found), 1, "recordings of children")
        result = heaptally("info", "--format", "json", found[0])
        info = json.loads(result.stdout)
        equal(info["live_bytes"], 321, "live")
        equal(process.said, set(), "what the process saw")


@case("children that another thread forks meanwhile have tables of their own")
def forking(directory):
    with target("forks", directory) as process, process.events():
        for _ in range(5):
            equal(ask(process.pid, "--settle", "0")["summary"]["definite"]["blocks"], 5, "lost")
    equal([line for line in process.said if "child" in line], [], "what the process saw")
    found = [name for name in os.listdir(directory) if name != "t.recording"]
    assert found, "recordings of children"
    lives = {json.loads(heaptally("info", "--format", "json", name).stdout)["live_bytes"] for name in found[:20]}
    equal(lives, {321}, "what lives in children")


def become(process):
    """Let it become another program: children that this one has."""
    process.process.stdin.write("exec\n")
    process.process.stdin.flush()
    for line in process.process.stdout:
        if line == "ready\n":
            return process.children()
    raise AssertionError("the process ended")


@case("a program that follows by exec has no copy for a child, whether that has ended or not")
def followed(directory):
    for stop in (signal.SIGKILL, signal.SIGSTOP):
        with target("large", directory) as process:
            question, child = catch(process, stop)
            equal(become(process), [], "children after signal %d" % stop)
            assert not os.path.exists("/proc/%d" % child), "the copy is left"
            question.communicate(timeout=LIMIT_SECONDS)
            assert question.returncode in (0, 1, 3), question.returncode
        for name in os.listdir(directory):
            os.unlink(os.path.join(directory, name))


@case("a process that may start none is told so, and goes on")
def refused(directory):
    with target("limited", directory) as process:
        with process.events():
            result = heaptally("leaks", str(process.pid))
        equal(result.returncode, 3, result.stderr)
        assert b"a limit on processes" in result.stderr, result.stderr
        process.tell()


@case("shared memory that was never touched is not touched, and what is in it holds blocks")
def sparse(directory):
    with target("sparse", directory) as process, process.events():
        document = ask(process.pid, "--settle", "0")
        equal(document["summary"]["definite"], {"blocks": 5, "bytes": 500}, "lost")
        folder = "/proc/%d/fd/" % process.pid
        [shared] = [folder + fd for fd in os.listdir(folder) if "memfd:sparse" in os.readlink(folder + fd)]
        assert os.stat(shared).st_blocks * 512 < 1 << 20, os.stat(shared)


@case("a file that is read past the page cache, and a ring, are a warning")
def direct(directory):
    path = os.path.join(directory, "data")
    with open(path, "wb") as file:
        file.write(b"x" * 4096)
    # Rings may be forbidden on the machine.
    has_rings = run([program("twins"), "ring"]).returncode == 0
    for how in ["direct " + path] + ["ring"] * has_rings:
        with target(how, directory) as process, process.events():
            result = heaptally("leaks", "--settle", "0", str(process.pid))
            equal(result.returncode, 1, result.stderr)
            assert b"warning: twins" in result.stderr and b"past the page cache" in result.stderr, result.stderr
        os.unlink(process.recording)


@case("at its exit a process with threads that filters system calls makes no copy, and says why")
def filtered_exit(directory):
    for words, status, said in ((["exits"], 1, b""), (["exits", "filtered"], 3, b"filters its system calls")):
        recording = os.path.join(directory, "x.recording")
        done = run([program("twins"), *words], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=" + recording))
        equal(done.returncode, 0, words)
        result = heaptally("leaks", recording)
        equal(result.returncode, status, (words, result.stderr))
        assert said in result.stderr, result.stderr
        os.unlink(recording)


@case("at its exit a process that may write no file leaves the reason in its recording")
def no_file(directory):
    for how, said in (("sandboxed", b"not allowed to open files"), ("closed", b"Too many open files")):
        recording = os.path.join(directory, "x.recording")
        done = run([program("twins"), "exits", how], env=environment(LD_PRELOAD=LIBRARY,
                                                                     HEAPTALLY="leaks:out=" + recording))
        if done.returncode == 77:
            continue  # a kernel without sandboxes of this kind
        equal(done.returncode, 0, how)
        equal(os.listdir(directory), ["x.recording"], how)
        result = heaptally("leaks", recording)
        equal(result.returncode, 3, result.stderr)
        assert said in result.stderr, result.stderr
        result = heaptally("top", "--sort", "lost", recording)
        assert result.returncode == 2 and said in result.stderr, result
        os.unlink(recording)
        done = heaptally("run", "--leaks=fail", "-o", "x.tally", program("twins"), "exits", how)
        assert said in done.stderr and done.returncode != 0, done
        result = heaptally("leaks", "x.tally")
        assert result.returncode == 3 and said in result.stderr, result
        os.unlink("x.tally")


@case("at its exit a process that cannot be copied says why")
def no_copy(directory):
    recording = os.path.join(directory, "x.recording")
    for error, said in ((errno.ENOMEM, b"there was no memory"), (errno.EAGAIN, b"a limit on processes")):
        done = run([os.path.join(BUILD, "tests/promises/inject"), "1", str(error), "clone", program("twins"), "exits"],
                   env=environment(PROMISE_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=" + recording))
        equal((done.returncode, done.stderr.splitlines()[-1]), (0, b"1"), done.stderr)
        result = heaptally("leaks", recording)
        equal(result.returncode, 3, result.stderr)
        assert said in result.stderr, result.stderr
        os.unlink(recording)


@case("an old graph of the number that is asked for is no answer")
def stale(directory):
    graph = os.path.join(directory, "t.graph")
    done = run([program("leaks")], env=environment(LD_PRELOAD=LIBRARY,
                                                   HEAPTALLY="leaks:out=%s/t.recording" % directory))
    equal(done.returncode, 0, "status")
    os.unlink(os.path.join(directory, "t.recording"))
    with open(graph, "r+b") as file:
        file.seek(SERIAL)
        file.write(struct.pack("<I", 1))
    with target("events", directory) as process, process.events():
        equal(ask(process.pid, "--settle", "0")["summary"]["definite"], {"blocks": 5, "bytes": 500}, "lost")
    equal(os.listdir(directory), ["t.recording"], "files")


run_cases()
