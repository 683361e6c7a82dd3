# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stacks that are made to deceive a capture that remembers: every trace equals a full walk."""
import os

from harness import BUILD, LIBRARY, case, environment, equal, report, run, run_cases

HERE = os.path.join(BUILD, "tests", "capture")


def traced(command, options):
    recording = "capture.rec"
    variables = environment(LD_PRELOAD=LIBRARY, HEAPTALLY="%sout=%s/%s" % (options, os.getcwd(), recording))
    result = run(command, env=variables)
    equal(result.returncode, 0, "status")
    return recording, result


def checked(command, least):
    recording, _ = traced(command, "crosscheck=1:")
    info = report("info", recording)
    assert info["crosscheck_count"] >= least, info
    equal(info["crosscheck_differences"], 0, "differences")


def shape(name, least):
    @case("%s: no difference from a full walk" % name)
    def compare(_directory):
        checked([os.path.join(HERE, "shapes"), name], least)


shape("alloca", 50000)
shape("dead-rbp", 40000)
shape("realigned", 20000)
shape("large-frames", 1500)
shape("longjmp", 20000)
shape("fibers", 4000)
shape("signal-stack", 800)
shape("recursion", 100)


@case("C++ exceptions: no difference from a full walk")
def exceptions(_directory):
    checked([os.path.join(HERE, "throw")], 30000)


@case("plugins that take turns at one address keep their own stacks")
def reload(_directory):
    rounds = 200
    plugins = {os.path.join(HERE, "alpha.so"): 1111, os.path.join(HERE, "beta.so"): 2222}
    recording, result = traced([os.path.join(HERE, "reload"), str(rounds)] + sorted(plugins), "")
    assert int(result.stdout) > rounds / 2, "the plugins were never at the same address"
    groups = report("top", "-n0", "--by", "stack", "--at", "exit", "--raw-frames", recording)["groups"]
    for path, size in plugins.items():
        # With raw frames the first is the allocation function.
        mine = [g for g in groups if len(g["frames"]) > 1 and g["frames"][1]["module"] == path]
        equal(sum(g["total_blocks"] for g in mine), rounds // 2, path)
        equal(sum(g["total_bytes"] for g in mine), rounds // 2 * size, path)
        for group in mine:
            modules = [os.path.basename(f["module"] or "") for f in group["frames"][1:]]
            name = os.path.basename(path)
            equal(modules[:6], [name] * 5 + ["reload"], "stack")


run_cases()
