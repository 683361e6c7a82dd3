# SPDX-License-Identifier: LGPL-2.1-or-later
"""The throughput of a server while somebody looks at it: redis-server under redis-benchmark, watched by `heaptally top`."""

import os
import shutil
import signal
import subprocess
import time

from runner import Failed, Missing, median

ROWS = ("watched",)

REFRESH_S = 1
CLIENTS = 20
KEYS = 100000
START_SECONDS = 30


class Server:
    """A redis-server on a socket in the folder of this bench, with a recording when it is traced."""

    def __init__(self, context, traced):
        self.socket = context.path("out.socket")
        environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "HEAPTALLY")}
        if traced:
            environment.update(LD_PRELOAD=context.library, HEAPTALLY="out=" + context.path("out.recording"))
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no", "--dir",
             context.temp],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        limit = time.monotonic() + START_SECONDS
        while not os.path.exists(self.socket):
            if time.monotonic() > limit or self.process.poll() is not None:
                self.__exit__()
                raise Failed("redis-server does not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def load(self, requests):
        """Requests a second."""
        result = subprocess.run(
            ["redis-benchmark", "-s", self.socket, "-t", "set", "-n", str(requests), "-r", str(KEYS), "-c", str(CLIENTS),
             "--csv"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        row = next((line for line in result.stdout.splitlines() if line.startswith('"SET"')), None)
        if result.returncode != 0 or row is None:
            raise Failed("redis-benchmark: status %d, %s" % (result.returncode, result.stderr.strip()))
        return float(row.split(",")[1].strip('"'))


def measure(context, traced, watched):
    context.clear()
    requests = 20000 if context.quick else 300000
    with Server(context, traced) as server:
        server.load(KEYS)
        if not watched:
            return server.load(requests)
        top = subprocess.Popen(
            [context.command, "top", "--refresh", str(REFRESH_S), "-n", "20", context.path("out.recording")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            rate = server.load(requests)
        finally:
            alone = top.poll() is not None
            top.terminate()
            top.wait()
        if alone:
            raise Failed("heaptally top ended early, with status %d" % top.returncode)
        return rate


def run_watched(context):
    context.need_command()
    for tool in ("redis-server", "redis-benchmark"):
        if shutil.which(tool) is None:
            raise Missing("%s is not installed" % tool)
    ways = {"untraced": (False, False), "traced": (True, False), "watched": (True, True)}
    samples = {way: [] for way in ways}
    for _ in range(context.rounds):
        for way, arguments in ways.items():
            samples[way].append(measure(context, *arguments))
    medians = {way: median(values) for way, values in samples.items()}
    print("%-13s redis SET: untraced %.0f/s, traced %.0f/s, with top --refresh %g %.0f/s (%.3f of traced)"
          % ("watched", medians["untraced"], medians["traced"], REFRESH_S, medians["watched"],
             medians["watched"] / medians["traced"]))
    return {"median_per_s": medians, "samples": samples}


def run(context, results):
    if context.wants("watched"):
        print()
        results["watched"] = context.attempt("watched", run_watched, context)
