# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where CPython comes from, how it is started, what is said when it cannot be read, and that it behaves
as untraced."""
import contextlib
import os

from harness import (BUILD, LIBRARY, Skip, case, environment, equal, heaptally, record,
                     report, run, run_cases)
from interpreters import minor_of, pythons

# More than what starts an interpreter, with whatever modules its site brings: it is the peak.
KEEP = "kept = [bytes(50000 + i) for i in range(100)]"
KEPT_BYTES = sum(50033 + i for i in range(100))


def own(name):
    return os.path.join(BUILD, "tests", "python", name)


def rows(tally, *options, at="peak"):
    return report("top", "--at", at, "-n", "0", *options, tally)["groups"]


def check_kept(tally, python, at="peak"):
    """The line of KEEP has its blocks, and few bytes more: a list, loops."""
    groups = rows(tally, "--include", "<string>:1", at=at)
    equal(len(groups), 1, (python, groups))
    extra = groups[0]["live_bytes"] - KEPT_BYTES
    assert groups[0]["live_blocks"] >= 101 and 0 < extra < 20000, (python, groups)


def library_of(python):
    code = ("import os, sysconfig; "
            "print(os.path.join(*map(sysconfig.get_config_var, ('LIBDIR', 'INSTSONAME'))))")
    path = run([python, "-c", code]).stdout.decode().strip()
    return path if ".so" in path and os.path.exists(path) else None


@case("a libpython opened late with RTLD_LOCAL is read like any other")
def late(_directory):
    libraries = [path for path in map(library_of, pythons()) if path]
    if not libraries:
        raise Skip("there is no libpython")
    for library in libraries:
        equal(record("late.tally", [own("embed"), library, KEEP]).returncode, 0, library)
        check_kept("late.tally", library, at="exit")


@case("what a handler of a signal allocates has no lines of what it interrupted, which keeps its own")
def in_a_handler(_directory):
    libraries = [path for path in map(library_of, pythons()) if path]
    if not libraries:
        raise Skip("there is no libpython")
    code = "import os, signal\nkept = []\nfor i in range(50):\n" \
           "    os.kill(os.getpid(), signal.SIGUSR1)\n    kept.append(bytes(50000 + i))"
    for library in libraries:
        equal(record("handler.tally", [own("embed"), library, code]).returncode, 0, library)
        handled = [group for group in rows("handler.tally", "--by", "stack", "--raw-frames", at="exit")
                   if any(frame["function"] == "handle" for frame in group["frames"])]
        equal(sum(group["total_blocks"] for group in handled), 50, (library, handled))
        for group in handled:
            equal(group["frames"][-1]["function"], "_start", (library, group))
            assert "<string>" not in [frame["file"] for frame in group["frames"]], (library, group)
        lines = rows("handler.tally", "--include", "<string>:5", at="exit")
        equal(len(lines), 1, (library, lines))
        assert lines[0]["live_blocks"] >= 50 and lines[0]["live_bytes"] > 50 * 50033, (library, lines)


@case("-I -E, -X dev, PYTHONMALLOC=debug, =malloc and =mimalloc: the line keeps its blocks")
def started_differently(_directory):
    for python in pythons():
        ways = [(["-I", "-E"], {}), (["-X", "dev"], {})]
        ways += [([], {"PYTHONMALLOC": name}) for name in ("debug", "malloc", "malloc_debug")]
        if minor_of(python) >= 13:
            ways += [([], {"PYTHONMALLOC": name}) for name in ("mimalloc", "mimalloc_debug")]
        for options, changes in ways:
            done = record("kept.tally", [python, *options, "-c", KEEP],
                          env=environment(**changes))
            equal(done.returncode, 0, (python, options, changes))
            check_kept("kept.tally", (python, options, changes))


@case("python=off has no lines of Python, python=frames no blocks of its allocators")
def switched(_directory):
    python = pythons()[0]
    for value, state in (("off", "none"), ("frames", "frames"), ("on", "on")):
        equal(record("kept.tally", [python, "-c", KEEP], "--python", value).returncode, 0, value)
        equal(report("info", "kept.tally")["python"], state, value)
        domains = {group["frames"][0]["function"]
                   for group in rows("kept.tally", "--by", "allocator")}
        equal("pymem.obj" in domains, value == "on", value)
        equal(bool(rows("kept.tally", "--any-frame", "--include", "<string>:1")), value != "off",
              value)
    result = heaptally("run", "--python", "maybe", "--", python, "-c", "")
    equal(result.returncode, 125, "status")


@case("what is not read is said: another version, PyPy, no global lock, not what its version is")
def not_read(_directory):
    for program, sentence in (("new_python", "of a version that heaptally does not know"),
                              ("pypy", "is not CPython"),
                              ("threaded_python", "is built without the global lock"),
                              ("strange_python", "is not built as others of its version are")):
        equal(record("none.tally", [own(program)]).returncode, 0, program)
        equal(report("info", "none.tally")["python"], "off", program)
        text = heaptally("info", "none.tally").stdout.decode()
        assert sentence in text, text


@case("a script that is no program: one line, status 126")
def script_alone(_directory):
    with open("app.py", "w") as file:
        file.write(KEEP + "\n")
    result = heaptally("run", "--", "./app.py")
    equal((result.returncode, result.stderr.count(b"\n")), (126, 1), result.stderr)


@case("--by native names the C code below, --by module the file of Python")
def other_keys(_directory):
    python = pythons()[0]
    equal(record("kept.tally", [python, "-c", KEEP]).returncode, 0, "status")
    line = rows("kept.tally", "--include", "<string>:1")[0]
    native = rows("kept.tally", "--by", "native")
    # What the evaluation loop itself allocates has no C below.
    left = sum(group["live_bytes"] for group in native
               if group["frames"] and group["frames"][0]["file"] == "<string>")
    assert left < line["live_bytes"] - KEPT_BYTES // 2, (left, line)
    equal(sum(group["live_bytes"] for group in native),
          sum(group["live_bytes"] for group in rows("kept.tally")), "bytes")
    modules = {group["frames"][0]["module"]: group["live_bytes"]
               for group in rows("kept.tally", "--by", "module")}
    assert modules["<string>"] >= line["live_bytes"], modules


@case("annotate and filters take files of Python")
def annotated(directory):
    path = os.path.join(directory, "app.py")
    with open(path, "w") as file:
        file.write("\n" * 16 + KEEP + "\n")
    equal(record("kept.tally", [pythons()[0], path]).returncode, 0, "status")
    lines = report("annotate", path, "kept.tally")["lines"]
    line = [line for line in lines if line["line"] == 17][0]
    group = rows("kept.tally", "--include", "*/app.py:17")[0]
    equal(line["live_bytes"], group["live_bytes"], "bytes")


@case("marks by os.access, and by ctypes; the answer is the same without the runtime")
def marks(_directory):
    code = ("import ctypes, os; print(os.access('/.heaptally/mark/one', 0)); "
            "mark = getattr(ctypes.CDLL(None), 'heaptally_mark', None); "
            "mark and mark(b'two')")
    for python in pythons():
        traced = record("marks.tally", [python, "-c", code])
        equal(traced.stdout, run([python, "-c", code]).stdout, python)
        labels = [mark["label"] for mark in report("info", "marks.tally")["marks"]]
        equal(labels, ["one", "two"], python)


@case("a forked child has its own lines")
def forked(_directory):
    code = "import os\nif os.fork() == 0:\n    %s\n    os._exit(0)\nos.wait()" % KEEP
    for python in pythons():
        equal(record("fork.tally", [python, "-c", code]).returncode, 0, python)
        child = max(process["pid"] for process in report("info", "fork.tally")["processes"])
        groups = rows("fork.tally", "--process", str(child), "--include", "<string>:3", at="exit")
        assert groups and groups[0]["live_bytes"] >= KEPT_BYTES, (python, groups)


@case("a sub-interpreter has its own lines from 3.12 on; before, the line that ran it")
def sub_interpreter(_directory):
    code = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
other = interpreters.create()
interpreters.run_string(other, '\\n' * 40 + '%s')
""" % KEEP
    for python in pythons():
        equal(record("sub.tally", [python, "-W", "ignore", "-c", code]).returncode, 0, python)
        line = 41 if minor_of(python) >= 12 else 7
        # The code of the other one has a name of its own from 3.14 on.
        group, = rows("sub.tally", "--include", "<s*>:%d" % line, at="peak")
        assert KEPT_BYTES < group["live_bytes"] < KEPT_BYTES + 200000, (python, group)


