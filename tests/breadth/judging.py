# SPDX-License-Identifier: LGPL-2.1-or-later
"""A row run bare, under `heaptally run` and with the preload by hand, and what differs."""

import glob
import json
import os
import re
import subprocess

import running

REPORT_LIMIT_S = 60
MORE_BARE_RUNS = 2
READ_RECORDINGS = 30
TOLD = 4


class Verdict:
    """kind: "as bare", "refused", "differs", "not installed" or "not run"; notes: sentences that explain it."""

    def __init__(self, name, kind="as bare"):
        self.name, self.kind, self.notes = name, kind, []
        self.bare_s = self.ratio = None
        self.figures = {}

    def differs(self, text):
        self.kind = "differs"
        self.notes.append(text)


def how_status(status):
    if status is None:
        return "no end within the time limit"
    return "signal %d" % -status if status < 0 else "status %d" % status


def first_difference(old, new):
    """The first line that is another, of two texts."""
    if not isinstance(old, bytes) or not isinstance(new, bytes):
        return "is not there" if new is None else "is new"
    before, after = old.splitlines(), new.splitlines()
    for number, line in enumerate(before):
        if number >= len(after):
            return "ends before line %d, %.60r" % (number + 1, line)
        if after[number] != line:
            return "line %d is %.100r, not %.100r" % (number + 1, after[number], line)
    if len(after) > len(before):
        return "goes on with %.100r" % after[len(before)]
    return "ends otherwise"


def unequal(first, second):
    names = set(first.parts) | set(second.parts)
    return {name for name in names if first.parts.get(name) != second.parts.get(name)}


