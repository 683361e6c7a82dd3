#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tracemalloc_oracle.py - the same traces for CPython's tracemalloc and for heaptally

A thousand random snapshots and filter lists go through Snapshot.filter_traces, statistics and
compare_to on one side and through statistics_driver on the other. Text and order must be equal.

What heaptally does better is left out: recursion in cumulative mode, where tracemalloc counts a
trace once for each frame.
"""
import os
import random
import subprocess
import tracemalloc

from harness import BUILD, TIME_LIMIT, case, environment, equal, run_cases  # noqa: E402

CASES = 1000
FILES = ("a.py", "b.py", "dir/a.py", "dir/.b.py", "c.pyc", "c.py", "\u00e9.py", "Z[1].py", "<x>")
PATTERNS = FILES + ("*", "*.py", "?.py", "dir/*", "*/a.py", "[ab].py", "[!a]*", "*.pyc", "none",
                    "Z[[]1].py", "[^a].py")
DRIVER = os.path.join(BUILD, "tests", "unit", "statistics_driver")


def random_size(choice):
    return choice.choice((
        choice.randrange(0, 4),
        choice.choice((24, 24, 100, 100, 4096)),
        choice.randrange(0, 1 << choice.randrange(1, 46)),
    ))


def random_stack(choice, distinct):
    depth = choice.randrange(1, 5)
    if distinct:
        return tuple((name, choice.randrange(1, 12)) for name in choice.sample(FILES, depth))
    return tuple((choice.choice(FILES), choice.randrange(1, 12)) for _ in range(depth))


def random_traces(choice, distinct):
    stacks = [random_stack(choice, distinct) for _ in range(choice.randrange(1, 12))]
    return [(choice.choice((0, 7)), random_size(choice), choice.choice(stacks))
            for _ in range(choice.randrange(0, 30))]


def random_filter(choice):
    return dict(
        inclusive=choice.random() < 0.6,
        filename_pattern=choice.choice(PATTERNS),
        lineno=choice.choice((None, None, choice.randrange(1, 12))),
        all_frames=choice.random() < 0.4,
        domain=choice.choice((None, None, 0, 7)),
    )


def filter_text(values):
    text = values["filename_pattern"].replace(",", "[,]")
    if values["lineno"] is not None:
        text += ":%d" % values["lineno"]
    if values["domain"] is not None:
        text += ",domain=%s" % ("tracked" if values["domain"] else "malloc")
    return text


class Case:
    def __init__(self, number):
        choice = random.Random(number)
        self.cumulative = choice.random() < 0.25
        old = random_traces(choice, self.cumulative)
        self.sides = (old, random_traces(choice, self.cumulative))
        if choice.random() < 0.5:
            # Two moments of one run have most traces in common.
            self.sides = (old, old + self.sides[1])
        self.filters = [random_filter(choice) for _ in range(choice.choice((0, 0, 1, 1, 2, 3)))]

    def words(self):
        for side, traces in enumerate(self.sides):
            for domain, size, stack in traces:
                places = " < ".join("%s:%d" % frame for frame in stack)
                yield "trace %d %d %d %s" % (side, domain, size, places)
        for values in self.filters:
            yield "filter %d %d %s" % (values["inclusive"], values["all_frames"],
                                       filter_text(values))
        if self.cumulative:
            yield "cumulative"
        yield "run"

    def expected(self):
        filters = [tracemalloc.Filter(**values) for values in self.filters]
        old, new = (
            tracemalloc.Snapshot([trace + (None,) for trace in side], 16).filter_traces(filters)
            for side in self.sides)
        keys = [("line", "lineno"), ("file", "filename"), ("stack", "traceback")]
        for name, key in keys[:2] if self.cumulative else keys:
            yield "top %s" % name
            yield from map(str, new.statistics(key, self.cumulative))
            yield "diff %s" % name
            yield from map(str, new.compare_to(old, key, self.cumulative))


def drive(words):
    result = subprocess.run([DRIVER], input=words.encode(), stdout=subprocess.PIPE,
                            env=environment(), timeout=TIME_LIMIT, check=True)
    return result.stdout.decode().split("end\n")


@case("text and order of %d random cases are those of CPython" % CASES)
def oracle(_directory):
    all_cases = [Case(number) for number in range(CASES)]
    reports = drive("".join(word + "\n" for one in all_cases for word in one.words()))
    for number, one in enumerate(all_cases):
        equal(reports[number].splitlines(), list(one.expected()), "case %d" % number)


run_cases()
