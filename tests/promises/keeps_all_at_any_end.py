# SPDX-License-Identifier: LGPL-2.1-or-later
"""However a program ends, every allocation before the end is in the report."""
import glob
import os
import signal
import subprocess

from harness import COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, program
from harness import record, report, run, run_cases

COUNT = 10000
BLOCK_BYTES = 24

# How exits.c ends, the status as `run` returns it, and as wait reports it to a parent.
ENDS = [
    ("return", 0, 0),
    ("exit", 3, 3),
    ("_exit", 4, 4),
    ("abort", 128 + signal.SIGABRT, -signal.SIGABRT),
    ("kill", 128 + signal.SIGKILL, -signal.SIGKILL),
    ("segv", 128 + signal.SIGSEGV, -signal.SIGSEGV),
]


def check_counts(operand, count=COUNT):
    info = report("info", operand)
    expected = {
        "total_blocks": count,
        "total_bytes": count * BLOCK_BYTES,
        "freed_blocks": 0,
        "live_blocks": count,
        "live_bytes": count * BLOCK_BYTES,
        "peak_blocks": count,
        "peak_bytes": count * BLOCK_BYTES,
        "dropped_events": 0,
    }
    equal({key: info[key] for key in expected}, expected, "info of %s" % operand)


for how, run_status, wait_status in ENDS:

    @case("%s after %d allocations, under run" % (how, COUNT))
    def launched(_directory, how=how, run_status=run_status):
        equal(record("run.tally", [program("exits"), str(COUNT), how]).returncode,
              run_status, "status")
        check_counts("run.tally")

    @case("%s after %d allocations, preloaded by hand" % (how, COUNT))
    def preloaded(_directory, how=how, wait_status=wait_status):
        variables = environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=%s/%%e-%%p.rec" % os.getcwd())
        result = run([program("exits"), str(COUNT), how], env=variables)
        equal((result.returncode, result.stderr), (wait_status, b""), "status and stderr")
        recordings = glob.glob("exits-*.rec")
        equal(len(recordings), 1, "recordings")
        check_counts(recordings[0])


@case("exec keeps what was recorded before it, and records the new program")
def exec_starts_anew(_directory):
    record("run.tally", [program("exits"), str(COUNT), "exec"])
    variables = environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=%s/rec-%%p" % os.getcwd())
    equal(run([program("exits"), str(COUNT), "exec"], env=variables).returncode, 0, "status")
    counts = sorted(report("info", path)["total_blocks"] for path in glob.glob("rec-*"))
    equal(counts, [COUNT, 2 * COUNT], "blocks of each image")


@case("a running process is read by pid and by file, then killed, and read again")
def live(_directory):
    recording = os.path.join(os.getcwd(), "live.rec")
    variables = environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + recording)
    child = subprocess.Popen([program("exits"), str(COUNT), "stop"], env=variables,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        equal(int(child.stdout.readline()), child.pid, "pid")
        check_counts(recording)
        equal(report("info", recording)["state"], "running", "state")
        child.kill()
        child.wait()
        check_counts(recording)
        equal(report("info", recording)["state"], "ended", "state")
        equal(heaptally("snapshot", "-o", "kept.tally", recording).returncode, 0, "snapshot")
        check_counts("kept.tally")
    finally:
        child.stdout.close()
        end_child(child)


@case("a process under `run` is found by its pid: list, info, top, snapshot")
def by_pid(_directory):
    child = subprocess.Popen(
        [COMMAND, "run", "-q", "-o", "run.tally", "--", program("exits"), str(COUNT), "stop"],
        env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        pid = child.stdout.readline().decode().strip()
        check_counts(pid)
        assert pid in heaptally("list").stdout.decode().split(), "list does not show %s" % pid
        top = report("top", pid)
        equal(top["totals"]["live_blocks"], COUNT, "top of %s" % pid)
        equal(heaptally("snapshot", "-o", "live.tally", pid).returncode, 0, "snapshot")
        os.kill(int(pid), signal.SIGKILL)
        equal(child.wait(60), 128 + signal.SIGKILL, "status of run")
        check_counts("live.tally")
        check_counts("run.tally")
    finally:
        child.stdout.close()
        end_child(child)


run_cases()