class Judge:
    def __init__(self, command, library, path, temp):
        self.command, self.library, self.path, self.temp = command, library, path, temp
        self.variables = {"HEAPTALLY_LIBRARY": library}

    def heaptally(self, place, *arguments):
        """A report; (status, stdout, stderr)."""
        try:
            result = subprocess.run([self.command, *arguments], cwd=place.logs, stdin=subprocess.DEVNULL, check=False,
                                    capture_output=True, timeout=REPORT_LIMIT_S,
                                    env=dict(place.environment(), **self.variables))
        except subprocess.TimeoutExpired:
            return None, b"", b""
        return result.returncode, result.stdout, result.stderr

    def judge(self, row):
        missing = row.missing(self.path)
        if missing:
            verdict = Verdict(row.name, "not installed")
            verdict.notes.append(" ".join(missing))
            return verdict
        place = running.Place(row, self.path, self.temp)
        try:
            running.prepare(place)
            return self.judge_in(place)
        except running.Failed as failure:
            verdict = Verdict(row.name, "not run")
            verdict.notes.append(str(failure))
            return verdict
        finally:
            place.release()

    def judge_in(self, place):
        row, verdict = place.row, Verdict(place.row.name)
        bare = running.execute(place)
        if bare.status != row.status:
            raise running.Failed("bare: %s: %s" % (how_status(bare.status), running.output(
                place, "command", ".err").decode(errors="replace").strip()[-200:]))
        bares = [bare, running.execute(place)]
        launched = self.launch(place, verdict)
        preloaded = self.preload(place)
        self.compare(place, verdict, bares, (("run", launched), ("preload", preloaded)))
        verdict.bare_s = min(result.seconds for result in bares)
        verdict.ratio = preloaded.seconds / max(verdict.bare_s, 0.001)
        if row.refused:
            if verdict.kind == "as bare":
                verdict.kind = "refused"
            return verdict
        self.read_tally(place, verdict)
        self.read_recordings(place, verdict)
        return verdict

    def launch(self, place, verdict):
        """Under `heaptally run`. Its own lines on stderr are notes of the verdict, not the program's."""
        prefix = [self.command, "run", "-q", "-f", "-o", place.tally, "--"]
        result = running.execute(place, ["env", "HEAPTALLY_LIBRARY=" + self.library] + prefix)
        lines = result.parts["stderr"].splitlines(keepends=True)
        own = [line for line in lines if line.startswith(b"heaptally: ")]
        result.parts["stderr"] = b"".join(line for line in lines if line not in own)
        verdict.notes += [line.decode(errors="replace").strip() for line in own]
        return result

    def preload(self, place):
        return running.execute(place, variables={"LD_PRELOAD": self.library,
                                                 "HEAPTALLY": "dir=" + place.recordings})

    def compare(self, place, verdict, bares, traced):
        """Parts that differ between bare runs are left out, and told."""
        varying = unequal(*bares)
        suspects = set().union(*(unequal(bares[0], result) for way, result in traced
                                 if not (place.row.refused and way == "run"))) - varying
        for _ in range(MORE_BARE_RUNS if suspects else 0):
            bares.append(running.execute(place))
            varying |= unequal(bares[0], bares[-1])
        for way, result in traced:
            if place.row.refused and way == "run":
                if result.status != 125:
                    verdict.differs("run: %s, but it has to refuse it with 125" % how_status(result.status))
                continue
            expected = bares[0].status
            # A launcher tells of a signal as a shell does.
            if way == "run" and expected < 0:
                expected = 128 - expected
            if result.status != expected:
                verdict.differs("%s: %s, not %s" % (way, how_status(result.status), how_status(expected)))
            others = sorted(unequal(bares[0], result) - varying)
            for name in others[:TOLD]:
                verdict.differs("%s: %s: %s" % (way, name, first_difference(
                    bares[0].parts.get(name), result.parts.get(name))))
            if len(others) > TOLD:
                verdict.differs("%s: %d more" % (way, len(others) - TOLD))
        if varying:
            names = sorted(varying)
            verdict.notes.append("not compared, differs from bare run to bare run: " + ", ".join(names[:TOLD])
                                 + (", and %d more" % (len(names) - TOLD) if len(names) > TOLD else ""))

    def read_tally(self, place, verdict):
        """The reports of the tally have to work; their warnings are told."""
        for arguments in (("info",), ("top", "-n", "3"), ("top", "-n", "3", "--by", "stack"), ("timeline",)):
            status, _, errors = self.heaptally(place, *arguments, place.tally)
            if status != 0:
                verdict.differs("%s: %s: %s" % (" ".join(arguments), how_status(status),
                                                errors.decode(errors="replace").strip()[:200]))
        status, text, _ = self.heaptally(place, "info", "--format", "json", place.tally)
        if status != 0:
            return
        info = json.loads(text)
        processes = info.get("processes") or [info]
        verdict.figures = {
            "processes": len(processes),
            "allocations": sum(process.get("total_blocks") or 0 for process in processes),
            "peak": max(process.get("peak_bytes") or 0 for process in processes),
            "warnings": self.warnings(place),
        }
        if verdict.figures["allocations"] < place.row.least:
            verdict.differs("run: %d allocations recorded, at least %d are made"
                            % (verdict.figures["allocations"], place.row.least))

    def warnings(self, place):
        """The sentences of the default report that begin with a warning."""
        _, text, errors = self.heaptally(place, "info", place.tally)
        lines = (text + errors).decode(errors="replace").splitlines()
        found = [re.sub(r"^\s*(heaptally: )?warning:?\s*", "", line) for line in lines if "warning" in line[:20]]
        return sorted(set(found))

    def read_recordings(self, place, verdict):
        """Every process of the preload left a recording that can be read; what was lost is added up."""
        paths = sorted(glob.glob(os.path.join(place.recordings, "*")))
        if not paths:
            verdict.differs("preload: no recording")
        lost = cut = tables = 0
        for path in paths[:READ_RECORDINGS]:
            status, text, errors = self.heaptally(place, "info", "--format", "json", path)
            if status != 0:
                verdict.differs("preload: info of a recording: %s: %s" % (
                    how_status(status), errors.decode(errors="replace").strip()[:200]))
                continue
            info = json.loads(text)
            lost += info.get("dropped_events") or 0
            cut += info.get("cut_stacks") or 0
            tables = max(tables, info.get("tracer_bytes") or 0)
        verdict.figures.update(lost=lost, cut=cut, tables=tables)
