# SPDX-License-Identifier: LGPL-2.1-or-later
"""Verdicts: run a target bare and under a tracer, and say what differs.

    P  3   the program is identical to the bare run, and the data are right
    H  2   data missing, and the tracer says so
    S  0   data silently wrong
    B -3   the program is broken: crash, hang, changed behaviour
"""
import os
import shutil
import tempfile

from processes import Started, read
from tracers import Bare

SCORES = {"P": 3, "H": 2, "S": 0, "B": -3}
ORDER = "BSHP"
NUMBERS = ("total_blocks", "total_bytes", "freed_blocks", "live_blocks", "live_bytes")
WATCHDOG = 60
QUICK_WATCHDOG = 120


class Skip(Exception):
    """The scenario cannot run here; the text says why."""


class Verdict:
    """A tracer that keeps descriptors or a thread fails everywhere by that alone, so `otherwise` has
    the letter that the scenario would have got without."""

    def __init__(self, letter, sentence, otherwise=None):
        self.letter = letter
        self.sentence = sentence
        self.otherwise = otherwise or letter


def worst(verdicts):
    """The worst of the parts of a scenario; its sentence is the verdict's."""
    return min(verdicts, key=lambda v: (ORDER.index(v.letter), ORDER.index(v.otherwise)))


def reword(verdict, before):
    """The same verdict with words in front of its sentence."""
    return Verdict(verdict.letter, before + ": " + verdict.sentence, verdict.otherwise)


class Run:
    """One run of a target: how it ended, what it reported, what the tracer has of it."""

    def __init__(self, ended, report, data, shared):
        self.ended = ended
        self.report = report
        self.data = data
        self.shared = shared
        self.idle = {}

    @property
    def main(self):
        """The recording of the process itself; of several (exec) the last; {} if there is none.

        It has a key `fault` and no numbers when the reader refused it.
        """
        own = [d for d in self.data if d.get("pid") in (0, self.ended.pid)]
        return own[-1] if own else {}

    @property
    def readable(self):
        return bool(self.main) and "fault" not in self.main

    @property
    def says(self):
        return [sentence for data in self.data for sentence in data["says"]]


def parse_report(text):
    report = {}
    for line in text.decode().splitlines():
        key, _, value = line.partition(" ")
        report[key] = value if key == "fds" else int(value)
    return report


def preload_list(tracer, others, first):
    own = [tracer.library] if tracer.library else []
    return ":".join(list(others) + own if first else own + list(others))


