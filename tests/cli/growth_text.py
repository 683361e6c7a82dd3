#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""growth, timeline and diff in terminals of 60 to 200 columns, with and without UTF-8.

Times and rates are of this machine: they are T and R, and blanks are single.
"""
import os
import re
import subprocess

from harness import LIBRARY, case, environment, equal, lines_in_terminal, program, run_cases

WIDTHS = (60, 80, 120, 200)
BARS = {"C.UTF-8": "▁▂▃▄▅▆▇█", "C": ".:|#"}


def normal(line):
    line = re.sub(r"[+-][0-9.]+ [KM]?i?B/s", "R", line)
    line = re.sub(r"\b[0-9.]+ (us|ms|s|min)\b", "T", line)
    line = re.sub(r"grows [0-9]+", "grows PID", line)
    line = re.sub(r"  +[^ ]*/?grows\.c:", " grows.c:", line)
    return " ".join(line.split())


def record(way):
    subprocess.run([program("grows"), way, "snapshots"], check=True,
                   env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=whole.recording"))
    return sorted(name for name in os.listdir(".") if re.fullmatch(r"\d\d\.recording", name))


def fits(lines, columns, locale):
    for line in lines:
        assert len(line) <= columns, (columns, line)
        if locale == "C":
            assert line.isascii(), line


@case("growth: who grows, at every width")
def growth(_directory):
    files = record("two")
    for locale, bars in BARS.items():
        for columns in WIDTHS:
            lines = lines_in_terminal(columns, locale, "growth", "--exclude", "function=main", *files)
            head = next(i for i, line in enumerate(lines) if line == "")
            fits([line for line in lines[head:] if not re.match("quality|  +", line)], columns, locale)
            table = [normal(line) for line in lines[head + 1:] if re.search("leak|hold|verdict", line)]
            is_wide = columns >= 80
            found = [re.sub("[%s]+( +[%s]+)*" % (bars, bars), "BARS", line) if is_wide else line
                     for line in table]
            names = [re.sub(r" grows\.c:\d+", "", line).replace(" B ", " ") for line in found]
            equal([line.split()[0] for line in names][1:2], ["R"], "who grows is first")
            assert re.search(r"R (.*)steady growth leak", names[1]), names
            assert re.search(r"only fell hold", names[2]), names
            equal("over time" in names[0], is_wide, "bars at %d" % columns)
            equal(len(names), 3, "rows")


@case("timeline and diff: what changed, at every width")
def others(_directory):
    files = record("two")
    for locale in BARS:
        for columns in WIDTHS:
            lines = lines_in_terminal(columns, locale, "timeline", files[-1])
            fits(lines, columns, locale)
            assert any(re.match(r"grew since .* leak", line) for line in lines), lines
            lines = lines_in_terminal(columns, locale, "diff", files[0], files[-1])
            (title,) = [normal(line) for line in lines if line.startswith("from now")]
            equal(title, "from now (T) to now (T), by line", "title")
            rows = [normal(line) for line in lines if re.match(r" *[+-].* (leak|hold) ", line)]
            equal([re.sub(r" grows\.c:\d+", "", row) for row in rows],
                  ["-47.7 MiB -1 0 B gone hold", "+44.9 KiB +23 46.9 KiB leak"], "rows at %d" % columns)


run_cases()