@case("-X perf: its trampolines are on the stack, and the lines are the same")
def trampolines(_directory):
    code = "def one(count):\n    return bytes(count)\nkept = list(map(one, range(50000, 50100)))"
    for python in pythons():
        stacks = []
        for options in (), ("-X", "perf"):
            equal(record("perf.tally", [python, *options, "-c", code]).returncode, 0, python)
            pid = report("info", "perf.tally")["pid"]
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/tmp/perf-%d.map" % pid)
            stacks.append([[(frame["function"], frame["line"]) for frame in group["frames"]
                            if frame["module"] == "<string>"]
                           for group in rows("perf.tally", "--by", "stack", "--include", "<string>:2")
                           if group["live_blocks"] >= 100])
        equal(stacks[1], stacks[0], python)
        equal(stacks[0], [[("one", 2), ("<module>", 3)]], python)


@case("threads that run until the end, generators and errors: output and status as untraced")
def same_as_untraced(_directory):
    code = """
import hashlib, sys, threading, zlib
def work():
    while True:
        zlib.compress(hashlib.sha256(b"x" * 100000).digest() * 1000)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
def numbers():
    try:
        yield from ([i] * 10 for i in range(100000))
    finally:
        print("closed")
for number in numbers():
    if number[0] == 20000:
        break
class Loud:
    def __del__(self):
        print("gone", len([bytes(100) for _ in range(10)]))
loud = Loud()
def deep(n):
    return deep(n + 1)
try:
    deep(0)
except RecursionError:
    print("too deep")
sys.exit(7)
"""
    for python in pythons():
        bare = run([python, "-c", code])
        traced = run([python, "-c", code],
                     env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="dir=" + os.getcwd()))
        equal((traced.returncode, traced.stdout, traced.stderr),
              (bare.returncode, bare.stdout, bare.stderr), python)


run_cases()