class Bench:
    """What a scenario gets: the tracer to judge, the scale, and ways to run and compare."""

    def __init__(self, tracer, build, source, quick, root):
        self.tracer = tracer
        self.build = build
        self.source = source
        self.quick = quick
        self.root = root
        self.bare_runs = {}
        self.idle = None

    def scale(self, quick, full):
        return quick if self.quick else full

    def target(self, name):
        path = os.path.join(self.build, "tests", "faults", name)
        if not os.path.exists(path):
            raise Skip("%s is not built" % name)
        return path

    def directory(self):
        path = tempfile.mkdtemp(dir=self.root)
        os.chmod(path, 0o755)
        return path

    def environment(self, tracer, directory, preload, first, changes):
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": directory,
            "LC_ALL": "C.UTF-8",
            "TMPDIR": directory,
            # Where a recording goes that has no room in its place: it goes with all of this.
            "XDG_RUNTIME_DIR": self.root,
        }
        environment.update(changes)
        environment.update(tracer.variables(directory))
        libraries = preload_list(tracer, preload, first)
        if libraries:
            environment["LD_PRELOAD"] = libraries
        environment["FAULTS_REPORT"] = os.path.join(directory, "report")
        environment["FAULTS_SHARED"] = os.path.join(directory, "shared")
        return environment

    def start(self, tracer, argv, directory, preload=(), first=False, changes=None, prefix=(), **more):
        """Start argv under tracer; commands of prefix (unshare, setpriv) are themselves not traced."""
        environment = self.environment(tracer, directory, preload, first, changes or {})
        argv = [str(word) for word in argv]
        if prefix:
            settings = ["%s=%s" % item for item in environment.items()]
            argv = list(prefix) + ["/usr/bin/env", "-i"] + settings + argv
            environment = {"PATH": environment["PATH"]}
        tracer.begin(directory, argv)
        started = Started(argv, environment, directory, **more)
        started.traced = tracer.library is not None
        return started

    def run_with(self, tracer, argv, timeout=WATCHDOG, act=None, keep=None, **options):
        """One run. act(started, directory) happens while it runs; keep(run, directory) at its end."""
        directory = self.directory()
        started = None
        try:
            started = self.start(tracer, argv, directory, **options)
            if act is not None:
                act(started, directory)
            ended = started.finish(QUICK_WATCHDOG if self.quick else timeout)
            tracer.end()
            report = parse_report(read(os.path.join(directory, "report")))
            shared = read(os.path.join(directory, "shared"))
            run = Run(ended, report, tracer.data(directory), shared)
            if keep is not None:
                keep(run, directory)
            return run
        finally:
            if started is not None:
                started.stop()
            tracer.end()
            shutil.rmtree(directory, ignore_errors=True)

    def bare(self, argv, **options):
        key = repr((argv, sorted(options.items(), key=repr)))
        if key not in self.bare_runs:
            self.bare_runs[key] = self.run_with(Bare(), argv, **options)
        return self.bare_runs[key]

    def run(self, argv, **options):
        run = self.run_with(self.tracer, argv, **options)
        run.idle = self.idle_numbers()
        return run

    def idle_numbers(self):
        """What the tracer itself allocates in a program that allocates nothing."""
        if self.idle is None:
            self.idle = self.run_with(self.tracer, [self.target("plain"), "0"]).main
        return self.idle

    def compare(self, argv, criterion=None, **options):
        """Bare against traced: B for any difference, else what criterion(run) says, else P."""
        bare = self.bare(argv, **options)
        if bare.ended.hung:
            raise Skip("the bare program hangs here")
        traced = self.run(argv, **options)
        broken = difference(bare, traced)
        if broken is not None:
            return Verdict("B", broken)
        verdict = criterion(traced) if criterion is not None else Verdict("P", "same as bare")
        kept = belongings(bare, traced)
        if kept is not None:
            return Verdict("B", "%s; otherwise %s: %s" % (kept, verdict.letter, verdict.sentence), verdict.letter)
        return verdict

    def exact(self, argv, base_argv, **options):
        """Every number as the target counted it, beyond what an idle run of it allocates."""
        base = self.run(base_argv, **options)
        return self.compare(argv, lambda run: judge_numbers(run, base), **options)


def shorten(text):
    text = text.decode("utf-8", "replace").strip().replace("\n", " | ")
    return text if len(text) <= 60 else text[:57] + "..."


def difference(bare, traced):
    """What differs for the program itself, as a sentence; None if nothing does."""
    if traced.ended.hung:
        return "hung: " + traced.ended.how()
    if traced.ended.status != bare.ended.status:
        text = "%s instead of %s" % (traced.ended.how(), bare.ended.how())
        return text + (": " + shorten(traced.ended.stderr) if traced.ended.stderr else "")
    for name in ("stdout", "stderr"):
        before, after = getattr(bare.ended, name), getattr(traced.ended, name)
        if before != after:
            return "%s differs: %s" % (name, first_difference(before, after))
    return None


def belongings(bare, traced):
    """Descriptors and threads that the program has only when traced, as words."""
    found = []
    for key, name in (("fds", "descriptors"), ("threads", "threads")):
        if bare.report.get(key) != traced.report.get(key):
            found.append("%s %s instead of %s" % (name, traced.report.get(key), bare.report.get(key)))
    return ", ".join(found) or None


def first_difference(before, after):
    old, new = before.splitlines(), after.splitlines()
    for i in range(max(len(old), len(new))):
        was = old[i] if i < len(old) else b"nothing"
        now = new[i] if i < len(new) else b"nothing"
        if was != now:
            return "'%s' instead of '%s'" % (shorten(now), shorten(was))
    return "line ends"


def judge_numbers(run, base=None, keys=NUMBERS):
    """P if all numbers are those that the target counted; H if the tracer admits; else S."""
    if not run.readable:
        return missing(run)
    for key in keys:
        wanted = run.report[key] - (base.report[key] if base else 0)
        seen = run.main[key] - (base.main if base else run.idle).get(key, 0)
        if wanted != seen:
            return wrong(run, "%s is %d, not %d" % (key.replace("_", " "), seen, wanted))
    return Verdict("P", "identical, %d blocks exact" % run.report["total_blocks"])


def missing(run):
    what = "recording not readable" if run.main else "no recording"
    return Verdict("H" if run.says else "S", what + admitted(run))


def wrong(run, sentence):
    return Verdict("H" if run.says else "S", sentence + admitted(run))


def admitted(run):
    return "; says: " + ", ".join(run.says) if run.says else ""
