# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program and what it starts see the same descriptors, threads, handlers and limits as bare."""
import os

from harness import LIBRARY, case, environment, equal, need, program, run, run_cases


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


run_cases()
