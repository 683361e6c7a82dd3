#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every report in terminals of 60, 80, 120 and 200 columns, with and without UTF-8.

Of fresh recordings: nothing is wider than the terminal, no file:line is cut, numbers of a table end in
one column. Of the file that 0.1.0 wrote: each report is what tests/data/golden.txt has, to the byte;
WIDTHS_UPDATE=1 writes it anew, and `git diff` shows what changed.
"""
import os
import re
import shutil
import subprocess

from harness import (DATA, LIBRARY, case, environment, equal, heaptally, lines_in_terminal, need, program, record, run, run_cases)

WIDTHS = (60, 80, 120, 200)
LOCALES = ("C.UTF-8", "C")
GOLDEN = os.path.join(DATA, "golden.txt")
UNITS = r"(?:B|KiB|MiB|GiB)"


def shown(columns, locale, words, status=0, **variables):
    return lines_in_terminal(columns, locale, *words, status=status, TZ="UTC", **variables)


# --- what holds of every report ---


def check_widths(lines, columns, what):
    equal([line for line in lines if len(line) > columns], [], "lines wider than %d of %s" % (columns, what))


def check_places(lines, files, what):
    """Where the name of a source file begins, all of it stands there, and its line."""
    for line in lines:
        for name in files:
            stem, extension = name.rsplit(".", 1)
            for found in re.finditer(r"(?<![\w.-])%s\.%s(?![\w.]*[\w])[^\s]*" % (stem, extension[0]), line):
                assert re.match(r"%s:\d+" % re.escape(name), found[0]), (what, line)


def check_columns(lines, what):
    """Sizes that begin the rows of one table end in one column."""
    ends = None
    for line in lines:
        found = re.match(r" *[+-]?[0-9][0-9.]* %s(?:/s)?(?=  )" % UNITS, line)
        if not found:
            ends = None if not line.strip() else ends
            continue
        # A row may have nothing in the first column.
        if ends is not None and len(line) - len(line.lstrip()) > ends:
            continue
        if ends is not None:
            equal(found.end(), ends, "where a number ends, of %s: %r" % (what, line))
        ends = found.end()


def check_report(words, files=(), status=0, is_table=True, **variables):
    for locale in LOCALES:
        for columns in WIDTHS:
            what = "%s in %d, %s" % (" ".join(words), columns, locale)
            lines = shown(columns, locale, words, status, **variables)
            assert any(lines), what
            check_widths(lines, columns, what)
            check_places(lines, files, what)
            if is_table:
                check_columns(lines, what)
            if locale == "C":
                assert all(line.isascii() for line in lines), (what, lines)


def trace(*words, options="out=whole.recording"):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL,
                   env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=options))


@case("growth: of steps of a program, and of one file")
def growth(_directory):
    trace(program("grows"), "two", "snapshots")
    files = sorted(name for name in os.listdir(".") if re.fullmatch(r"\d\d\.recording", name))
    check_report(["growth", *files], ["grows.c"])
    equal(record("run.tally", [program("grows"), "two", "snapshots"], "--every", "0.05").returncode, 0, "run")
    check_report(["growth", "run.tally"], ["grows.c"])
    check_report(["timeline", "run.tally"], ["grows.c"])


@case("leaks: what nothing points at")
def leaks(_directory):
    record("run.tally", [program("leaks")], "--leaks")
    check_report(["leaks", "run.tally"], ["leaks.c"], status=1)


@case("resident: where the memory of a process is")
def resident(_directory):
    record("run.tally", [program("resident"), "holes"], "--every", "0.02")
    check_report(["resident", "run.tally"])
    assert any(line.startswith("parts ") for line in shown(60, "C", ["timeline", "run.tally"], 0)), "parts"
    check_report(["timeline", "run.tally"])


@case("tree, callers and stacks: of C++ and of C")
def trees(_directory):
    equal(record("run.tally", [program("tree")]).returncode, 0, "run")
    for by in ("tree",), ("stack",), ("tree", "-n", "0"):
        check_report(["top", "--by", *by, "run.tally"], ["tree.cpp"])
    check_report(["top", "--callers-of", "*", "run.tally"], ["tree.cpp"])
    check_report(["top", "--by", "process", "run.tally"])
    check_report(["top", "--by", "domain", "run.tally"])


METHODS = r"""
#include <stdlib.h>
#include <string>
namespace company { namespace network {
template <typename T, typename U> struct SessionManager {
    T first;
    U second;
    __attribute__((noinline)) void *handleIncomingRequest(size_t bytes);
    __attribute__((noinline)) void *add(size_t bytes);
};
template <typename T, typename U> void *SessionManager<T, U>::handleIncomingRequest(size_t bytes)
{
    void *block = malloc(bytes);
    __asm__ volatile("");
    return block;
}
template <typename T, typename U> void *SessionManager<T, U>::add(size_t bytes)
{
    void *block = malloc(bytes);
    __asm__ volatile("");
    return block;
}
} }
int main()
{
    company::network::SessionManager<std::string, long> manager;
    return manager.handleIncomingRequest(300000) == nullptr || manager.add(200000) == nullptr;
}
"""


@case("methods of C++: the method stays whole as long as something of its class fits, and both are named")
def methods(_directory):
    with open("m.cpp", "w", encoding="ascii") as file:
        file.write(METHODS)
    equal(run([need("g++"), "-g", "-O1", "-o", "m", "m.cpp"]).returncode, 0, "g++")
    equal(record("run.tally", ["./m"]).returncode, 0, "run")
    for words in (["top"], ["top", "--by", "function"], ["top", "--by", "tree"], ["top", "--callers-of", "*::add"],
                  ["diff", "run.tally"], ["top", "--cumulative"]):
        check_report([*words, "run.tally"], ["m.cpp"], is_table=False)
        for columns in WIDTHS:
            for line in shown(columns, "C", [*words, "run.tally"]):
                if re.search(r"::(handle|add)", line) and "*::add" not in line:
                    assert re.search(r"(SessionManager(<\S+( long>)?)?|Ses\w*\.\.\.)::(handle\w*(\.\.\.)?|add)( |$)", line), \
                        (columns, words, line)
    [line] = [line for line in shown(60, "C", ["top", "run.tally"]) if "handle" in line]
    assert re.search(r"  Ses\w*\.\.\.::handleIncomingRequest  m\.cpp:\d+$", line), line
    [line] = [line for line in shown(60, "C", ["top", "run.tally"]) if "::add" in line]
    assert re.search(r"  (\.\.\.::)?SessionManager(<\.\.\.>)?::add  +m\.cpp:\d+$", line), line


@case("list: recordings of processes that ended")
def lists(directory):
    runtime = os.path.join(directory, "runtime")
    os.makedirs(os.path.join(runtime, "heaptally"), mode=0o700)
    os.chmod(runtime, 0o700)
    for count in "10", "30000":
        trace(program("exits"), count, "return", options="dir=" + os.path.join(runtime, "heaptally"))
    # Rows that do not fit are folded.
    check_report(["list"], is_table=False, XDG_RUNTIME_DIR=runtime)


@case("info: of many processes with long command lines")
def info(_directory):
    script = "; ".join("%s %d return" % (program("exits"), count) for count in (10, 300)) + "; true " + "x" * 300
    record("run.tally", ["sh", "-c", script])
    check_report(["info", "run.tally"])
    check_report(["top", "--process", "all", "run.tally"], ["exits.c"])
    check_report(["top", "--by", "process", "run.tally"])


@case("diff: of two runs, by line, stack and process")
def diff(_directory):
    record("old.tally", [program("exits"), "300", "return"])
    record("new.tally", [program("exits"), "5000", "return"])
    for by in "line", "stack", "function", "file", "module", "process":
        files = ["exits.c"] if by in ("line", "stack") else []
        check_report(["diff", "--by", by, "old.tally", "new.tally"], files)


# --- what is known to the byte ---

REPORTS = (
    ("info",), ("top",), ("top", "--by", "tree"), ("top", "--by", "stack", "-n", "2"),
    ("top", "--by", "process"), ("top", "--process", "all"), ("top", "--by", "domain"), ("timeline",),
    ("growth",),
    ("diff", "v0.1.tally@snap:1"),
)


def without_end(lines):
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def read_golden():
    found, name = {}, None
    if not os.path.exists(GOLDEN):
        return found
    with open(GOLDEN, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if line.startswith("#### "):
                name = line[5:]
                found[name] = []
            elif name is not None:
                found[name].append(line)
    return {name: without_end(lines) for name, lines in found.items()}


def print_all():
    """By report, width and locale; that of C only where it is another one."""
    found = {}
    for words in REPORTS:
        for columns in WIDTHS:
            for locale in LOCALES:
                name = "%s in %d" % (" ".join(words), columns)
                lines = without_end([line.rstrip() for line in shown(columns, locale, [*words, "v0.1.tally"])])
                if locale != LOCALES[0]:
                    if lines == found[name]:
                        continue
                    name += ", " + locale
                found[name] = lines
    return found


@case("the reports of a file that does not change are what they were")
def golden(_directory):
    shutil.copy(os.path.join(DATA, "v0.1.tally"), ".")
    now, before = print_all(), read_golden()
    if os.environ.get("WIDTHS_UPDATE"):
        with open(GOLDEN, "w", encoding="utf-8") as file:
            file.write("SPDX-License-Identifier: LGPL-2.1-or-later\n"
                       "Reports of tests/data/v0.1.tally, written by tests/cli/widths.py\n")
            for name, lines in now.items():
                file.write("#### %s\n%s\n" % (name, "\n".join(lines)))
        return
    for name in sorted(now.keys() | before.keys()):
        plain = name.partition(", ")[0]
        equal(now.get(name, now.get(plain)), before.get(name, before.get(plain)), name)
    for name, lines in now.items():
        check_widths(lines, int(re.search(r" in (\d+)", name)[1]), name)


run_cases()
