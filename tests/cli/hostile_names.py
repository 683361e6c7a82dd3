# SPDX-License-Identifier: LGPL-2.1-or-later
"""Symbols and commands with names of any bytes and any length, in every format of every report."""
import csv
import io
import json
import os
import re
import unicodedata
import xml.etree.ElementTree

from harness import case, equal, heaptally, need, record, run, run_cases

SHORT = b'\x1b]0;owned\x07</script><img src=x onerror=alert(1)>\n\r"];\',=1+1\xff\xfe\xc2\x9b31m\xe2\x80\xae&amp;{}'
MIB = 1 << 20
LONG = SHORT * (MIB // len(SHORT))
# What a recursive reader of mangled names would overflow the stack with.
DEEP = b"_Z1f" + b"P" * (MIB - 5) + b"c"
SOURCE = """
#include <stdlib.h>
#include <unistd.h>
void *volatile kept[3000];
__attribute__((noinline)) void *%s(int i) { return kept[i] = malloc(77); }
__attribute__((noinline)) void *%s(int i) { return kept[i] = malloc(78); }
__attribute__((noinline)) void *%s(int i) { return kept[i] = malloc(79); }
int main(void)
{
	for (int i = 0; i < 3000; i += 3) {
		%s(i);
		%s(i + 1);
		%s(i + 2);
		if (i %% 600 == 0)
			usleep(20000);
	}
	return 0;
}
"""


def build(name):
    """Symbols that are identifiers first, of the same lengths; then their bytes are exchanged."""
    wanted = (SHORT, LONG, DEEP)
    plain = [b"short_" + b"s" * len(SHORT[6:]), b"long_" + b"l" * len(LONG[5:]), b"deep_" + b"d" * len(DEEP[5:])]
    # The compiler sees short names: the long ones would go into its messages and its dependencies.
    aliases = [b"short_name", b"long_name", b"deep_name"]
    with open("names.c", "w", encoding="ascii") as file:
        file.write(SOURCE % tuple(alias.decode() for alias in aliases * 2))
    with open("map", "wb") as file:
        file.writelines(b"%s %s\n" % pair for pair in zip(aliases, plain))
    for words in (["gcc", "-O0", "-g1", "-c", "names.c"],
                  ["objcopy", "--strip-debug", "--redefine-syms=map", "names.o"],
                  ["gcc", "-o", "plain", "names.o"]):
        words[0] = need(words[0])
        done = run(words)
        equal(done.returncode, 0, "%s: %r" % (words[0], done.stderr[-200:]))
    with open("plain", "rb") as file:
        image = file.read()
    for before, after in zip(plain, wanted):
        assert image.count(before + b"\0") == 1, "no symbol to exchange"
        image = image.replace(before + b"\0", after + b"\0")
    with open(name, "wb") as file:
        file.write(image)
    os.chmod(name, 0o755)


COMMAND = b"evil \x1b[31m\n<b>&\xff,\"\xc2\x9b\xe2\x80\xae"


def recorded():
    """Two tallies with several moments of the hostile program under its hostile name."""
    build(COMMAND)
    for name in ("old.tally", "new.tally"):
        done = record(name, [b"./" + COMMAND], "--every", "0.02")
        equal((done.returncode, done.stdout), (0, b""), "status")


def safe(output, bidirectional=False):
    """The text of an output that cannot drive a terminal and is one that any reader can decode."""
    text = output.decode("utf-8")
    controls = {"Cc"} | (set() if bidirectional else {"Cf"})
    bad = {character for character in text if unicodedata.category(character) in controls} - {"\n"}
    equal(bad, set(), "characters")
    return text


def report(*arguments):
    done = heaptally(*arguments)
    equal(done.returncode, 0, "status of %s: %r" % (" ".join(arguments), done.stderr[-200:]))
    safe(done.stderr)
    return done.stdout


TEXTS = (
    ["top", "new.tally"],
    ["top", "--by", "function", "new.tally"],
    ["top", "--by", "stack", "new.tally"],
    ["top", "--by", "function", "--color", "never", "--full-names", "new.tally"],
    ["top", "--by", "file", "new.tally"],
    ["diff", "--all", "--by", "function", "old.tally", "new.tally"],
    ["diff", "--by", "stack", "old.tally@peak", "new.tally"],
    ["info", "new.tally"],
    ["timeline", "new.tally"],
    ["timeline", "--by", "function", "new.tally"],
)


def understood(done):
    return b"unrecognized option" not in done.stderr


@case("text")
def text(_directory):
    recorded()
    for words in TEXTS:
        if not understood(heaptally(*words)):
            continue
        lines = safe(report(*words)).split("\n")
        if "--full-names" in words:
            assert any("\\e]0;owned\\x07</script>" in line for line in lines), "the name is not shown"
        else:
            # A name of a megabyte is cut, not folded over a thousand lines.
            assert max(map(len, lines)) < 10000, "%s: a line of %d" % (words, max(map(len, lines)))
        assert len(lines) < 200, "%s: %d lines" % (words, len(lines))


def strings(value):
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@case("JSON")
def json_format(_directory):
    recorded()
    for words in TEXTS:
        if "--full-names" in words or not understood(heaptally(*words)):
            continue
        # Names are data here, and whole: what is written for them is printable.
        whole = list(strings(json.loads(safe(report(*words, "--format", "json"), True))))
        if "function" in words and words[0] == "top":
            assert any(name.startswith("\x1b]0;owned\x07</script>") for name in whole), "short name"
            assert any(len(name) > MIB // 2 for name in whole), "long name"


@case("CSV")
def csv_format(_directory):
    recorded()
    for words in (["top", "--by", "function", "new.tally"], ["diff", "--all", "--by", "function", "old.tally", "new.tally"]):
        content = safe(report(*words, "--format", "csv"), True)
        csv.field_size_limit(4 * MIB)
        rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
        assert len(rows) >= 4, "%d rows" % len(rows)
        equal({len(row) for row in rows}, {len(rows[0])}, "fields of a row")


@case("tracemalloc")
def tracemalloc(_directory):
    recorded()
    statistic = re.compile(r".*:\d+: size=[\d.]+ (B|KiB|MiB)( \([+-][\d.]+ (B|KiB|MiB)\))?, count=\d+( \([+-]\d+\))?(, average=.*)?$")
    for words in (["top", "new.tally"], ["diff", "--all", "old.tally", "new.tally"]):
        content = safe(report(*words, "--format", "tracemalloc"))
        lines = [line for line in content.split("\n") if line]
        assert lines and all(statistic.match(line) for line in lines), lines[:3]
    safe(report("top", "--by", "stack", "--format", "tracemalloc", "new.tally"))


@case("SVG")
def svg(_directory):
    recorded()
    equal(report("timeline", "--svg", "heap.svg", "new.tally"), b"", "standard output")
    with open("heap.svg", "rb") as file:
        content = safe(file.read(), True)
    tags = {element.tag.rpartition("}")[2] for element in xml.etree.ElementTree.fromstring(content).iter()}
    assert "svg" in tags and not tags & {"script", "img", "b", "foreignObject"}, tags
    assert len(content) < MIB, "%d bytes" % len(content)


@case("mprof")
def mprof(_directory):
    recorded()
    content = safe(report("timeline", "--format", "mprof", "new.tally"))
    number = r"[\d.]+ [\d.]+"
    lines = content.split("\n")
    assert lines[0].startswith("CMDLINE "), lines[0]
    assert len(lines) > 3, lines
    for line in lines[1:-1]:
        assert re.match("(MEM %s|FUNC [^ ]+ %s %s)$" % (number, number, number), line), line


@case("the card of run, and list")
def card(_directory):
    build(COMMAND)
    done = heaptally("run", "-o", "run.tally", "--", b"./" + COMMAND)
    equal(done.returncode, 0, "status")
    lines = safe(done.stderr).split("\n")
    assert max(map(len, lines)) < 10000, "a line of %d" % max(map(len, lines))
    safe(report("list"))


run_cases()
