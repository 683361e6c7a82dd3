# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whichever system call of the runtime fails, the program does what it does without it."""
import glob
import json

from harness import COMMAND, Skip, case, environment, equal, report, run, run_cases
from traced import LIBRARY, bare, exact, os, promise, same, target

KINDS = {
    "mmap": ("mmap", 12),
    "madvise": ("madvise", 12),
    "madvise as on an old kernel": ("madvise", 22),
    "a full disk": ("madvise", 28),
    "open": ("open,openat", 24),
    "open without permission": ("open,openat", 13),
    "ftruncate": ("ftruncate,fallocate", 28),
    "a lock": ("fcntl", 22),
    "everything once": (
        "mmap,munmap,madvise,mprotect,open,openat,ftruncate,fallocate,close,mkdir,mkdirat,read,fstat,"
        "newfstatat,readlink,readlinkat,getrandom,prctl,pread64,statfs,fstatfs,mremap",
        1,
    ),
}
PROGRAMS = {"plain": ["3000"], "leak": ["steps", "3000", "0"]}
CALLS_MAX = 400


def inject(number, error, names, words):
    here = os.getcwd()
    variables = environment(PROMISE_PRELOAD=LIBRARY, HEAPTALLY="out=%s/%%p.recording" % here)
    result = run([promise("inject"), str(number), str(error), names, *words], env=variables)
    for name in os.listdir(here):
        if name.endswith(".recording"):
            os.unlink(os.path.join(here, name))
    lines = result.stderr.splitlines()
    if not lines:
        raise Skip("ptrace is not allowed here")
    return result.returncode, result.stdout, b"\n".join(lines[:-1]), int(lines[-1])


for title, (names, error) in KINDS.items():
    for name, arguments in PROGRAMS.items():

        @case("%s fails with error %d, for every one of %s" % (title, error, name))
        def fails(_directory, names=names, error=error, name=name, arguments=arguments):
            words = [target(name), *arguments]
            alone = bare(words)
            expected = (alone.returncode, alone.stdout, alone.stderr)
            total = inject(0, error, names, words)[3]
            assert 0 < total <= CALLS_MAX, "%d calls" % total
            broken = []
            for number in range(1, total + 1):
                result = inject(number, error, names, words)
                if result[:3] != expected:
                    broken.append("call %d: status %d, %r" % (number, result[0], result[2][:80]))
            equal(broken, [], "of %d calls" % total)


@case("a recording that could not be locked is that of a living process while it lives")
def no_lock(_directory):
    look = "LD_PRELOAD= %s info --format json $$.recording; :" % COMMAND
    variables = environment(PROMISE_PRELOAD=LIBRARY, HEAPTALLY="out=%s/%%p.recording" % os.getcwd())
    result = run([promise("inject"), "1", "22", "fcntl", "/bin/sh", "-c", look], env=variables)
    if not result.stdout:
        raise Skip("ptrace is not allowed here")
    inside, after = json.loads(result.stdout), report("info", *glob.glob("*.recording"))
    equal(inside["state"], "running", "state in it")
    equal(after["state"] in ("ended", "exited"), True, "it is over")
    assert any("locked" in sentence for sentence in after["troubles"]), after["troubles"]


@case("libunwind cannot be opened: everything is counted, and the report says so")
def no_unwinder(_directory):
    for name in ("libunwind.so.8", "libunwind-%s.so.8" % os.uname().machine):
        with open(name, "wb") as file:
            file.write(b"not a library")
    result = same([target("plain"), "2000"], LD_LIBRARY_PATH=os.getcwd())
    assert any("libunwind" in sentence for sentence in exact(result)["troubles"]), "no word of it"


run_cases()
