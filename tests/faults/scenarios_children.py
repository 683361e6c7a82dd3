# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios about children: fork, vfork, spawn, exec, and what they inherit."""
import os
import shutil

from judge import Verdict, belongings, difference, judge_numbers, missing, worst, wrong
from scenarios import scenario


@scenario(4, "fork storm of a threaded parent (F03)")
def fork_storm(bench):
    target = bench.target("fork_storm")
    base = bench.run([target, "0"])
    # The threads work until the last fork, so the number of operations differs from run to run.
    return bench.compare(
        [target, bench.scale(60, 2000)], lambda run: live_zero(run, base), timeout=300
    )


def live_zero(run, base):
    return judge_numbers(run, base, keys=("live_bytes",)) if base.readable else missing(run)


@scenario(5, "fork, _Fork, clone, vfork, posix_spawn, system (F02, F19)")
def kinds_of_children(bench):
    return bench.compare([bench.target("children"), bench.scale(5, 100)], judge_numbers)


@scenario(6, "exec chain, failed execve, exec from a thread (F56)")
def exec_chain(bench):
    links = bench.scale(10, 100)

    def each_image(run):
        own = [data for data in run.data if data.get("pid") in (0, run.ended.pid)]
        if len(own) != links + 1:
            return wrong(run, "%d recordings of %d images" % (len(own), links + 1))
        for data in own:
            if data["total_blocks"] < 1001:
                return wrong(run, "an image has %d blocks" % data["total_blocks"])
        return Verdict("P", "%d images, a recording each" % len(own))

    target = bench.target("exec_chain")
    if bench.tracer.name == "heaptally":
        # A directory, since an exec'd image has the process id and may have the name of its predecessor.
        return into_directory(bench, [target, links], each_image)
    return bench.compare([target, links], each_image)


def into_directory(bench, argv, criterion):
    original = bench.tracer.variables
    bench.tracer.variables = lambda directory: {"HEAPTALLY": "dir=%s" % directory}
    try:
        return bench.compare(argv, criterion)
    finally:
        bench.tracer.variables = original


def normalized(text, tracer, directory):
    """The environment as printed, without what a tracer needs to be there, and sorted."""
    lines = []
    for line in text.decode().replace(directory, "DIR").splitlines():
        name, _, value = line.partition("=")
        if name == "LD_PRELOAD":
            words = [word for word in value.split(":") if word and word != tracer.library]
            line = "LD_PRELOAD=" + ":".join(words)
            if not words:
                continue
        if name not in tracer.variables(directory) and not name.startswith("HEAPTRACK"):
            lines.append(line)
    return lines


class Child:
    """A kind of child to run: its words, and whether it is to be traced itself."""

    def __init__(self, name, words):
        self.name = name
        self.words = words


def kinds(bench, folder):
    target = bench.target("environment")
    blank = os.path.join(folder, "with blanks in it")
    shutil.copy(target, blank)
    script = os.path.join(folder, "script")
    with open(script, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexec '%s' print\n" % target)
    os.chmod(script, 0o755)
    children = [
        Child("same", [target, "print"]),
        Child("blanks", [blank, "print"]),
        Child("script", [script]),
        Child("env -i", ["/usr/bin/env", "-i", target, "print"]),
        Child("static", [bench.target("static_program"), "10"]),
    ]
    if os.geteuid() == 0 and os.path.exists("/usr/bin/setpriv"):
        set_user = os.path.join(folder, "set_user_id")
        shutil.copy(target, set_user)
        os.chmod(set_user, 0o4755)
        words = ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups", set_user, "print"]
        children.append(Child("setuid", words))
    return children


@scenario(29, "environment and stderr of children of all kinds (F13)")
def environment(bench):
    folder = bench.directory()
    other = bench.target("origin/lib/ours.so")
    verdicts = []
    try:
        for child in kinds(bench, folder):
            verdicts.append(environment_of(bench, child, other))
    finally:
        shutil.rmtree(folder)
    return worst(verdicts)


def environment_of(bench, child, other):
    """The user's own preload must reach the child; so must the rest, byte for byte."""
    argv = [bench.target("environment"), "run", *child.words]
    seen = {}

    def keep(run, directory):
        run.lines = normalized(run.ended.stdout, bench.tracer, directory)
        seen[bench.tracer.name] = directory

    bare = bench.bare(argv, keep=keep, preload=[other])
    traced = bench.run(argv, keep=keep, preload=[other])
    stdout, traced.ended.stdout = traced.ended.stdout, bare.ended.stdout
    broken = difference(bare, traced) or belongings(bare, traced)
    traced.ended.stdout = stdout
    if broken is None and bare.lines != traced.lines:
        changed = sorted(set(bare.lines) ^ set(traced.lines))
        broken = "%s child's environment differs: %s" % (child.name, changed[0][:60])
    if broken is not None:
        return Verdict("B", "%s child: %s" % (child.name, broken))
    return Verdict("P", "environment and stderr as bare") if traced.main else missing(traced)
