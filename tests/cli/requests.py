#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""clear, reset-peak, mark, pause, resume: exact numbers of a program that allocates on command.

A request is made with `--wait 0` where the program must not have seen it yet; the next allocation
or free of the program carries it out first.
"""
import os
import re
import signal
import stat
import subprocess
import threading

from commanded import DONE, PENDING, TROUBLE, commanded
from harness import COMMAND, case, end_child, equal, heaptally, program, record, report, run, run_cases

def ask(status, *words):
    """One line of output, on stdout when it was done, else on stderr."""
    result = heaptally(*words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    said = result.stdout if status == DONE else result.stderr
    equal(said.count(b"\n"), 1, "lines of %r" % said)
    return said.decode()


def leave(*words):
    """Make a request that the program has not seen yet."""
    said = ask(PENDING, *words, "--wait", "0")
    assert "has not allocated since" in said and "at its next allocation" in said, said


def values(process, *names):
    info = report("info", process.pid)
    return tuple(info[name] for name in names)


LIVE = ("live_bytes", "live_blocks")
ALL = (*LIVE, "total_bytes", "total_blocks", "freed_blocks", "peak_bytes", "peak_blocks")


@case("clear: counts from zero, and frees of older blocks are ignored")
def clear(_directory):
    with commanded() as process:
        process.tell("left 10 100")
        process.tell("right 5 50")
        leave("clear", process.pid)
        equal(values(process, *LIVE), (1250, 15), "before it is seen")
        process.tell("free 1")
        equal(values(process, *ALL), (0, 0, 0, 0, 0, 0, 0), "after a free")
        process.tell("left 1 8")
        process.tell("free 14")
        equal(values(process, *ALL), (8, 1, 8, 1, 0, 8, 1), "after more frees")
        process.tell("free 1")
        equal(values(process, *ALL), (0, 0, 8, 1, 1, 8, 1), "after the last free")
        info = report("info", process.pid)
        equal([(mark["kind"], mark["live_bytes"], mark["peak_bytes"]) for mark in info["marks"]],
              [("clear", 1250, 1250)], "marks")
        equal(info["troubles"], [], "trouble")
        assert info["cleared_seconds"] is not None and not info["paused"], info
        assert b"cleared at " in heaptally("top", process.pid).stdout


@case("clear: the same stacks are counted again, by line")
def clear_then_again(_directory):
    with commanded() as process:
        for bytes_each in (100, 30):
            process.tell("left 10 %d" % bytes_each)
            leave("clear", process.pid)
        process.tell("left 2 7")
        process.tell("right 1 9")
        top = report("top", "--by", "function", "--at", "now", process.pid)
        equal({group["frames"][0]["function"]: group["live_bytes"] for group in top["groups"]
               if group["live_bytes"]}, {"take_left": 14, "take_right": 9}, "groups")


@case("reset-peak: the peak is what is live")
def reset_peak(_directory):
    with commanded() as process:
        process.tell("left 10 100")
        process.tell("free 8")
        leave("reset-peak", process.pid)
        equal(values(process, "peak_bytes"), (1000,), "before it is seen")
        process.tell("free 1")
        equal(values(process, "peak_bytes", "peak_blocks", "live_bytes"), (200, 2, 100), "after")
        process.tell("right 1 300")
        equal(values(process, "peak_bytes", "peak_blocks"), (400, 2), "a new peak")
        info = report("info", process.pid)
        mark = info["marks"][0]
        equal(info["peak_reset_seconds"], mark["time_seconds"], "time of the reset")
        assert b"the peak is that since" in heaptally("top", process.pid).stdout
        equal((mark["kind"], mark["live_bytes"], mark["peak_bytes"]), ("reset-peak", 200, 1000),
              "mark")


@case("pause and resume: new blocks are not counted, frees of old ones are")
def pause(_directory):
    with commanded() as process:
        process.tell("left 10 100")
        leave("pause", process.pid)
        process.tell("left 5 10")
        equal(values(process, *LIVE), (1000, 10), "paused")
        process.tell("free 12")
        equal(values(process, *LIVE), (0, 0), "known blocks freed")
        assert report("info", process.pid)["paused"]
        assert b"recording was paused for " in heaptally("top", process.pid).stdout
        leave("resume", process.pid)
        process.tell("right 2 7")
        equal(values(process, *LIVE, "total_blocks"), (14, 2, 12), "resumed")
        process.tell("free 3")
        equal(values(process, *LIVE), (14, 2), "blocks of the pause freed")
        info = report("info", process.pid)
        assert not info["paused"] and info["paused_seconds"] > 0, info
        equal([mark["kind"] for mark in info["marks"]], ["pause", "resume"], "marks")


@case("start=off: nothing is recorded before resume")
def start_off(_directory):
    with commanded(HEAPTALLY="start=off") as process:
        process.tell("left 10 100")
        info = report("info", process.pid)
        equal((info["total_blocks"], info["troubles"], info["paused"]), (0, [], True), "dormant")
        leave("resume", process.pid)
        process.tell("right 2 50")
        process.tell("free 10")
        equal(values(process, *ALL), (100, 2, 100, 2, 0, 100, 2), "resumed")
        process.tell("free 1")
        equal(values(process, *LIVE), (50, 1), "a known block freed")
        assert b"recording was switched off for " in heaptally("top", process.pid).stdout


@case("mark: the live size of that moment, in info, timeline and a snapshot")
def mark(_directory):
    with commanded() as process:
        process.tell("left 3 100")
        leave("mark", process.pid, "warm \x1b[31m")
        process.tell("left 1 50")
        leave("mark", process.pid, "x" * 95)
        process.tell("free 1")
        for words in (["info"], ["timeline"]):
            marks = report(*words, process.pid)["marks"]
            equal([(mark["label"], mark["live_bytes"], mark["peak_bytes"]) for mark in marks],
                  [("warm \x1b[31m", 300, 300), ("x" * 95, 350, 350)], "marks")
        equal(heaptally("snapshot", "-o", "now.tally", process.pid).returncode, 0, "snapshot")
        equal(report("info", "now.tally")["marks"], report("info", process.pid)["marks"], "kept")
        text = heaptally("timeline", "now.tally").stdout.decode()
        assert re.search(r"^marks +\S+ \S+ +300 B  warm \\e\[31m$", text, re.M), text
        assert b"\x1b" not in heaptally("info", "now.tally").stdout
        said = heaptally("top", "--at", "mark:" + "x" * 95, "now.tally")
        equal(said.returncode, TROUBLE, "no snapshot")
        assert b"no snapshot was taken then" in said.stderr, said.stderr


@case("run: --at mark:LABEL, --start off, and a run of two programs")
def marks_of_run(_directory):
    with commanded(COMMAND, "run", "-q", "--start", "off", "-o", "run.tally") as process:
        process.tell("left 9 1000")
        pid = str(traced_child(process))
        process.tell("work")
        said = ask(DONE, "resume", pid, "--wait", "20")
        assert " resumed at " in said, said
        process.tell("left 3 100")
        process.tell("work")
        ask(DONE, "mark", pid, "first", "--wait", "20")
        # The collector has taken a moment when it is done with the mark.
        process.tell("left 1 5000")
        process.tell("work")
        ask(DONE, "mark", pid, "second", "--wait", "20")
        process.tell("free 13")
    info = report("info", "run.tally")
    equal([mark["label"] for mark in info["marks"]], ["", "first", "second"], "marks")
    equal([mark["live_bytes"] >= size for mark, size in zip(info["marks"], (0, 300, 5300))],
          [True] * 3, "live at marks")
    labels = [moment["label"] for moment in info["moments"]]
    assert "second" in labels, labels
    top = report("top", "--at", "mark:second", "--by", "function", "run.tally")
    assert top["process"]["moment"] == "at mark second", top["process"]
    result = record("off.tally", [program("exits"), "100", "return"], "--start", "off")
    equal(result.returncode, 0, "status")
    info = report("info", "off.tally")
    equal((info["total_blocks"], info["paused"], info["troubles"]), (0, True, []), "off")


def traced_child(process):
    """The pid of the program that `heaptally run` started."""
    with open("/proc/%s/task/%s/children" % (process.pid, process.pid)) as children:
        return int(children.read().split()[0])


@case("a stopped process: pending, the same again, something else, and done when it goes on")
def stopped(_directory):
    with commanded() as process:
        process.tell("left 1 1")
        process.child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.child.pid, os.WSTOPPED | os.WNOWAIT)
        said = ask(PENDING, "mark", process.pid, "here", "--wait", "0.01")
        assert "is stopped and has not allocated since" in said, said
        ask(PENDING, "mark", process.pid, "here", "--wait", "0")
        said = ask(TROUBLE, "mark", process.pid, "there", "--wait", "0")
        assert "has not carried out an earlier mark here yet" in said, said
        said = ask(TROUBLE, "clear", process.pid, "--wait", "0")
        assert "this request was not sent" in said, said
        equal(heaptally("clear", "-q", process.pid, "--wait", "0").returncode, TROUBLE, "quiet")
        quiet = heaptally("mark", "-q", process.pid, "here", "--wait", "0")
        equal((quiet.returncode, quiet.stderr), (PENDING, b""), "quiet")
        process.child.send_signal(signal.SIGCONT)
        process.tell("work")
        said = ask(DONE, "mark", process.pid, "there", "--wait", "20")
        assert 'marked "there" at ' in said, said
        process.tell("free 1")
        equal([mark["label"] for mark in report("info", process.pid)["marks"]],
              ["here", "there"], "marks")


@case("1000 requests in a row, each of them once and in order")
def many(_directory):
    with commanded() as process:
        process.tell("work")
        for i in range(1000):
            result = heaptally("mark", "-q", process.pid, str(i), "--wait", "60")
            equal((result.returncode, result.stderr), (DONE, b""), "request %d" % i)
        process.tell("left 2 30")
        info = report("info", process.pid)
        equal([mark["label"] for mark in info["marks"]], [str(i) for i in range(1000)], "labels")
        equal((info["live_bytes"], info["dropped_events"]), (60, 0), "values")


@case("several tools at once take turns")
def turns(_directory):
    failures = []

    def mark_often(pid, name):
        for i in range(40):
            result = heaptally("mark", "-q", pid, "%s%d" % (name, i), "--wait", "60")
            if result.returncode != DONE:
                failures.append(result.stderr)

    with commanded() as process:
        process.tell("work")
        threads = [threading.Thread(target=mark_often, args=(process.pid, name))
                   for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.tell("free 0")
        equal(failures, [], "failures")
        labels = [mark["label"] for mark in report("info", process.pid)["marks"]]
        for name in "abcd":
            equal([label for label in labels if label[0] == name],
                  ["%s%d" % (name, i) for i in range(40)], "marks of " + name)


def foreign_process():
    """A process of another user."""
    if os.geteuid() != 0:
        return None, "1"
    child = subprocess.Popen(["/bin/sleep", "60"], user=65534)
    return child, str(child.pid)


def find_recording():
    (name,) = [name for name in os.listdir("heaptally") if name.endswith(".recording")]
    return os.path.join("heaptally", name)


# Root by name, but bound by the modes of files like everybody.
LIKE_A_USER = ["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@case("nobody shortens a recording by mistake, and requests still reach it")
def protected(_directory):
    user = LIKE_A_USER if os.geteuid() == 0 else []
    with commanded() as process:
        process.tell("left 10 100")
        path = find_recording()
        result = run(user + ["/usr/bin/truncate", "-s", "0", path])
        assert result.returncode != 0, "it was truncated"
        for label in ("m0", "m1"):
            result = run(user + [COMMAND, "mark", str(process.pid), label, "--wait", "0"])
            equal(result.returncode, PENDING, repr(result.stderr))
            process.tell("free 1")
        info = report("info", process.pid)
        equal([mark["label"] for mark in info["marks"]], ["m0", "m1"], "marks")
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o400, "mode")


@case("what cannot be asked is one line and 2")
def refused(_directory):
    with commanded() as process:
        process.tell("left 1 1")
        path = find_recording()
        # The file is large and nearly all holes.
        with open(path, "rb") as whole, open("other.recording", "wb") as part:
            part.write(whole.read(5000))
        os.symlink(path, "link.recording")
        for words, why in (
                (["clear"], "no process given"),
                (["mark", process.pid], "no label given"),
                (["mark", process.pid, ""], "the label is empty"),
                (["mark", process.pid, "x" * 96], "the label has 96 bytes, at most 95 fit"),
                (["clear", process.pid, "again"], "again: one process at a time"),
                (["clear", "--wait", "soon", process.pid], "not a number of seconds"),
                (["clear", "--wait", "nan", process.pid], "not a number of seconds")):
            result = heaptally(*words)
            equal(result.returncode, TROUBLE, "status of %r" % words)
            assert why.encode() in result.stderr.splitlines()[0], result.stderr
        answer = ask(TROUBLE, "clear", str(os.getpid()))
        assert "not a traced process" in answer, answer
        with open("text", "w") as file:
            file.write("not a recording\n" * 100)
        assert "not a file of heaptally" in ask(TROUBLE, "clear", "text")
        assert "No such file" in ask(TROUBLE, "clear", "nowhere.recording")
        assert "symbolic link" in ask(TROUBLE, "clear", "link.recording")
        ask(TROUBLE, "clear", "other.recording")
        with open("other.recording", "r+b") as file:
            file.seek(12)
            file.write(b"\x01")
        assert "another version" in ask(TROUBLE, "clear", "other.recording")
        equal(values(process, *LIVE), (1, 1), "nothing was cleared")
        leave("mark", path, "by file")
        process.tell("free 1")
        equal(report("info", process.pid)["marks"][0]["label"], "by file", "marks")
    said = ask(TROUBLE, "clear", process.pid)
    assert "the process ended" in said, said
    assert "the process ended" in ask(TROUBLE, "resume", path)


@case("a process of another user is not asked")
def foreign(_directory):
    child, pid = foreign_process()
    try:
        assert "belongs to another user" in ask(TROUBLE, "clear", pid)
    finally:
        if child is not None:
            end_child(child)


run_cases()
