# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios about threads, signals, cancellation, stacks, and the end of a process."""
import os
import random
import shutil
import struct
import time

from judge import Verdict, judge_numbers, missing, reword, worst, wrong
from scenarios import scenario

TALLY_BYTES = 64
THREADS = 32


@scenario(9, "dlopen storm beside malloc, throw, dl_iterate_phdr (F04)")
def dlopen_storm(bench):
    folder = bench.directory()
    plugins = []
    for i in range(8):
        plugins.append(os.path.join(folder, "plugin%d.so" % i))
        shutil.copy(bench.target("storm_plugin.so"), plugins[-1])
    try:
        return bench.compare([bench.target("dlopen_storm"), bench.scale(40, 1500), *plugins], timeout=240)
    finally:
        shutil.rmtree(folder)


@scenario(12, "signal handlers that allocate, siglongjmp (F07)")
def signals(bench):
    target = bench.target("signals")
    count = bench.scale(3000, 60000)
    options = {"preload": [bench.target("reentrant_malloc.so")]}
    base = bench.run([target, "0", "exact"], **options)
    return worst(
        [
            bench.compare([target, count, "exact"], lambda run: with_nested(run, base), timeout=180, **options),
            bench.compare([target, count, "jump"], lambda run: healed(run, base), timeout=180, **options),
        ]
    )


def with_nested(run, base):
    """Exact: what a handler allocated inside the tracer is in the totals, without a stack."""
    if not run.readable or not base.readable:
        return missing(run)
    nested = run.main.get("nested_events", 0) - base.main.get("nested_events", 0)
    wanted = run.report["total_blocks"] - base.report["total_blocks"]
    seen = run.main["total_blocks"] - base.main["total_blocks"]
    if wanted != seen:
        return wrong(run, "%d blocks of %d, %d of them nested" % (seen, wanted, nested))
    return Verdict("P", "%d blocks exact, %d of them nested" % (wanted, nested))


def healed(run, base):
    """Each jump may lose the operation it left; everything after the storm must be there."""
    if not run.readable or not base.readable:
        return missing(run)
    own = run.report["total_blocks"] - base.report["total_blocks"]
    seen = run.main["total_blocks"] - base.main["total_blocks"]
    error = abs(seen - own)
    if error > 2 * run.report["jumps"] + 2:
        return wrong(run, "%d blocks off after %d jumps" % (error, run.report["jumps"]))
    return Verdict("P", "%d jumps out of malloc, %d blocks off" % (run.report["jumps"], error))


@scenario(13, "pthread_cancel, deferred and asynchronous (F26)")
def cancel(bench):
    target = bench.target("cancel")
    count = bench.scale(300, 10000)
    shim = [bench.target("reentrant_malloc.so")]
    return worst(
        [
            bench.compare([target, count, "deferred"], timeout=120),
            bench.compare([target, count, "asynchronous"], preload=shim, timeout=120),
        ]
    )


@scenario(14, "2 KiB of stack left: threads, signal stacks, fibers (F08)")
def small_stacks(bench):
    target = bench.target("small_stacks")
    verdicts = []
    for what in ("thread", "signal", "fiber"):
        for left in (2048, 3072, 8192 if what == "signal" else 4096):
            # A thread brings a vector of libc's, which is freed with it.
            keys = ("live_bytes",) if what == "thread" else ("total_blocks", "total_bytes", "live_bytes")
            verdict = bench.compare([target, what, left], lambda run, k=keys: judge_numbers(run, keys=k))
            verdicts.append(reword(verdict, "%s with %d" % (what, left)))
    return worst(verdicts)


@scenario(15, "destructors of thread data, all keys (F18)")
def destructors(bench):
    target = bench.target("destructors")
    count = bench.scale(4, 60)
    libc = LibcOfThreads()

    def criterion(run):
        return judge_numbers(libc.without(run), keys=("freed_blocks", "total_blocks"))

    return bench.compare([target, count], criterion)


class LibcOfThreads:
    """libc allocates for threads what the target does not see; it does so in blocks that balance.

    Each thread gets 32 keys in its descriptor and calloc's the next 31 blocks of keys, freed at its
    end; the first also gets a thread vector that stays in the cache of stacks.
    """

    BLOCKS_OF_KEYS = 1024 // 32 - 1

    def without(self, run):
        if run.main:
            threads = run.report["total_blocks"] // 8194
            run.data = [dict(run.main, says=run.says)]
            run.main["freed_blocks"] -= threads * self.BLOCKS_OF_KEYS + threads
            run.main["total_blocks"] -= threads * self.BLOCKS_OF_KEYS + threads + 1
        return run


