# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a row of the tables of meanings is shown.

    @row("malloc(0) is one block of 0 bytes")       by a check right here
    def empty(directory): ...

    shown("clear_traces: ...", CASE)                 by a case of another test, "PATH: CASE", that is
                                                     among those that `make check` runs
    expected("is_tracing()", MODE, CONDITION...)     by what the program api.c says of itself, with
                                                     the runtime or alone: these conditions hold there
    absent("gc.get_referrers", WHY, command="...")   not in this version, which is checked as well:
                                                     once it is there, its row has to be shown

Every row is one line of TAP.
"""
import functools
import os
import re
import sys
import tempfile

from harness import (BUILD, LIBRARY, SOURCE, case, environment, equal, heaptally, program, record,
                     report, run)

DRIVER = os.path.join(BUILD, "tests", "unit", "statistics_driver")
MEANINGS = program("meanings")
row = case


def read_source(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def runs_in_make_check(path):
    """Whether a fragment of the Makefile lists this test."""
    folder = os.path.dirname(path)
    name = path.removesuffix(".c")
    fragments = [os.path.join(at, "local.mk") for at in (folder, os.path.dirname(folder))]
    return any(re.search(r"(?m)^\s*%s( \\)?$" % re.escape(name), read_source(fragment))
               for fragment in fragments if os.path.exists(os.path.join(SOURCE, fragment)))


def parse_tap(text):
    """Names of the cases that passed, of Check's TAP: "ok 1 - test_x.c:tcase:name: Passed"."""
    return re.findall(r"(?m)^ok \d+ - [^:\n]*:[^:\n]*:(\w+): ", text)


@functools.cache
def list_cases(path):
    """The cases that a test has when it is run; those of a unit test passed just now."""
    if path.endswith(".bats"):
        return re.findall(r'(?m)^@test "(.*)" \{$', read_source(path))
    if path.endswith(".py"):
        python_path = os.path.join(SOURCE, "tests")
        result = run([sys.executable, "-B", os.path.join(SOURCE, path), "--list"],
                     env=dict(os.environ, PYTHONPATH=python_path))
        equal(result.returncode, 0, "%s --list: %s" % (path, result.stderr))
        return result.stdout.decode().splitlines()
    with tempfile.TemporaryDirectory(prefix="heaptally-test.") as directory:
        log = os.path.join(directory, "tap")
        run([os.path.join(BUILD, path.removesuffix(".c"))],
            env=environment(CK_TAP_LOG_FILE_NAME=log))
        with open(log, encoding="utf-8") as file:
            return parse_tap(file.read())


def shown(name, test):
    @row(name)
    def check(_directory):
        path, _, title = test.partition(": ")
        pattern = re.escape(title).replace("%d", r"\d+").replace("%s", ".+")
        assert any(re.fullmatch(pattern, one) for one in list_cases(path)), \
            "%s has no case %r" % (path, title)
        assert runs_in_make_check(path), "%s is not run" % path


@functools.cache
def list_expectations(mode):
    """The conditions that held when api.c was run, traced or alone."""
    with tempfile.TemporaryDirectory(prefix="heaptally-test.") as directory:
        log = os.path.join(directory, "log")
        own = {"EXPECT_LOG": log}
        if mode == "traced":
            own.update(LD_PRELOAD=LIBRARY, HEAPTALLY="out=own.recording:blocks=on")
        result = run([program("api"), mode, "copy.recording"],
                     env=environment(**own), cwd=directory)
        equal((result.stdout.decode(), result.returncode), ("", 0), "api " + mode)
        with open(log, encoding="utf-8") as file:
            return set(file.read().splitlines())


def expected(name, mode, *conditions):
    @row(name)
    def check(_directory):
        for condition in conditions:
            assert condition in list_expectations(mode), "%s was not tried" % condition


def absent(name, why, command=None, option=None, function=None, key=None):
    """option is "COMMAND --OPTION", key one of --by."""

    @row("%s (not in this version: %s)" % (name, why))
    def check(_directory):
        if command:
            result = heaptally(command, "--help")
            equal(result.returncode, 2, "status of " + command)
        if option:
            of, word = option.split()
            text = heaptally(of, "--help").stdout.decode()
            assert "Usage" in text and not re.search(r"%s\b" % re.escape(word), text), text
        if function:
            assert function + "(" not in read_source("lib/include/heaptally.h"), function
        if key:
            keys = re.search(r"--by=KEY(.*?)--", heaptally("top", "--help").stdout.decode(), re.S)
            assert not re.search(r"\b%s\b" % key, keys.group(1)), keys.group(1)


def meanings(*options):
    """Record meanings.c into its file; every option is one of `run`."""
    result = record("run.tally", [MEANINGS], *options)
    equal((result.returncode, result.stderr), (0, b""), "the program")
    return "run.tally"


def functions(tally, at="exit"):
    """What each function of the traced program has: a dictionary of groups."""
    groups = report("top", "--by", "function", "-n", "0", "--at", at, tally)["groups"]
    return {group["frames"][0]["function"]: group for group in groups}


def columns(group, *names):
    return tuple(group[name] for name in names)


def drive(traces, filters=(), old=(), cumulative=False):
    """
    What statistics_driver prints of traces (bytes, stack) or (bytes, stack, domain): a dictionary
    from "top line", "diff stack" and so on to lists of lines. Filters are ("+a.py", all frames?).
    """
    words = []
    for side, list_of in ((0, old), (1, traces)):
        for size, stack, *domain in list_of:
            words.append("trace %d %d %d %s" % (side, domain[0] if domain else 0, size, stack))
    for text, any_frame in filters:
        words.append("filter %d %d %s" % (text[0] == "+", any_frame, text[1:]))
    words += ["cumulative"] if cumulative else []
    result = run([DRIVER], stdin=None, env=environment(),
                 input=("\n".join(words) + "\nrun\n").encode())
    equal(result.returncode, 0, "status of the driver")
    reports, title = {}, None
    for line in result.stdout.decode().splitlines():
        if re.fullmatch(r"(top|diff) (line|file|stack)", line):
            title = line
            reports[title] = []
        elif line != "end":
            reports[title].append(line)
    return reports
