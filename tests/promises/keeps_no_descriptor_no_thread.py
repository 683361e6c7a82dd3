# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime keeps no descriptor open, starts no thread, and handles or blocks no signal."""
import signal

from harness import case, equal, need, run_cases
from traced import exact, same, target


@case("descriptors and threads of a program are its own")
def of_program(_directory):
    exact(same([target("descriptors"), "child"]))


@case("a program with a limit of four descriptors has them all")
def with_four(_directory):
    exact(same([target("descriptors"), "few"]))


@case("threads of a program are its own after many stacks")
def threads(_directory):
    result = same([target("plain"), "20000"])
    equal(result.counted["threads"], 1, "threads")


@case("signals are handled, ignored and blocked as without the runtime")
def signals(_directory):
    # `same` compares what is printed.
    words = [need("grep"), "-E", "^(Shd|Sig)(Pnd|Blk|Ign|Cgt):", "/proc/self/status"]
    equal(len(same(words).stdout.splitlines()), 5, "lines")
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGBUS])
    try:
        same(words)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


run_cases()
