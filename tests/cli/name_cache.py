#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names that an earlier run has found: the same bytes with and without, and never those of other files."""
import os
import random
import re
import shutil
import stat
import subprocess
import time

from harness import LIBRARY, Skip, case, environment, equal, heaptally, need, record, report, run, run_cases

SOURCE = """
#include <stdlib.h>
void *kept[100];
static inline __attribute__((always_inline)) void *inner(int i) { return malloc(100 + i); }
__attribute__((noinline)) void NAME(void) { for (int i = 0; i < 100; i++) kept[i] = inner(i); }
int main(void) { NAME(); return 0; }
"""


def build(name, function="old_name", *flags):
    with open("source.c", "w", encoding="utf-8") as source:
        source.write(SOURCE)
    done = run([need("gcc"), "-g", "-O1", "-fno-builtin", "-Wl,--build-id", "-DNAME=" + function, *flags, "-o", name,
                "source.c"])
    equal((done.returncode, done.stderr), (0, b""), "compiler")
    return os.path.abspath(name)


def settle(*paths):
    """What changed within a tick is not kept."""
    while any(time.time() - os.stat(path).st_ctime < 0.15 for path in paths):
        time.sleep(0.02)


def trace(program, name="r.recording"):
    done = run([program], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + os.path.abspath(name)))
    equal(done.returncode, 0, "status")
    return os.path.abspath(name)


def snapshot(recording, *words, cache="cache", **variables):
    """The bytes of a snapshot."""
    variables.setdefault("XDG_CACHE_HOME", os.path.abspath(cache))
    done = heaptally("snapshot", "-q", "-f", "-o", "s.tally", *words, recording, env=environment(**variables))
    equal((done.returncode, done.stderr), (0, b""), "snapshot")
    with open("s.tally", "rb") as file:
        return file.read()


def plain(recording):
    return snapshot(recording, "--no-cache", cache="never")


def files(cache="cache"):
    place = os.path.join(cache, "heaptally")
    return sorted(os.path.join(place, name) for name in os.listdir(place)) if os.path.isdir(place) else []


def file_of(program):
    text = run([need("readelf"), "-nW", program]).stdout.decode()
    [path] = [path for path in files() if text.split("Build ID: ")[1].split()[0] in path]
    return path


def lines(recording):
    """Function and file of the site of our program."""
    snapshot(recording)
    rows = report("top", "-n", "0", "s.tally")["groups"]
    return [(row["frames"][0]["function"], row["frames"][0]["file"] is not None) for row in rows
            if row["total_blocks"] == 100]


@case("a snapshot has the same bytes without a cache, when it is filled, and when it is used")
def same_bytes(_directory):
    first, second = build("first"), build("second", "other_name", "-DMORE")
    settle(first, second)
    for program in (first, second, need("sqlite3")):
        recording = trace(program)
        wanted = plain(recording)
        equal(os.path.exists("never"), False, "a cache with --no-cache")
        for what in ("empty", "filled", "used again"):
            assert snapshot(recording) == wanted, (program, what)
        os.unlink(recording)
    assert len(files()) >= 4, files()


@case("what was found is not looked for again")
def used(_directory):
    program = build("prog")
    settle(program)
    recording = trace(program)

    def opened():
        done = run([need("strace"), "-f", "-e", "trace=openat", os.environ["HEAPTALLY_COMMAND"], "snapshot", "-q", "-f",
                    "-o", "s.tally", recording], env=environment(XDG_CACHE_HOME=os.path.abspath("cache")))
        return re.findall(r'openat\(AT_FDCWD, "([^"]*(?:/prog|\.debug|libc\.so\.6))", O_RDONLY\|O_N', done.stderr.decode())

    assert program in opened(), "the first time it is opened"
    equal(opened(), [], "files that are opened the second time")


@case("the directory and its files are the user's alone")
def modes(_directory):
    program = build("prog")
    settle(program)
    old = os.umask(0)
    snapshot(trace(program))
    os.umask(old)
    equal(stat.S_IMODE(os.stat("cache").st_mode), 0o700, "mode of the base")
    equal(stat.S_IMODE(os.stat("cache/heaptally").st_mode), 0o700, "mode of the directory")
    equal({stat.S_IMODE(os.stat(path).st_mode) for path in files()}, {0o600}, "modes of files")
    home = os.path.abspath("home")
    os.mkdir(home)
    for base in ("", "relative"):
        snapshot("r.recording", HOME=home, XDG_CACHE_HOME=base)
        assert os.listdir(home + "/.cache/heaptally"), "the place where there is no XDG_CACHE_HOME"
        shutil.rmtree(home + "/.cache")
    equal(os.path.exists("relative"), False, "a relative one")
    if os.geteuid() == 0:
        os.chown(home, 12345, -1)
        snapshot("r.recording", HOME=home, XDG_CACHE_HOME="")
        equal(os.listdir(home), [], "files in the home of another")
        snapshot("r.recording", XDG_CACHE_HOME=home)
        equal(os.listdir(home), [], "files in a cache of another")


