#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally growth: who grows, of programs that are known to grow so, by three kinds of looks.

The program waits after each tick, or takes the look itself, so no verdict depends on how fast this
machine is. Where the clock decides when looks are taken, the program grows at any pace.
"""
import os
import re
import subprocess

from harness import (COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, program, record,
                     report, run, run_cases, wait_to_succeed)

TICKS = 24
GROWS = program("grows")

# By way: the verdict on each function that is said to be more than unchanged.
WAYS = {
    "steady": {"leak": "steady"},
    "steps": {"leak": "steps"},
    "stop": {"fill": "plateau"},
    "cache": {"fill": "plateau"},
    "start": {"fill": "start-up"},
    "burst": {"hold": "burst"},
    "peak": {"take": "steady"},
    "two": {"hold": "burst", "leak": "steady"},
    "saw": {"hold": "saw-tooth"},
    "churn": {"take": "steady"},
    "doubling": {"doubling": "steps"},
    "slow": {"leak": "steady"},
    "threads": {"leak": "steady", "fill": "start-up"},
}


def verdicts(document):
    """Of our own functions; threads have blocks of libc's too."""
    names = {name for way in WAYS.values() for name in way}
    found = {group["frames"][0]["function"]: group["verdict"] for group in document["groups"]}
    return {name: verdict for name, verdict in found.items() if name in names}


def check(way, document, kind):
    """kind: where the looks begin after the first tick, all that came then is unchanged."""
    wanted = dict(WAYS[way])
    if kind == "snapshots":
        wanted = {name: verdict for name, verdict in wanted.items() if verdict != "start-up"}
        if way == "two":
            wanted["hold"] = "fall"
    equal(verdicts(document), wanted, "%s by %s" % (way, kind))
    growing = [group["is_growing"] for group in document["groups"]]
    equal(growing, sorted(growing, reverse=True), "who grows is first")
    equal(sum(growing), document["totals"]["growing_count"], "how many grow")
    for group in document["groups"]:
        equal(len(group["live_bytes"]), len(document["times_seconds"]), "as many looks as times")
        equal(group["bytes_per_second"] > 0, group["is_growing"], "who grows has a pace")


