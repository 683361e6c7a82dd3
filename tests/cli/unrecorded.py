#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that leave no recording are counted and named, with the reason."""
import os
import re
import shutil
import subprocess

from harness import (LIBRARY, Skip, case, end_child, environment, equal, heaptally, need, program, record,
                     report, run, run_cases)

WAYS = ("execl execlp execle execv execve execvp execvpe fexecve execveat execveat_fd execveat_dir posix_spawn posix_spawnp "
        "vfork").split()
LACKS_PRELOAD = "was started with an environment that lacks LD_PRELOAD"


def unrecorded(*command, **options):
    """(name, processes, reason) of each program, and the whole of `info`."""
    result = record("run.tally", command, **options)
    info = report("info", "run.tally")
    return [(row["command"], row["process_count"], row["reason"])
            for row in info["unrecorded"]], info, result


def names(info):
    return sorted(process["command"] for process in info["processes"])


@case("every function of exec and spawn: with LD_PRELOAD a recording, without it a row")
def ways(_directory):
    lister = need("ls")
    for way in WAYS:
        rows, info, result = unrecorded(program("starts"), way, "keep", lister)
        equal(rows, [], "rows of " + way)
        assert "ls" in names(info), (way, names(info), result)
        rows, info, result = unrecorded(program("starts"), way, "drop", lister)
        equal(rows, [("ls", 1, LACKS_PRELOAD)], "rows of " + way)
        assert "ls" not in names(info), (way, names(info), result)


@case("system and popen: the shell has a recording, or a row for each")
def shells(_directory):
    for way in "system", "popen":
        rows, info, result = unrecorded(program("starts"), way, "keep", "true")
        equal((rows, result.returncode), ([], 0), way)
        assert len(info["processes"]) >= 2, (way, names(info))
        rows, info, result = unrecorded(program("starts"), way, "drop", "true")
        equal(([row[1:] for row in rows], result.returncode), ([(1, LACKS_PRELOAD)], 0), way)
        equal(names(info), ["starts"], "recordings")
    script = "%s system drop true; %s popen drop true; :" % (program("starts"), program("starts"))
    rows, _info, _result = unrecorded("sh", "-c", script)
    equal([row[1:] for row in rows], [(2, LACKS_PRELOAD)], "both")


@case("what could not be started is no program, however it is tried")
def failed(_directory):
    for way in WAYS:
        rows, _info, result = unrecorded(program("starts"), way, "drop", "/nowhere/to/be/found")
        equal((rows, result.returncode), ([], 127), way)
    os.mkdir("first")
    os.mkdir("second")
    shutil.copy(program("exits"), "second/mine")
    rows, info, _result = unrecorded("sh", "-c", "PATH=$PWD/first:$PWD/second:$PATH; mine 10 return; :")
    equal((rows, names(info)), ([], ["mine", "sh"]), "a search in PATH")


@case("static, another malloc, a limit: each has its reason, and is counted")
def reasons(_directory):
    script = "%s 1 return; %s 1 return; %s; (ulimit -f 0; %s 1 return); :" % (
        program("static"), program("static"), program("own_malloc"), program("exits"))
    rows, info, _result = unrecorded("sh", "-c", script)
    equal(sorted(rows), [
        ("exits", 1, "was started under a limit on the size of files (ulimit -f)"),
        ("own_malloc", 1, "brings its own malloc, which comes before heaptally's"),
        ("static", 2, "is statically linked, so nothing can be preloaded into it")], "rows")
    paths = {row["command"]: row["executable"] for row in info["unrecorded"]}
    equal(paths["static"], program("static"), "path")


@case("another user cannot write to the recordings")
def other_user(_directory):
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        raise Skip("needs root and setpriv")
    rows, _info, _result = unrecorded("setpriv", "--reuid", "65534", "--clear-groups", "true")
    equal(rows, [("true", 1, "was started as user 65534, who cannot write to the recordings of "
                             "this run")], "rows")


@case("--no-children: nothing was to be recorded, so nothing is missing")
def no_children(_directory):
    record("run.tally", ["sh", "-c", "env -i true; true"], "--no-children")
    equal(report("info", "run.tally")["unrecorded"], [], "rows")


@case("text: card, info, top and --process say it, and what the command itself became")
def text(_directory):
    static = program("static")
    card = heaptally("run", "-o", "run.tally", "--", "sh", "-c", static + " 1 return; :").stderr
    assert re.search(rb"\n  unseen    1 process was not recorded: static, which is statically ",
                     card), card
    for words in (["info"], ["top"]):
        output = heaptally(*words, "run.tally").stdout
        assert b"not recorded" in output and b"static" in output, output
    refusal = heaptally("top", "--process", "static", "run.tally")
    equal(refusal.returncode, 2, "status")
    assert b"static was not recorded: it is statically linked" in refusal.stderr, refusal
    card = heaptally("run", "-o", "exec.tally", "--", "sh", "-c", "exec %s 1 return" % static).stderr
    assert re.search(rb"\n  unseen    \S+ \(\d+\) went on as static, which is statically", card), card


@case("hundreds of one program are one row")
def many(_directory):
    script = "i=0; while [ $i -lt 300 ]; do env -i true; i=$((i + 1)); done; exec " + program("exits")
    rows, _info, _result = unrecorded("sh", "-c", script)
    equal([row[0] for row in rows], ["true"], "rows")
    assert rows[0][1] == 300, rows


@case("below an auditor the lost calls have their reason")
def audited(_directory):
    with open("audit.c", "w") as file:
        file.write('#include <string.h>\nstatic char *volatile kept;\n'
                   'unsigned la_version(unsigned v) { kept = strdup("x"); return v; }\n')
    if run(["gcc", "-shared", "-fPIC", "-o", "audit.so", "audit.c"]).returncode != 0:
        raise Skip("gcc makes no auditor")
    record("run.tally", ["env", "LD_AUDIT=./audit.so", program("exits"), "10", "return"])
    info = report("info", "run.tally", "--process", "exits")
    equal(info["total_blocks"], 10, "blocks")
    told = [sentence for sentence in info["troubles"] if "LD_AUDIT" in sentence]
    equal(len(told), 1 if info["dropped_events"] else 0, "sentences of %r" % info)


@case("a living process that is not traced: the way to trace it")
def living(_directory):
    with subprocess.Popen(["sleep", "100"], env=environment()) as child:
        refusal = heaptally("top", str(child.pid)).stderr
        end_child(child)
    assert b"not a traced process" in refusal and b"heaptally run" in refusal, refusal


@case("a misspelt program or file: the nearest one is named")
def misspelt(_directory):
    equal(record("summer.tally", [program("tree")]).returncode, 0, "status")
    with open("notes.txt", "w", encoding="ascii"):
        pass
    child = subprocess.Popen([program("exits"), "10", "stop"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        child.stdout.readline()
        for words in (["top"], ["leaks"], ["report"], ["export", "--format", "pprof"], ["resident"], ["snapshot"], ["live"],
                      ["growth"], ["serve", "--pid"]):
            for word, meant in (("exist", "exits"), ("sumer.tally", "summer.tally"), ("summer.taly", "summer.tally"),
                                ("sommer", "summer.tally"), ("./sumer.tally", "./summer.tally"), ("noted.txt", None),
                                ("./exist", None), ("x.tally", None)):
                done = heaptally(*words, word)
                assert done.returncode == 2 and done.stdout == b"", (words, word, done)
                equal(re.findall(rb"; did you mean (\S+)\?\n", done.stderr), [meant.encode()] if meant else [],
                      "meant by %s of %s" % (word, words))
    finally:
        end_child(child)


run_cases()