@case("a directory that others may write to, or that is a link, is not used")
def not_trusted(_directory):
    program = build("prog")
    settle(program)
    recording = trace(program)
    wanted = plain(recording)
    for number, prepare in enumerate((
            lambda place: (os.mkdir(place), os.chmod(place, 0o777)),
            lambda place: (os.mkdir("elsewhere"), os.symlink(os.path.abspath("elsewhere"), place)),
            lambda place: open(place, "w", encoding="utf-8").close(),
            lambda place: (os.mkdir(place), os.chown(place, 12345, -1)) if os.geteuid() == 0 else None)):
        cache = "cache%d" % number
        os.mkdir(cache)
        prepare(cache + "/heaptally")
        assert snapshot(recording, cache=cache) == wanted, number
        if os.path.isdir(cache + "/heaptally") and stat.S_IMODE(os.lstat(cache + "/heaptally").st_mode) != 0o700:
            equal(os.listdir(cache + "/heaptally"), [], "files in %d" % number)
    assert snapshot(recording, cache="no/such/place") == wanted


@case("a program that was built again, in place or by another time, lends no old names")
def replaced(_directory):
    program = build("prog")
    settle(program)
    equal(lines(trace(program)), [("inner", True)], "names")
    before = os.stat(file_of(program)).st_ino
    os.utime(program)
    settle(program)
    equal(lines("r.recording"), [("inner", True)], "names of the same file")
    assert os.stat(file_of(program)).st_ino != before, "what was kept of an older time"
    build("prog", "new_name")
    settle(program)
    os.unlink("r.recording")
    rows = report("top", "-n", "0", "--by", "stack", trace(program))["groups"]
    snapshot("r.recording")
    again = report("top", "-n", "0", "--by", "stack", "s.tally")["groups"]
    equal([row["frames"] for row in again], [row["frames"] for row in rows], "names of the new one")


@case("a debug file that comes, changes or goes is seen")
def debug_file(_directory):
    program = build("prog")
    objcopy = need("objcopy")
    for words in ([objcopy, "--only-keep-debug", program, "kept"],
                  [objcopy, "--strip-debug", "--add-gnu-debuglink=kept", program]):
        equal(run(words).returncode, 0, words)
    os.rename("kept", "away")
    settle(program)
    recording = trace(program)
    for _ in range(2):
        equal(lines(recording), [("old_name", False)], "without debug file")
    os.mkdir(".debug")
    for place in ("kept", ".debug/kept"):
        shutil.copy("away", place)
        settle(place)
        for _ in range(2):
            equal(lines(recording), [("inner", True)], place)
        with open(place, "r+b") as file:
            file.truncate(100)
        settle(place)
        equal(lines(recording), [("old_name", False)], "a damaged one")
        os.unlink(place)
        for _ in range(2):
            equal(lines(recording), [("old_name", False)], "it has gone")


def spoil(path, how, noise):
    with open(path, "rb") as file:
        good = bytearray(file.read())
    if how == "noise":
        good = noise.randbytes(noise.choice((0, 1, 7, 119, 120, 121, 4000)))
    elif how == "cut":
        del good[noise.randrange(len(good)):]
    elif how == "longer":
        good += noise.randbytes(8)
    elif how == "flip":
        for _ in range(noise.choice((1, 3))):
            good[noise.randrange(len(good))] ^= 1 << noise.randrange(8)
    elif how == "head":
        place = noise.randrange(16, 120)
        good[place:place + 8] = noise.randbytes(8)
    with open(path, "wb") as file:
        file.write(good)


@case("any bytes in the place of what was kept are refused")
def hostile_bytes(_directory):
    noise = random.Random(1)
    program = build("prog")
    settle(program)
    recording = trace(program)
    wanted = plain(recording)
    for how in ("noise", "cut", "longer", "flip", "head") * 8:
        snapshot(recording)
        for path in files():
            spoil(path, how, noise)
        assert snapshot(recording) == wanted, how