@case("by copies that the program makes itself, given as files")
def by_snapshots(directory):
    for way in WAYS:
        os.mkdir(way)
        os.chdir(way)
        subprocess.run([GROWS, way, "snapshots"], check=True,
                       env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=whole.recording"))
        files = sorted(name for name in os.listdir(".") if re.fullmatch(r"\d\d\.recording", name))
        equal(len(files), TICKS, "copies")
        check(way, report("growth", *files), "snapshots")
        os.chdir(directory)


class Marked:
    """`grows` under `heaptally run`, each tick of which begins when its last mark can be looked at."""

    def __init__(self, way, tally):
        os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
        self.run = subprocess.Popen([COMMAND, "run", "-f", "-o", tally, "--", GROWS, way, "marks"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env=environment())
        said = self.run.stderr.readline().decode()
        self.pid = re.search(r"\(pid (\d+)\)", said).group(1)

    def tick(self, number):
        equal(self.run.stdout.readline(), b"\n", "what it says")
        wait_to_succeed("info", "%s@mark:%d" % (self.pid, number), child=self.run)

    def go_on(self):
        self.run.stdin.write(b"\n")
        self.run.stdin.flush()

    def end(self):
        self.run.stdin.close()
        self.run.stdout.read()
        self.run.stderr.read()
        self.run.wait(60)

    def stop(self):
        """Also when a test failed."""
        if not self.run.stdin.closed:
            self.run.stdin.close()
        end_child(self.run)


@case("by marks, while `heaptally run` runs and after it")
def by_marks(_directory):
    for way in WAYS:
        marked = Marked(way, way + ".tally")
        try:
            for number in range(TICKS):
                marked.tick(number)
                if number == TICKS - 1:
                    check(way, report("growth", marked.pid), "marks of a living process")
                marked.go_on()
            marked.end()
        finally:
            marked.stop()
        check(way, report("growth", way + ".tally"), "marks")


@case("diff, top and timeline know the marks of a run that lasts")
def marks_of_a_living_run(_directory):
    marked = Marked("steady", "steady.tally")
    try:
        for number in range(4):
            marked.tick(number)
            if number < 3:
                marked.go_on()
        for name in (marked.pid, "grows"):
            diff = report("diff", name + "@mark:0", name)
            equal((diff["old"]["moment"], diff["new"]["moment"]), ("at mark 0", "now"), "moments")
            equal([group["live_bytes_diff"] for group in diff["groups"]], [30000], "mark -> now")
            equal(report("top", name + "@mark:1")["totals"]["live_bytes"], 20000, "top")
        timeline = report("timeline", marked.pid)
        equal([moment["label"] for moment in timeline["snapshots"]], ["0", "1", "2", "3", ""], "snapshots")
        assert any(point["resident_bytes"] for point in timeline["points"]), "no samples of the run"
        equal([row["frames"][0]["function"] for row in timeline["growing"]], ["leak"], "who grows")
        left = [name for _, _, names in os.walk("heaptally") for name in names]
        equal([name for name in left if not name.endswith(".recording") and name != "execs"], [], "left behind")
        marked.end()
    finally:
        marked.stop()
    equal([names for _, _, names in os.walk("heaptally") if names], [], "left behind at the end")


@case("by looks at a process as time goes by, and by snapshots of `run --every`")
def by_time(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    child = subprocess.Popen([COMMAND, "run", "-q", "-f", "--every", "0.1", "-o", "paced.tally", "--",
                              GROWS, "steady", "pace"], env=environment())
    try:
        wait_to_succeed("info", "grows@snap:2", child=child)
        watched = report("growth", "--watch", "2s", "grows")
        check("steady", watched, "looks")
        assert len(watched["times_seconds"]) > 20, watched["times_seconds"]
        pid = watched["process"]["pid"]
        equal(run(["kill", str(pid)]).returncode, 0, "kill")
        child.wait(60)
    finally:
        end_child(child)
    check("steady", report("growth", "paced.tally"), "snapshots of a run")


@case("a process without `run` is watched: what is there already does not grow")
def without_run(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    child = subprocess.Popen([GROWS, "slow", "pace"], env=environment(LD_PRELOAD=LIBRARY))
    try:
        wait_to_succeed("info", str(child.pid), child=child)
        watched = report("growth", "--watch", "1.5s", str(child.pid))
        equal(verdicts(watched), {"leak": "steady"}, "watched")
        assert watched["times_seconds"][0] > 0, "it was not looked at from the start on"
    finally:
        end_child(child)


@case("too few moments are said to be, and the largest one by several names")
def refusals(directory):
    os.environ["XDG_RUNTIME_DIR"] = directory
    equal(record("few.tally", [program("wordindex"), os.path.join(os.environ["srcdir"], "COPYING")]).returncode,
          0, "run")
    few = report("growth", "few.tally")
    equal(few["totals"]["verdict"], "unknown", "of two moments")
    assert "too few moments" in few["hints"][0], few["hints"]
    for words, said in ((["--by", "stack", "few.tally"], b"--by stack: growth goes by line"),
                        (["--watch", "x", "few.tally"], b"--watch x: not a time"),
                        (["few.tally", "no.tally"], b"no.tally: No such file"),
                        (["--format", "csv", "few.tally"], b"not one of text, json")):
        result = heaptally("growth", *words)
        equal(result.returncode, 2, words)
        assert said in result.stderr, result.stderr
    record("other.tally", [program("wordindex"), os.path.join(os.environ["srcdir"], "COPYING")])
    result = heaptally("growth", "few.tally", "other.tally")
    equal(result.returncode, 2, "of two processes")
    assert b"few.tally: no earlier snapshot of the process of other.tally" in result.stderr, result.stderr
    children = [subprocess.Popen([GROWS, "steady", "pace"], env=environment(LD_PRELOAD=LIBRARY))
                for _ in range(2)]
    try:
        for child in children:
            wait_to_succeed("info", str(child.pid), child=child)
        result = heaptally("top", "grows")
        equal(result.returncode, 2, "two of a name")
        said = result.stderr.decode()
        assert said.startswith("heaptally: grows: 2 processes of this name run: ") and \
            all(str(child.pid) in said for child in children) and "give one of these numbers" in said, said
        equal(heaptally("top", "grow").returncode, 2, "a part of a name")
    finally:
        for child in children:
            end_child(child)


run_cases()
