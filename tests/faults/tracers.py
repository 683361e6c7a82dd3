# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tracers that are compared: how each is put over a program, and how its numbers are read.

`data` gives the same keys for all: total_blocks, total_bytes, freed_blocks, live_blocks, live_bytes,
pid, and `says`: the sentences in which the tracer itself tells that something is missing.
"""
import json
import os
import re
import subprocess

from processes import call, read

SENTENCES = (
    ("dropped_events", "events could not be counted"),
    ("nested_events", "events interrupted the tracer"),
    ("unknown_frees", "frees of unknown blocks"),
)


class Bare:
    name = "bare"
    library = None

    def available(self):
        return True

    def variables(self, directory):
        return {}

    def begin(self, directory, command):
        pass

    def end(self):
        pass

    def data(self, directory):
        return []


class Heaptally(Bare):
    name = "heaptally"

    def __init__(self, command, library):
        self.command = command
        self.library = library

    def available(self):
        return os.path.exists(self.library) and os.path.exists(self.command)

    def variables(self, directory):
        return {"HEAPTALLY": "out=%s/%%e.%%p.recording" % directory}

    def data(self, directory):
        found = []
        for name in sorted(os.listdir(directory)):
            if ".recording" in name:
                found.append(self.info(os.path.join(directory, name)))
        return found

    def info(self, path):
        """The figures of a recording; {} when the reader refuses it or does not come to an end."""
        done = call([self.command, "info", "--format", "json", path])
        if done is None or done.returncode < 0 or (done.returncode > 0 and not done.stderr):
            return {"pid": 0, "says": [], "fault": "the reader failed"}
        if done.returncode != 0:
            text = done.stderr.decode("utf-8", "replace").strip().replace(path, "FILE")
            return {"pid": 0, "says": [text], "fault": text}
        info = json.loads(done.stdout)
        info["says"] = ["%d %s" % (info[k], s) for k, s in SENTENCES if info.get(k)]
        info["says"] += trouble(info)
        info["path"] = path
        return info

    def top(self, path, *arguments):
        done = call([self.command, "top", "-n", "0", "--at", "exit", "--format", "json", *arguments, path])
        if done is None or done.returncode != 0:
            return []
        return json.loads(done.stdout)["groups"]


def trouble(info):
    """Whatever `info` has of trouble, as sentences."""
    value = info.get("troubles") or []
    if isinstance(value, (list, tuple)):
        return [str(sentence) for sentence in value]
    return [str(value)]


class Heaptrack(Bare):
    """heaptrack --raw without its shell script: the same FIFO, reader and variables."""

    name = "heaptrack"

    def __init__(self):
        self.library = "/usr/lib/heaptrack/libheaptrack_preload.so"
        self.reader = None
        self.fifo = None

    def available(self):
        return os.path.exists(self.library)

    def variables(self, directory):
        return {"DUMP_HEAPTRACK_OUTPUT": os.path.join(directory, "fifo")}

    def begin(self, directory, command):
        self.fifo = os.path.join(directory, "fifo")
        os.mkfifo(self.fifo)
        self.raw = open(os.path.join(directory, "raw"), "wb")
        self.reader = subprocess.Popen(
            ["/bin/cat", self.fifo], stdin=subprocess.DEVNULL, stdout=self.raw
        )

    def end(self):
        """A program that never opened the FIFO leaves its reader waiting, as heaptrack's script."""
        if self.reader is None:
            return
        try:
            self.reader.wait(0.3)
        except subprocess.TimeoutExpired:
            self.release_reader()
        self.raw.close()
        self.reader = None

    def release_reader(self):
        try:
            os.close(os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK))
            self.reader.wait(2)
        except (OSError, subprocess.TimeoutExpired):
            self.reader.kill()
            self.reader.wait()

    def data(self, directory):
        path = os.path.join(directory, "raw")
        if not os.path.exists(path) or os.path.getsize(path) == 0:
            return []
        return [heaptrack_sums(path)]


def heaptrack_sums(path):
    """Add up the `+ size trace pointer` and `- pointer` lines of a raw file. Sizes are hexadecimal."""
    live = {}
    blocks = total = frees = live_bytes = pid = 0
    with open(path, "rb") as file:
        for line in file:
            kind = line[:2]
            if kind == b"+ ":
                size, _, pointer = line[2:].split()[:3]
                size = int(size, 16)
                live[pointer] = size
                blocks += 1
                total += size
            elif kind == b"- ":
                frees += live.pop(line[2:].strip(), None) is not None
    live_bytes = sum(live.values())
    return {
        "pid": pid,
        "total_blocks": blocks,
        "total_bytes": total,
        "freed_blocks": frees,
        "live_blocks": len(live),
        "live_bytes": live_bytes,
        "says": [],
    }


class Tcmalloc(Bare):
    """gperftools' heap profiler: it replaces the allocator, and reports sampled totals by exit."""

    name = "tcmalloc"

    def __init__(self):
        folder = "/usr/lib/x86_64-linux-gnu"
        self.library = os.path.join(folder, "libtcmalloc.so.4")

    def available(self):
        return os.path.exists(self.library)

    def variables(self, directory):
        return {"HEAPPROFILE": os.path.join(directory, "profile")}

    def data(self, directory):
        names = sorted(n for n in os.listdir(directory) if n.startswith("profile."))
        if not names:
            return []
        text = read(os.path.join(directory, names[-1]))
        match = re.match(rb"heap profile: +(\d+): +(\d+) \[ *(\d+): +(\d+)\]", text)
        if match is None:
            return []
        live_blocks, live_bytes, blocks, total = map(int, match.groups())
        return [
            {
                "pid": 0,
                "total_blocks": blocks,
                "total_bytes": total,
                "freed_blocks": blocks - live_blocks,
                "live_blocks": live_blocks,
                "live_bytes": live_bytes,
                "says": [],
            }
        ]


def every(command, library):
    return [Heaptally(command, library), Heaptrack(), Tcmalloc()]
