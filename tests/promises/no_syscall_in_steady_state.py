# SPDX-License-Identifier: LGPL-2.1-or-later
"""In a steady state no event makes a system call."""
import re

from harness import Skip, case, environment, equal, need, run, run_cases
from traced import LIBRARY, os, promise


def calls_between_marks(threads):
    """Lines of strace between the marks of each thread."""
    strace = need("strace")
    words = [strace, "-f", "-qq", "-o", "trace", "-E", "LD_PRELOAD=" + LIBRARY]
    words += ["-E", "HEAPTALLY=out=%s/recording" % os.getcwd(), promise("steady"), str(threads)]
    result = run(words, env=environment())
    if b"ptrace" in result.stderr and result.returncode != 0:
        raise Skip("strace may not trace here")
    equal(result.returncode, 0, "status")
    inside, found, marks = set(), [], 0
    with open("trace", encoding="utf-8", errors="replace") as trace:
        for line in trace:
            thread, _, text = line.partition(" ")
            if '"begin!"' in text:
                inside.add(thread)
                marks += 1
            elif '"end!!!"' in text:
                inside.discard(thread)
            elif thread in inside and re.match(r"\s*[a-z_0-9]+\(", text):
                found.append(text.strip())
    equal(marks, threads, "threads that were watched")
    return found


@case("400,000 operations of one thread make no system call")
def one_thread(_directory):
    equal(calls_between_marks(1), [], "system calls")


@case("four threads make none but waits for libc's own lock")
def four_threads(_directory):
    equal([call for call in calls_between_marks(4) if not call.startswith("futex(")], [], "system calls")


run_cases()