@scenario(16, "very many threads, at once and in turn (F40)")
def many_threads(bench):
    at_once = bench.scale(500, 10000)
    argv = [bench.target("threads"), at_once, bench.scale(2000, 200000)]
    bare = bench.bare(argv, timeout=240)

    def criterion(run):
        grown = (run.report["resident_kib"] - bare.report["resident_kib"]) / 1024
        maps = run.report["mappings_after"] - bare.report["mappings_after"]
        if grown > 64:
            return wrong(run, "%.0f MiB more resident with %d threads" % (grown, at_once))
        if maps > 64:
            return wrong(run, "%d more mappings after the threads" % maps)
        if not run.readable:
            return missing(run)
        own = run.report["total_blocks"]
        if run.main["total_blocks"] < own:
            return wrong(run, "%d blocks of %d" % (run.main["total_blocks"], own))
        return Verdict("P", "%+.1f MiB resident with %d threads" % (grown, at_once))

    return bench.compare(argv, criterion, timeout=240)


def counted(shared):
    """Sums of the tallies in a shared file, and the operations in flight when it ended."""
    blocks = total = frees = flying = 0
    for offset in range(0, len(shared), TALLY_BYTES):
        allocs, size, freed, _, begun = struct.unpack_from("<5Q", shared, offset)
        blocks += allocs
        total += size
        frees += freed
        flying += begun - allocs - freed
    return blocks, total, frees, max(flying, 0)


def within_flight(run, libc_blocks, allowed=THREADS):
    """The recording against the shared tallies: one operation per thread may differ."""
    if not run.readable:
        return missing(run)
    blocks, _, frees, _ = counted(run.shared)
    if run.main["live_blocks"] != run.main["total_blocks"] - run.main["freed_blocks"]:
        return wrong(run, "live is not total minus freed")
    off = max(abs(run.main["total_blocks"] - libc_blocks - blocks), abs(run.main["freed_blocks"] - frees))
    if off > allowed:
        return wrong(run, "%d operations off, %d in flight at most" % (off, allowed))
    return Verdict("P", "at most %d operations off" % off)


ENDS = ("return", "exit", "quick_exit", "_exit", "abort", "kill", "pthread_exit", "exec")


@scenario(17, "exit races with 32 busy threads (F11)")
def exit_races(bench):
    target = bench.target("exit_race")
    verdicts = []
    for how in ENDS:
        for _ in range(bench.scale(2, 100)):
            verdict = bench.compare([target, how, THREADS], of_own_image)
            verdicts.append(reword(verdict, how))
            if verdict.letter == "B":
                break
    return worst(verdicts)


def of_own_image(run):
    """libc makes one thread vector per thread; with exec, the new image has a recording of its own."""
    own = [data for data in run.data if data.get("command", "exit_race") == "exit_race"]
    run.data = own or run.data
    return within_flight(run, THREADS, 2 * THREADS)


def add_up(bench, run):
    """None, or which sum over the stacks is not what the totals say."""
    groups = bench.tracer.top(run.main["path"], "--by", "stack", "--raw-frames")
    for column in ("live_bytes", "live_blocks", "total_bytes", "total_blocks"):
        total = sum(group[column] for group in groups)
        if total != run.main[column]:
            return "%s of all stacks is %d, not %d" % (column, total, run.main[column])
    return None


def allocates(directory):
    """Whether the threads of the target have counted anything."""
    try:
        with open(os.path.join(directory, "shared"), "rb") as file:
            return any(file.read(TALLY_BYTES))
    except OSError:
        return False


def judge_killed(bench, run):
    if run.ended.status != -9:
        return Verdict("B", run.ended.how())
    if any(data.get("fault") == "the reader failed" for data in run.data):
        return Verdict("S", "the reader failed")
    if not run.main.get("total_blocks") and not counted(run.shared)[0]:
        return None
    wrong_sum = add_up(bench, run) if run.readable and hasattr(bench.tracer, "top") else None
    if wrong_sum is not None:
        return Verdict("S", wrong_sum)
    # The thread vectors made so far are not known to the target: at most one per thread.
    return within_flight(run, THREADS // 2, 2 * THREADS)


@scenario(18, "SIGKILL at random instants (F30)")
def killed(bench):
    target = bench.target("exit_race")
    generator = random.Random(4)
    verdicts = []
    times = bench.scale(15, 5000 if bench.tracer.name == "heaptally" else 500)

    def keep(run, _directory):
        verdict = judge_killed(bench, run)
        if verdict is not None:
            verdicts.append(verdict)

    for number in range(times):
        delay = generator.random() * 0.03

        def act(started, directory, delay=delay, at_start=number % 5 == 0):
            # One in five while it starts, the others while threads allocate.
            deadline = time.monotonic() + 20
            while not at_start and not allocates(directory) and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(delay)
            started.child.kill()

        bench.run([target, "wait", THREADS], act=act, keep=keep)
    if not verdicts:
        return Verdict("P", "always killed before the first block")
    return reword(worst(verdicts), "killed %d times, %d of them with blocks" % (times, len(verdicts)))


@scenario(25, "fibers that move between threads, stacks unmapped (F34)")
def fibers(bench):
    target = bench.target("fibers")
    base = bench.run([target, "0"])
    return bench.compare([target, bench.scale(1000, 10000)], lambda run: judge_fibers(run, base))


def judge_fibers(run, base):
    for data in run.data:
        data["says"] = []
    return judge_numbers(run, base)