@case("a link, a pipe, a directory, a huge or a foreign file in its place does no harm")
def hostile_files(directory):
    program = build("prog")
    settle(program)
    recording = trace(program)
    wanted = plain(recording)
    snapshot(recording)
    path = file_of(program)
    other = os.path.join(directory, "precious")
    shutil.copy(path, other)

    def huge(place):
        with open(place, "wb") as file:
            file.truncate(1 << 33)

    for prepare in (lambda place: os.symlink(other, place), os.mkfifo, os.mkdir, huge,
                    lambda place: (shutil.copy(other, place), os.chmod(place, 0o666))):
        os.unlink(path)
        prepare(path)
        assert snapshot(recording) == wanted, prepare
        assert snapshot(recording) == wanted, prepare
        if os.path.isdir(path):
            os.rmdir(path)
            snapshot(recording)
        assert stat.S_ISREG(os.lstat(path).st_mode), "it was replaced"
    assert os.path.exists(other), "what the link led to"


@case("it does not grow without end: what was not used for long goes")
def bounded(_directory):
    program = build("prog")
    settle(program)
    recording = trace(program)
    snapshot(recording)
    for name, count, size in (("many", 2100, 10), ("large", 90, 1 << 20)):
        for number in range(count):
            path = "cache/heaptally/%s%d.names" % (name, number)
            with open(path, "wb") as file:
                file.truncate(size)
            os.utime(path, (number + 1, number + 1))
        os.unlink(file_of(program))
        snapshot(recording)
        left = files()
        assert len(left) <= 2048 and sum(os.path.getsize(path) for path in left) <= 64 << 20, len(left)
        assert file_of(program) in left, "the newest"
        equal("cache/heaptally/%s0.names" % name in left, False, "the oldest")


@case("run keeps names, clean says so, and clean --cache removes them")
def cleaned(directory):
    program = build("prog")
    settle(program)
    variables = environment(XDG_CACHE_HOME=directory + "/cache", XDG_RUNTIME_DIR=directory)
    equal(record("run.tally", [program], "--no-cache", env=variables).returncode, 0, "status")
    equal(files(), [], "with --no-cache")
    equal(record("run.tally", [program], env=variables).returncode, 0, "status")
    count = len(files())
    assert count >= 2, files()

    def clean(*words):
        done = heaptally("clean", *words, env=variables)
        equal(done.returncode, 0, done.stderr)
        return done.stdout.decode().splitlines()[-1]

    assert re.match(r"names of %d modules, .* are kept .*--cache" % count, clean()), clean()
    for name, days in ("young", 0), ("old", 2):
        with open("cache/heaptally/%s.names.1.new" % name, "w", encoding="ascii"):
            pass
        os.utime("cache/heaptally/%s.names.1.new" % name, (time.time() - days * 86400,) * 2)
    kept = files()
    clean()
    assert clean("--cache", "-n").startswith("would remove names of %d modules" % count)
    equal(files(), kept, "files after what removes none")
    assert clean("--cache").startswith("removed names of %d modules" % count)
    equal(os.listdir("cache/heaptally"), [], "files after")


@case("run looks for names while the program still runs")
def early(directory):
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("one processor")
    with open("waits.c", "w", encoding="utf-8") as source:
        source.write("#include <stdlib.h>\n#include <unistd.h>\nvoid *kept;\nint main(void)\n"
                     "{ char c; kept = malloc(12345); return read(0, &c, 1) != 0; }\n")
    equal(run([need("gcc"), "-g", "-Wl,--build-id", "-o", "waits", "waits.c"]).returncode, 0, "gcc")
    words = [need("strace"), "-f", "-o", "calls", "-e", "trace=openat", os.environ["HEAPTALLY_COMMAND"], "run", "-q",
             "-o", "run.tally", "--", directory + "/waits"]
    opened = re.compile(r'openat\(AT_FDCWD, "%s/waits", O_RDONLY\|O_NOCTTY' % re.escape(directory))
    open("calls", "w", encoding="utf-8").close()
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=environment()) as child:
        end = time.monotonic() + 60
        while True:
            with open("calls", encoding="utf-8") as calls:
                if opened.search(calls.read()):
                    break
            assert child.poll() is None and time.monotonic() < end, "it is not opened"
            time.sleep(0.05)
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    with open("calls", encoding="utf-8") as calls:
        equal(len(opened.findall(calls.read())), 1, "times that it is opened")
    [row] = report("top", "--include", "function=main", "run.tally")["groups"]
    equal((row["frames"][0]["line"], row["total_bytes"]), (5, 12345), "the site")


run_cases()
