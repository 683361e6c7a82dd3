# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands that are given lines of Python: each answers with them, and with the numbers that the program
knows."""
import os

from harness import case, equal, heaptally, record, report, run, run_cases
from interpreters import pythons

# Its line 6 keeps COUNT blocks of 1033 bytes more at each turn, of each of which a copy is made.
PROGRAM = """\
import os
import sys
kept, data = [None] * 10000, b"x"
def fill(start, count):
    for i in range(start, start + count):
        kept[i] = data * 1000
def main(count, turns):
    for turn in range(turns):
        fill(turn * count, count)
        os.access("/.heaptally/snapshot/%s/turn%d.recording" % (os.getcwd(), turn), 0)
main(int(sys.argv[1]), int(sys.argv[2]))
print(hex(id(kept[0])), flush=True)
os._exit(0)  # with all of them
"""
LINE = 6
BYTES = 1033


def write_program(directory):
    path = os.path.join(directory, "app.py")
    with open(path, "w") as file:
        file.write(PROGRAM)
    return path


def recorded(python, path, count, turns, tally, *options):
    done = record(tally, [python, path, str(count), str(turns)], *options)
    equal((done.returncode, done.stderr), (0, b""), python)
    return done.stdout.decode().strip()


def of_line(groups, path):
    return [group for group in groups if group["frames"] and
            (group["frames"][0]["file"], group["frames"][0]["line"]) == (path, LINE)]


@case("block and blocks show the Python stack of an object, innermost line first")
def blocks(directory):
    path = write_program(directory)
    for python in pythons():
        address = recorded(python, path, 10, 2, "app.tally", "--blocks")
        block = report("block", "app.tally", address)
        stack = [(frame["file"], frame["line"]) for frame in block["block"]["frames"]
                 if frame["file"] == path]
        lines = [line for _, line in stack]
        equal(lines, [6, 9, 11], python)
        listed = report("blocks", "--include", "*/app.py:6", "--include", "size=1K..", "app.tally")
        found = [row for row in listed["blocks"] if row["size_bytes"] == BYTES]
        equal(len(found), 20, python)


@case("diff and its budgets, of a line and of the whole")
def differences(directory):
    path = write_program(directory)
    python = pythons()[0]
    recorded(python, path, 100, 1, "old.tally")
    recorded(python, path, 300, 1, "new.tally")
    group, = of_line(report("diff", "old.tally@exit", "new.tally@exit")["groups"], path)
    equal(group["live_blocks_diff"], 200, group)
    for budget, status in (("live:*/app.py:6=+1MiB", 0), ("live:*/app.py:6=+1KiB", 1)):
        done = heaptally("diff", "--budget", budget, "old.tally", "new.tally")
        equal((done.returncode, done.stderr.count(b"\n")), (status, status), budget)


@case("growth names the line, timeline what made the heap grow")
def growth(directory):
    path = write_program(directory)
    python = pythons()[0]
    recorded(python, path, 500, 8, "app.tally")
    copies = ["turn%d.recording" % turn for turn in range(8)]
    steps = of_line(report("growth", *copies)["groups"], path)[0]["live_bytes"][-8:]
    assert all(after - before >= 500 * BYTES for before, after in zip(steps, steps[1:])), steps
    text = heaptally("timeline", "app.tally").stdout.decode()
    assert "app.py:6" in text, text


@case("--by line, function, file, stack and module have the line, or what it is in")
def keys(directory):
    path = write_program(directory)
    for python in pythons():
        recorded(python, path, 100, 1, "app.tally")
        for key, wanted in (("line", (path, 6)), ("function", (path, None)), ("file", (path, None)),
                            ("stack", (path, 6)), ("module", (None, None))):
            groups = report("top", "--at", "exit", "--by", key, "-n", "0", "app.tally")["groups"]
            frames = [group["frames"][0] for group in groups
                      if group["frames"] and group["live_bytes"] >= 100 * BYTES]
            found = [frame for frame in frames if path in (frame["file"], frame["module"])]
            assert found, (python, key, frames)
            if wanted[1]:
                equal((found[0]["file"], found[0]["line"]), wanted, (python, key))
            if key == "function":
                assert "fill" in [frame["function"] for frame in found], (python, found)


@case("--format tracemalloc prints what tracemalloc prints of the line")
def as_tracemalloc(directory):
    path = write_program(directory)
    program = os.path.join(directory, "own.py")
    with open(program, "w") as file:
        file.write("import sys, tracemalloc\ntracemalloc.start()\n"
                   "text = open(%r).read().split('print')[0]\n"
                   "sys.argv[1:] = ['100', '1']\nexec(compile(text, %r, 'exec'))\n"
                   "for row in tracemalloc.take_snapshot().statistics('lineno'):\n"
                   "    print(row)\n" % (path, path))
    for python in pythons():
        recorded(python, path, 100, 1, "app.tally")
        own = [line for line in run([python, program]).stdout.decode().splitlines()
               if line.startswith("%s:6:" % path)]
        text = heaptally("top", "--at", "exit", "--format", "tracemalloc", "--include",
                         "*/app.py:6", "app.tally").stdout.decode().splitlines()
        assert own and own[0] in text, (python, own, text)


run_cases()
