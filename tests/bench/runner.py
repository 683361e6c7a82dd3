# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run one command under the helper program `measure` and keep what it cost."""

import collections
import os
import signal
import statistics
import subprocess

import machine

# A hung program must not hang the bench. gperftools needs two minutes for one row.
LIMIT_SECONDS = 900

HELPERS = ("large", "measure", "micro", "scaling", "pause", "threads-list")

Sample = collections.namedtuple("Sample", "wall_s cpu_s maxrss_bytes status output")


class Failed(Exception):
    """The command did not end as it does when nothing traces it."""


class Missing(Exception):
    """Something that a row needs is not installed."""


class Context:
    """Options, folders, what was skipped and what failed, for one run of the bench."""

    def __init__(self, arguments, temp, disk):
        self.rounds = arguments.rounds
        self.quick = arguments.quick
        self.only = set(arguments.only)
        self.all_tracers = arguments.all
        self.temp, self.disk = temp, disk
        self.source = os.path.dirname(os.path.abspath(__file__))
        self.build = os.path.abspath(arguments.build)
        self.library = os.path.abspath(arguments.lib or os.path.join(self.build, "lib/.libs/libheaptally.so"))
        self.command = os.path.join(self.build, "tools/heaptally")
        self.workloads = os.path.join(self.source, "workloads")
        self.skipped = []
        self.failed = []

    def helper(self, name):
        return os.path.join(self.build, "tests/bench", name)

    def missing_helpers(self):
        return next((self.helper(name) for name in HELPERS if not os.access(self.helper(name), os.X_OK)), None)

    def wants(self, row):
        return not self.only or row in self.only

    def skip(self, reason):
        if reason not in self.skipped:
            self.skipped.append(reason)

    def attempt(self, row, measure, *arguments):
        """The result of measure(*arguments), or None when it could not be had; the reason is noted."""
        try:
            return measure(*arguments)
        except Missing as reason:
            self.skip("%s: %s" % (row, reason))
        except Failed as reason:
            self.failed.append("%s: %s" % (row, reason))
        finally:
            self.clear()
        return None

    def need_library(self):
        if not os.path.exists(self.library):
            raise Missing("%s is not built" % self.library)

    def need_command(self):
        self.need_library()
        if not os.access(self.command, os.X_OK):
            raise Missing("%s is not built" % self.command)

    def path(self, name):
        return os.path.join(self.temp, name)

    def need_disk(self):
        if machine.file_system(self.disk) in machine.IN_MEMORY:
            raise Missing("%s is in memory; TMPDIR can name a folder on a disk" % os.path.dirname(self.disk))

    def output(self, name, on_disk=False):
        """Where a tracer writes to: all that begins with this path is removed by `clear`."""
        return os.path.join(self.disk if on_disk else self.temp, "out." + name)

    def clear(self):
        """Remove what the last command wrote, but for the inputs of others."""
        for folder in (self.temp, self.disk):
            for name in os.listdir(folder):
                if name.startswith("out."):
                    os.unlink(os.path.join(folder, name))

    def start(self, argv, env=None, cwd=None, stdin="/dev/null", stdout="/dev/null"):
        command = [self.helper("measure"), "-i", stdin, "-o", stdout]
        for name, value in (env or {}).items():
            command += ["-e", "%s=%s" % (name, value)]
        if cwd:
            command += ["-d", cwd]
        with open(self.path("stderr"), "ab") as log:
            return subprocess.Popen(command + list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=log, text=True, start_new_session=True)

    def finish(self, process):
        try:
            text, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed("no end after %d s" % LIMIT_SECONDS) from None
        if process.returncode != 0:
            raise Failed("measure ended with status %d" % process.returncode)
        wall, cpu, maxrss, status = (int(field) for field in text.split())
        return wall, cpu, maxrss, status

    def run(self, argv, env=None, cwd=None, stdin="/dev/null", keep_output=False, expected=0):
        output_path = self.path("stdout") if keep_output else "/dev/null"
        wall, cpu, maxrss, status = self.finish(self.start(argv, env, cwd, stdin, output_path))
        if status != expected:
            raise Failed("%s: status %d instead of %d" % (os.path.basename(argv[0]), status, expected))
        output = None
        if keep_output:
            with open(output_path) as file:
                output = file.read()
        return Sample(wall / 1e9, cpu / 1e9, maxrss, status, output)


def median(values):
    return statistics.median(values)


def spread(values):
    """Half of the distance between the quartiles, as a robust measure of the noise."""
    if len(values) < 4:
        return (max(values) - min(values)) / 2
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def added(traced, untraced):
    """Every traced run against the untraced run of the same round, so that slow drift cancels."""
    return [a - b for a, b in zip(traced, untraced)]
