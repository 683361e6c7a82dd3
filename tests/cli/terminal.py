#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What reports do to fit a terminal, and that a pipe gets all of it."""
import os
import re

from harness import COMMAND, case, environment, equal, heaptally, in_terminal, need, run, run_cases

DEEP = "a/folder/of/a/folder/with/a/rather/long/path"
SOURCE = """
#include <stdlib.h>
static inline __attribute__((always_inline)) void *
a_function_with_a_name_that_is_long(size_t bytes) { return malloc(bytes); }
__attribute__((noinline)) void *
middle(size_t bytes) { return a_function_with_a_name_that_is_long(bytes); }
int main(void)
{
	void *volatile kept[2] = {middle(3000), calloc(1, 70000)};
	free(kept[1]);
	return kept[0] == NULL;
}
"""


def record():
    """A program whose source is far down and whose function is inlined."""
    os.makedirs(DEEP)
    with open(DEEP + "/source.c", "w") as file:
        file.write(SOURCE)
    # An absolute path is not shortened by the working directory.
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", "deep",
               os.path.realpath(DEEP + "/source.c")]).returncode, 0, "compiler")
    equal(heaptally("run", "-q", "--blocks", "-o", "deep.tally", "--", "./deep").returncode, 0,
          "run")
    os.mkdir("elsewhere")
    os.chdir("elsewhere")


def lines_and_bytes(columns, *arguments, **variables):
    """Lines of the command in a terminal of so many columns; and the bytes."""
    output = in_terminal(columns, *arguments, **variables)
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.decode())
    # Blanks up to the edge and a return are a line of their own, or none: what comes after counts.
    return re.sub(r"(?m)^ +\r(?!\n)", "", text).split("\r\n"), output


def titles_of(lines):
    return next(line.split() for line in lines if re.match(r" +(live|address) ", line))


def row_of(lines, name):
    (row,) = [line for line in lines if name in line and "more" not in line]
    return row


@case("narrow terminals keep the line number, wide ones and pipes have it all")
def fits(_directory):
    record()
    for words in (("top", "../deep.tally"), ("diff", "../deep.tally@peak", "../deep.tally@exit"),
                  ("top", "--by", "file", "../deep.tally"), ("timeline", "../deep.tally"),
                  ("diff", "../deep.tally@exit", "../deep.tally@peak"),
                  ("top", "--by", "stack", "../deep.tally"),
                  ("top", "--ages", "../deep.tally"), ("blocks", "../deep.tally")):
        for columns in (74, 80, 100, 120):
            lines, _ = lines_and_bytes(columns, *words)
            wide = [line for line in lines if len(line) > columns and not line.startswith("from ")]
            equal(wide, [], "lines of %r that are wider than %d" % (words, columns))
    lines, _ = lines_and_bytes(80, "run", "-f", "-o", "again.tally", "--", "../deep")
    equal([line for line in lines if len(line) > 80], [], "lines of the card")
    assert re.search(r"/source\.c:4", row_of(lines, "a_function")), lines
    narrow = row_of(lines_and_bytes(80, "top", "../deep.tally")[0], "a_function")
    assert re.search(r"a_function\S*  \.\.\.\S*/source\.c:4( <- \.\.\.)?$", narrow), narrow
    whole = "%s/source.c:4 <- middle" % DEEP
    for lines in (lines_and_bytes(300, "top", "../deep.tally")[0],
                  heaptally("top", "../deep.tally").stdout.decode().splitlines()):
        assert row_of(lines, "a_function").endswith(whole), lines
    lines, _ = lines_and_bytes(80, "top", "--full-names", "../deep.tally")
    assert row_of(lines, "a_function").endswith(whole), lines


@case("columns that follow from others go first")
def leaves_out(_directory):
    record()
    narrow, _ = lines_and_bytes(80, "top", "../deep.tally")
    equal(titles_of(narrow), ["live", "%", "blocks", "allocs", "where"], "titles")
    wide, _ = lines_and_bytes(120, "top", "../deep.tally")
    equal(titles_of(wide), ["live", "%", "sum%", "blocks", "average", "allocs", "where"], "titles")
    narrow, _ = lines_and_bytes(80, "annotate", DEEP + "/source.c", "../deep.tally")
    equal(titles_of(narrow), ["live", "total", "blocks", "line"], "titles")
    wide, _ = lines_and_bytes(120, "annotate", DEEP + "/source.c", "../deep.tally")
    equal(titles_of(wide), ["live", "total", "blocks", "allocs", "temporary", "lifetime",
                            "line"], "titles")
    narrow, _ = lines_and_bytes(80, "blocks", "../deep.tally")
    equal(titles_of(narrow), ["address", "size", "age", "where"], "titles")
    assert "source.c:4" in row_of(narrow, "a_function"), narrow
    wide, _ = lines_and_bytes(120, "blocks", "../deep.tally")
    equal(titles_of(wide), ["address", "size", "usable", "age", "thread", "where"], "titles")


@case("colour is for terminals, and NO_COLOR and --color beat that")
def colours(_directory):
    record()
    words = ("top", "../deep.tally")
    assert b"\x1b[" in lines_and_bytes(80, *words)[1]
    assert b"\x1b[" not in lines_and_bytes(80, *words, NO_COLOR="1")[1]
    assert b"\x1b[" not in lines_and_bytes(80, *words, "--color", "never")[1]
    assert b"\x1b[" in lines_and_bytes(80, *words, "--color", "always", NO_COLOR="1")[1]
    assert b"\x1b" not in heaptally(*words).stdout
    plain = run([COMMAND, *words], env=environment(CLICOLOR_FORCE="1")).stdout
    assert b"\x1b[" in plain


@case("without UTF-8 nothing but ASCII is printed")
def ascii_only(_directory):
    record()
    for words in (("top",), ("timeline",), ("info",), ("diff", "../deep.tally@peak")):
        result = run([COMMAND, *words, "../deep.tally"], env=environment(LC_ALL="C"))
        equal((result.returncode, result.stderr), (0, b""), "status")
        assert result.stdout.isascii(), result.stdout
    card = run([COMMAND, "run", "-f", "-o", "again.tally", "--", "../deep"], env=environment(LC_ALL="C"))
    assert card.returncode == 0 and card.stderr.isascii(), card.stderr


run_cases()
