# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a row of the tables of meanings is shown.

    @row("malloc(0) is one block of 0 bytes")       by a check right here
    def empty(directory): ...

    shown("clear_traces: ...", CASE, NEEDLE...)      by a case of another test; it has to exist, to
                                                     be run by `make check`, and to have these texts
    absent("gc.get_referrers", WHY, command="...")   not in this version, which is checked as well:
                                                     once it is there, its row has to be shown

Every row is one line of TAP.
"""
import os
import re

from harness import BUILD, SOURCE, case, environment, equal, heaptally, program, record, report, run

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


def find_case(path, name):
    """The text of a test from its name to the next test, or None."""
    text = read_source(path)
    if path.endswith(".c"):
        begin, end = "START_TEST(%s)\n" % name, "\nEND_TEST"
        if not re.search(r"tcase_add_\w+\(\w+, %s\b" % name, text):
            return None
    elif path.endswith(".bats"):
        begin, end = '@test "%s" {\n' % name, "\n}\n"
    else:
        begin, end = '@case("%s"' % name, "\n@case("
    _, found, rest = text.partition(begin)
    return rest.partition(end)[0] if found else None


def shown(name, test, *needles):
    """test is "PATH: CASE"; needles are texts in the body of that case, or "PATH: TEXT"."""

    @row(name)
    def check(_directory):
        path, _, title = test.partition(": ")
        body = find_case(path, title)
        assert body is not None, "%s has no case %r" % (path, title)
        assert runs_in_make_check(path), "%s is not run" % path
        for needle in needles:
            other, colon, text = needle.partition(": ")
            if colon and os.path.exists(os.path.join(SOURCE, other)):
                assert text in read_source(other), "%s has no %r" % (other, text)
            else:
                assert needle in body, "%s: %s has no %r" % (path, title, needle)


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
