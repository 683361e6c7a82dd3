# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python tests share: cases that print TAP, a temporary directory, and the command.

    @case("counts every block")
    def counts(dir):
        ...assert...

    run_cases()

A case gets its own empty directory, which is removed afterwards. `Skip` skips the case. With --list the
names of the cases are printed, and none is run.
"""
import ctypes.util
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

import schema

SOURCE = os.environ["srcdir"]
BUILD = os.environ["builddir"]
COMMAND = os.environ["HEAPTALLY_COMMAND"]
LIBRARY = os.environ["HEAPTALLY_LIBRARY"]
DATA = os.path.join(SOURCE, "tests", "data")
TIME_LIMIT = 300
CLEARED = ("HEAPTALLY", "LD_PRELOAD", "PYTHONPATH")

# What is kept for the next run is kept nowhere, and never where the user has it.
os.environ["XDG_CACHE_HOME"] = "/dev/null"

cases = []


class Skip(Exception):
    """Raised when a case cannot run here; its text says why."""


def case(name):
    def register(function):
        cases.append((name, function))
        return function

    return register


def need(*tools):
    """Paths of the tools, or Skip. The first PATH entry of the system wins over private ones."""
    paths = []
    for tool in tools:
        path = shutil.which(tool, path="/usr/bin:/bin:/usr/sbin:/sbin") or shutil.which(tool)
        if path is None:
            raise Skip("%s is not installed" % tool)
        paths.append(path)
    return paths[0] if len(paths) == 1 else paths


def need_library(name):
    """What the loader finds it by, whose version the release decides; or Skip."""
    found = ctypes.util.find_library(name)
    if found is None:
        raise Skip("lib%s is not installed" % name)
    return found


def program(name):
    return os.path.join(BUILD, "tests", "programs", name)


def environment(**changes):
    """The environment of a traced program: ours, without what a test sets for itself."""
    result = {k: v for k, v in os.environ.items() if k not in CLEARED}
    result["LC_ALL"] = "C.UTF-8"
    result.update(changes)
    return result


def run(arguments, **options):
    """Run to the end; stdout and stderr are bytes."""
    options.setdefault("env", environment())
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIME_LIMIT,
        check=False,
        **options,
    )


def heaptally(*arguments, **options):
    return run([COMMAND, *arguments], **options)


def record(tally, arguments, *run_options, **options):
    """Trace the command into the file tally; the result is that of `heaptally run`."""
    return heaptally("run", "-q", "-f", "-o", tally, *run_options, "--", *arguments, **options)


def report(*arguments):
    """The JSON of a report command, which must succeed and keep to the schema."""
    result = heaptally(*arguments, "--format", "json")
    assert result.returncode == 0, (arguments, result.returncode, result.stderr)
    document = json.loads(result.stdout)
    schema.check(document)
    return document


def equal(got, expected, what):
    assert got == expected, "%s: got %r, expected %r" % (what, got, expected)


def wait_to_succeed(*arguments, child=None):
    """Ask until the command succeeds, as long as the process lives that it waits for."""
    end = time.monotonic() + TIME_LIMIT
    while heaptally(*arguments).returncode != 0:
        assert child is None or child.poll() is None, "it ended before %r" % (arguments,)
        assert time.monotonic() < end, "%r does not succeed" % (arguments,)
        time.sleep(0.02)


def end_child(child):
    """End a process that this test started."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def in_terminal(columns, *arguments, status=0, **variables):
    """What the command prints, which ends with this status, in a terminal of so many columns; bytes."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen([COMMAND, *arguments], stdin=follower, stdout=follower, stderr=follower,
                          env=environment(TERM="xterm", **variables)) as child:
        # Of a terminal that its last writer closes the kernel may lose what is not read yet: this end stays
        # open, and a byte that the command never writes is the end.
        def end():
            child.wait()
            os.write(follower, b"\0")

        ending = threading.Thread(target=end)
        ending.start()
        output = b""
        while not output.endswith(b"\0"):
            output += os.read(leader, 65536)
        ending.join()
    os.close(follower)
    os.close(leader)
    equal(child.returncode, status, "status of %r" % (arguments,))
    return output[:-1]


def lines_in_terminal(columns, locale, *arguments, status=0, **variables):
    """The lines that are left on the screen, without colours and what progress was written over."""
    output = in_terminal(columns, *arguments, status=status, LC_ALL=locale, **variables)
    lines = re.sub(r"\x1b\[[0-9;]*[mK]", "", output.decode()).split("\r\n")
    return [line.split("\r")[-1] for line in lines]


def build_with_name(path, name):
    """A program whose function, which keeps 77 bytes, has any bytes as its name: exchanged for one as long."""
    plain = b"f" * len(name)
    with open("hostile.c", "wb") as file:
        file.write(b"#include <stdlib.h>\n__attribute__((noinline)) void *%s(void)\n"
                   b"{ return malloc(77); }\nint main(void) { return %s() == 0; }\n" % (plain, plain))
    equal(run([need("gcc"), "-O0", "-o", "plain", "hostile.c"]).returncode, 0, "gcc")
    with open("plain", "rb") as file:
        image = file.read()
    equal(image.count(plain + b"\0"), 1, "symbols to exchange")
    with open(path, "wb") as file:
        file.write(image.replace(plain + b"\0", name + b"\0"))
    os.chmod(path, 0o755)


def remove_tree(directory):
    """A process that ends, or a copy of one, may write its last file meanwhile."""
    for _ in range(100):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.exists(directory):
            return True
        time.sleep(0.05)
    print("# these stay: %s" % list(os.walk(directory)))
    return False


def make_usual_place():
    """Where recordings of this case are that are not told where to be: numbers of processes come again, and
    what another case left could be taken for one of this."""
    base = os.environ.get("XDG_RUNTIME_DIR", "/dev/shm")
    place = tempfile.mkdtemp(prefix="heaptally-case.", dir=base if os.path.isdir(base) else None)
    os.environ["XDG_RUNTIME_DIR"] = place
    return place


def run_case(number, name, function):
    directory = tempfile.mkdtemp(prefix="heaptally-test.")
    origin, variables = os.getcwd(), dict(os.environ)
    usual_place = make_usual_place()
    os.chdir(directory)
    try:
        function(directory)
        os.chdir(origin)
        assert remove_tree(directory), "files are left"
        print("ok %d - %s" % (number, name))
        return True
    except Skip as reason:
        print("ok %d - %s # SKIP %s" % (number, name, reason))
        return True
    except Exception:
        print("not ok %d - %s" % (number, name))
        print("".join("# %s\n" % line for line in traceback.format_exc().splitlines()), end="")
        return False
    finally:
        os.chdir(origin)
        # What names a directory of this case would be made again by the next.
        os.environ.clear()
        os.environ.update(variables)
        remove_tree(directory)
        remove_tree(usual_place)
        sys.stdout.flush()


def run_cases():
    if sys.argv[1:] == ["--list"]:
        print("".join(name + "\n" for name, _function in cases), end="")
        return
    for built in (COMMAND, LIBRARY):
        if not os.path.exists(built):
            sys.exit("Bail out! %s is not built" % built)
    print("1..%d" % len(cases), flush=True)
    results = [run_case(i + 1, *entry) for i, entry in enumerate(cases)]
    sys.exit(0 if all(results) else 1)
