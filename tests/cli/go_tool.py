# SPDX-License-Identifier: LGPL-2.1-or-later
"""Go's own pprof, and what it prints as data: `go tool pprof`, or the tool alone, which scripts/check leaves in the build."""
import collections
import os
import re
import shutil

from harness import BUILD, Skip, environment, equal, run

RawProfile = collections.namedtuple("RawProfile", "types shown samples labels mappings comments")
Row = collections.namedtuple("Row", "flat cum")
# A line number, from Go 1.22 on with the column behind it.
LINE = re.compile(r"(.*?):(\d+)(?::\d+)? s=\d+(?:\(.*\))?")
SAMPLE = re.compile(r"((?: +-?\d+)+): ((?:\d+ ?)*)")
LOCATION = re.compile(r" +(\d+): 0x[0-9a-f]+ (?:M=(\d+) )?(.*)")
NUMBER = r"(-?[\d.]+)[a-zA-Z]*"


def find_tool():
    go = shutil.which("go")
    if go is not None:
        return [go, "tool", "pprof"]
    alone = os.path.join(BUILD, "go-pprof")
    if not os.path.exists(alone):
        raise Skip("golang-go is not installed")
    return [alone]


class GoTool:
    """`go tool pprof`, which leaves what it fetches in the directory, and nothing in a home."""

    def __init__(self, directory):
        self.words = find_tool()
        self.environment = environment(HOME=directory, PPROF_TMPDIR=directory, PPROF_BINARY_PATH=directory)

    def print(self, *words):
        done = run([*self.words, *words], env=self.environment)
        equal(done.returncode, 0, "status of pprof %r: %r" % (words, done.stderr[-500:]))
        return done.stdout.decode("utf-8")

    def raw(self, *words):
        """The profile as it was understood: samples are (stack, values), a stack is [(name and file, line)], innermost first."""
        text = self.print("-raw", *words)
        head, _, rest = text.partition("\nSamples:\n")
        types, _, rest = rest.partition("\n")
        samples, _, rest = rest.partition("\nLocations\n")
        locations, _, mappings = rest.partition("\nMappings\n")
        frames = read_locations(locations.splitlines())
        found, labels = read_samples(samples.splitlines(), frames)
        return RawProfile(types=[word.replace("[dflt]", "") for word in types.split()],
                          shown=[word[:-6] for word in types.split() if word.endswith("[dflt]")],
                          samples=found, labels=labels, mappings=mappings.splitlines(),
                          comments=re.findall("^Comment: (.*)$", head, re.M))

    def top(self, *words):
        """{name: Row} in whole units, what they add up to, and the name of the column."""
        text = self.print("-top", "-nodecount=0", "-nodefraction=0", "-edgefraction=0", "-unit=B", *words)
        [kind] = re.findall(r"^Type: (\S+)$", text, re.M)
        [shown, total] = re.findall(r"^Showing nodes accounting for %s, .* of %s total$" % (NUMBER, NUMBER), text, re.M)[0]
        rows = {}
        for flat, cum, name in re.findall(r"^ *%s +-?[\d.]+%% +-?[\d.]+%% +%s +-?[\d.]+%% +(.*)$" % (NUMBER, NUMBER), text, re.M):
            name = re.sub(r" \((partial-)?inline\)$", "", name)
            assert name not in rows, "two rows of " + name
            rows[name] = Row(int(flat), int(cum))
        equal(int(shown), sum(row.flat for row in rows.values()), "sum of the rows")
        return rows, int(total), kind


def read_locations(lines):
    """{number: [("name file", line)]}, what is inlined first; both may have spaces."""
    frames, number = {}, 0
    for text in lines:
        begins = LOCATION.fullmatch(text)
        if begins:
            number = int(begins[1])
            frames[number] = []
        line = LINE.fullmatch(begins[3] if begins else text.strip())
        assert line, text
        frames[number].append((line[1], int(line[2])))
    return frames


def read_samples(lines, frames):
    found, labels = [], collections.defaultdict(list)
    for text in lines:
        sample = SAMPLE.fullmatch(text)
        if not sample:
            for key, values in re.findall(r"(\S+):\[(.*?)\]", text):
                labels[key].append((values, found[-1]))
            continue
        stack = tuple(frame for number in sample[2].split() for frame in frames[int(number)])
        found.append((stack, [int(value) for value in sample[1].split()]))
    return found, labels
