# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same of modules in C, and of what programs are made of: classes, generators, tasks, threads,
children of a fork server.

C code that asks malloc itself is compared where it tells tracemalloc of it. Up to 3.12, lines that
make objects of free lists are not exact; with python=objects they are, from 3.13 on.
"""
from harness import (LIBRARY, Skip, case, environment, equal, record, report, run, run_cases)
from interpreters import minor_of, pythons
from tracebacks import (belongs, check_exactly, compare, expected_tracebacks, got_tracebacks,
                        lines_of)

OWN_DOMAINS = "pymem.*"


def with_module(name):
    """The CPythons that have a module of a package, or Skip."""
    found = [python for python in pythons() if run([python, "-c", "import " + name]).returncode == 0]
    if not found:
        raise Skip("python3-%s is not installed" % name)
    return found


def is_own(frames):
    """In the library, a line may take the place in a free list of one that ran before."""
    return belongs(frames) and frames[-1][0].endswith("extensions.py")


@case("classes: with slots, dictionaries, properties, operators, weak references")
def classes(directory):
    check_exactly("extensions.classes", directory)


@case("generators: suspended, sent to, delegated to; coroutines without a loop")
def generators(directory):
    # Before, frames are objects with free lists of their own.
    check_exactly("extensions.generators", directory, least=11)


@case("tasks of asyncio, which resume one another from C")
def tasks(directory):
    check_exactly("extensions.tasks", directory, least=11, keep=is_own)


@case("threads that are fed by a queue")
def workers(directory):
    check_exactly("extensions.workers", directory, keep=is_own)


@case("forkserver and spawn: the same in the child")
def children(directory):
    # Before, frames are objects with free lists of their own.
    for method in ("forkserver", "spawn"):
        check_exactly("workloads.frames", directory, method, least=11)


@case("sqlite3: what it has from CPython's allocators")
def database(directory):
    check_exactly("extensions.database", directory, found=with_module("sqlite3"), of=OWN_DOMAINS)


@case("lxml: what it has from CPython's allocators")
def trees(directory):
    check_exactly("extensions.trees", directory, found=with_module("lxml"), of=OWN_DOMAINS)


@case("greenlet: stacks that are put aside and come back")
def greenlets(directory):
    check_exactly("extensions.greenlets", directory, found=with_module("greenlet"))


@case("numpy: its arrays, which it gets from malloc and tells tracemalloc of")
def arrays(directory):
    found = with_module("numpy")
    check_exactly("extensions.arrays", directory, found=found, of=OWN_DOMAINS)
    for python in found:
        # Of small ones it keeps a few for the next.
        expected = {frames: (size, count) for frames, (size, count) in
                    expected_tracebacks(python, "extensions.arrays", of_modules=True).items()
                    if size // count > 1024}
        got = got_tracebacks(python, "extensions.arrays", directory, of="malloc")
        compare(expected, {key: got.get(key) for key in expected}, python, belongs)


def waits_for_nothing(frames):
    """What asyncio's loop does depends on the clock."""
    return belongs(frames) and not any("asyncio" in path for path, _ in frames)


def follows_objects(python):
    return minor_of(python) >= 13


@case("python=objects: the same of objects in memory of free lists, where CPython tells of them")
def objects(directory):
    found = [python for python in pythons() if follows_objects(python)]
    for name in ("extensions.reused", "workloads.modules", "extensions.database") if found else ():
        check_exactly(name, directory, found=found, options="python=objects", of=OWN_DOMAINS,
                      keep=waits_for_nothing)
    for name in ("extensions.reused", "workloads.codes") if found else ():
        check_exactly(name, directory, found=found, options="python=objects", PYTHONMALLOC="malloc")


@case("python=objects: where CPython does not tell of objects, or tells somebody else, that is said")
def no_objects(_directory):
    code = "import tracemalloc; tracemalloc.start(); kept = [bytes(1000) for _ in range(100)]"
    for python in pythons():
        older = None if follows_objects(python) else "a CPython before 3.13 does not tell of objects"
        for program, sentence in (("pass", older), (code, older or "the program follows references")):
            equal(record("run.tally", [python, "-c", program], "--python", "objects").returncode, 0,
                  python)
            info = report("info", "run.tally")
            equal(info["python"], "on" if older else "objects", python)
            said = [text for text in info["troubles"] if "objects" in text]
            equal([text.startswith(str(sentence)) for text in said], [True] if sentence else [],
                  (python, said))


@case("python=objects: output and status as untraced, of threads, errors and a tracer of the program's")
def same_with_objects(directory):
    code = """
import gc, sys, threading, tracemalloc
class Again:
    def __del__(self):
        again.append(self)
again = []
for _ in range(100):
    Again()
    again.pop()
def work(out):
    for i in range(2000):
        out.append((i * 0.5, [i], {i: (i,)}))
        del out[:i % 7]
outs = [[] for _ in range(4)]
threads = [threading.Thread(target=work, args=(out,)) for out in outs]
for thread in threads: thread.start()
for thread in threads: thread.join()
tracemalloc.start()
work(outs[0])
print(tracemalloc.get_traced_memory()[0] > 0)
tracemalloc.stop()
work(outs[0])
gc.collect()
print([len(out) for out in outs])
sys.exit(3)
"""
    for python in pythons():
        bare = run([python, "-c", code])
        traced = run([python, "-c", code],
                     env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="python=objects:dir=" + directory))
        equal((traced.returncode, traced.stdout, traced.stderr),
              (bare.returncode, bare.stdout, bare.stderr), python)
        equal(bare.returncode, 3, bare.stderr)


run_cases()
