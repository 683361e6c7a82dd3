# SPDX-License-Identifier: LGPL-2.1-or-later
"""A child has its own recording, or none; its parent's stays exact."""
import glob
import os

from harness import LIBRARY, case, environment, equal, program, record, report, run, run_cases

CHILDREN = 20
PARENT_BLOCKS = 7500
FORKED_BLOCKS = 300
EXITS_BLOCKS = 700


def trace(way, *words):
    """Run forks.c under the plain preload; info of the parent and of the others."""
    value = ":".join(("out=%s/rec-%%p" % os.getcwd(),) + words)
    command = [program("forks"), way, str(CHILDREN), program("exits")]
    result = run(command, env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=value))
    equal((result.returncode, result.stdout, result.stderr), (0, b"", b""), "the program")
    infos = [report("info", path) for path in glob.glob("rec-*")]
    parents = [info for info in infos if info["total_blocks"] == PARENT_BLOCKS]
    equal(len(parents), 1, "recordings of the parent among %r" % infos)
    return parents[0], [info for info in infos if info is not parents[0]]


def check_parent(info):
    equal(
        (info["total_blocks"], info["live_blocks"], info["live_bytes"], info["freed_blocks"]),
        (PARENT_BLOCKS, PARENT_BLOCKS, PARENT_BLOCKS * 32, 0),
        "parent",
    )


for way in ("fork", "daemon"):

    @case("%s: %d children of their own, and an exact parent" % (way, CHILDREN))
    def forked(_directory, way=way):
        parent, children = trace(way)
        check_parent(parent)
        working = [child for child in children if child["total_blocks"] > 0]
        equal([child["total_blocks"] for child in working], [FORKED_BLOCKS] * CHILDREN, "children")
        equal([child["live_bytes"] for child in working], [FORKED_BLOCKS * 48] * CHILDREN, "bytes")


for way in ("vfork", "spawn"):

    @case("%s: each started program has its own recording" % way)
    def started(_directory, way=way):
        parent, children = trace(way)
        check_parent(parent)
        equal([child["total_blocks"] for child in children], [EXITS_BLOCKS] * CHILDREN, "children")


@case("children=ignore: only the parent is recorded")
def ignored(_directory):
    for way in ("fork", "spawn"):
        parent, children = trace(way, "children=ignore")
        check_parent(parent)
        equal(children, [], "children of " + way)
        os.unlink(glob.glob("rec-*")[0])


@case("run records the descendants, and with --no-children only the command")
def launched(_directory):
    command = [program("forks"), "fork", "3"]
    equal(record("all.tally", command).returncode, 0, "status")
    equal(record("one.tally", command, "--no-children").returncode, 0, "status")
    check_parent(report("info", "all.tally"))
    check_parent(report("info", "one.tally"))
    equal(len(report("info", "all.tally")["processes"]), 4, "processes of all.tally")
    equal(len(report("info", "one.tally")["processes"]), 1, "processes of one.tally")


@case("run --no-children: programs that the command starts are not recorded, exec goes on")
def launched_alone(_directory):
    spawning = [program("forks"), "spawn", "3", program("exits")]
    equal(record("one.tally", spawning, "--no-children").returncode, 0, "status")
    equal(len(report("info", "one.tally")["processes"]), 1, "processes of one.tally")
    replaced = [program("exits"), "100", "exec"]
    equal(record("exec.tally", replaced, "--no-children").returncode, 0, "status")
    counts = [p["total_blocks"] for p in report("info", "exec.tally")["processes"]]
    equal(sorted(counts), [100, 20000], "blocks of each image")


@case("run leaves nothing but its file, and no recording behind")
def tidy(directory):
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    variables = environment(XDG_RUNTIME_DIR=os.path.join(directory, "runtime"))
    os.mkdir("runtime", 0o700)
    os.mkdir("work")
    record("run.tally", [program("forks"), "fork", "3"], cwd="work", env=variables)
    equal(os.listdir("work"), ["run.tally"], "files in the working directory")
    left = [name for _, _, names in os.walk("runtime") for name in names]
    equal(left, [], "files in the runtime directory")
    if os.path.isdir("/dev/shm"):
        mine = [n for n in set(os.listdir("/dev/shm")) - before if "heaptally" in n]
        equal(mine, [], "files in /dev/shm")


@case("threads: totals are exact when half of the blocks die in another thread")
def threads(_directory):
    equal(record("run.tally", [program("threads"), "8"]).returncode, 0, "status")
    top = report("top", "--by", "function", "--at", "exit", "-n", "0", "run.tally")
    groups = [g for g in top["groups"] if g["frames"] and g["frames"][0]["function"] == "allocate"]
    equal(len(groups), 1, "groups of allocate")
    equal((groups[0]["total_blocks"], groups[0]["live_blocks"], groups[0]["live_bytes"]),
          (160000, 40000, 1600000), "allocate")


run_cases()
