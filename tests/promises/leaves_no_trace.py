# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program and what it starts see the same descriptors, threads, handlers and limits as bare."""
import fcntl
import os
import time

from harness import COMMAND, LIBRARY, case, environment, equal, need, program, run, run_cases


def preloaded():
    return environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=%s/run-%%p.rec" % os.getcwd())


def same_output(command):
    bare = run(command)
    traced = run(command, env=preloaded())
    equal((traced.returncode, traced.stdout, traced.stderr),
          (bare.returncode, bare.stdout, bare.stderr), "output of %s" % command)
    assert bare.returncode == 0 and bare.stdout, bare


@case("descriptors: none is open, in the process and in what it starts")
def descriptors(_directory):
    same_output([need("bash"), "-c", "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done"])
    same_output([need("bash"), "-c", "ls /proc/self/fd; true"])


@case("threads, signal handlers and limits are those of the bare program")
def status(_directory):
    code = ("import re; text = open('/proc/self/status').read();"
            "print(re.findall(r'(?:Threads|SigBlk|SigIgn|SigCgt|CapEff|Seccomp):.*', text));"
            "print(open('/proc/self/limits').read())")
    same_output([need("python3"), "-c", code])


@case("output directory: nothing is left where the program was started")
def directory(directory):
    os.mkdir("work")
    result = run([program("exits"), "10", "return"], cwd="work", env=preloaded())
    equal((result.returncode, os.listdir("work")), (0, []), "status and files")


@case("run: removes what a run left that was killed long ago, and nothing else")
def left_behind(directory):
    place = os.path.join(directory, "heaptally")
    long_ago = time.time() - 48 * 3600
    for name in ("run.killed", "run.recent", "run.locked", "run.other", "keep"):
        os.makedirs(os.path.join(place, name), 0o700)
        with open(os.path.join(place, name, "a.1.recording"), "w") as file:
            file.write("no recording")
        if name != "run.recent":
            os.utime(os.path.join(place, name), (long_ago, long_ago))
    os.chmod(place, 0o700)
    os.symlink(os.path.join(place, "keep"), os.path.join(place, "run.link"))
    os.makedirs(os.path.join(place, "run.other", "directory"))
    os.utime(os.path.join(place, "run.other"), (long_ago, long_ago))
    lock = os.open(os.path.join(place, "run.locked"), os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    result = run([COMMAND, "run", "-q", "-o", "out.tally", "--", program("exits"), "10", "return"],
                 env=environment(XDG_RUNTIME_DIR=directory))
    os.close(lock)
    equal(result.returncode, 0, result.stderr)
    kept = {"keep", "run.link", "run.locked", "run.other", "run.recent"}
    equal(set(os.listdir(place)), kept, "directories")
    for name in kept:
        assert "a.1.recording" in os.listdir(os.path.join(place, name)), name


run_cases()
