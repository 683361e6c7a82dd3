#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server under load does not notice that `heaptally top --refresh` looks at it.

Its throughput with and without is the row `watched` of the bench.
"""
import os
import re
import signal
import socket
import subprocess
import time

from harness import (COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, need, report,
                     run, run_cases)

REQUESTS = 30000


def start_server(**variables):
    server = subprocess.Popen(
        [need("redis-server"), "--port", "0", "--unixsocket", os.path.abspath("socket"), "--save", "",
         "--appendonly", "no", "--dir", os.getcwd()],
        env=environment(**variables), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    for _ in range(1000):
        if os.path.exists("socket"):
            return server
        time.sleep(0.02)
    end_child(server)
    raise AssertionError("the server does not start")


def talk(text):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("socket")
        connection.sendall(text + b"QUIT\r\n")
        return connection.makefile("rb").read()


def load_and_ask():
    """What the clients got, and what the server says that it did."""
    load = run([need("redis-benchmark"), "-s", "socket", "-t", "set,get,lpush,lpop", "-n",
                str(REQUESTS), "-c", "10", "-q"])
    equal((load.returncode, load.stderr), (0, b""), "clients")
    assert b"rror" not in load.stdout, load.stdout
    answers = talk(b"DBSIZE\r\nSTRLEN key:__rand_int__\r\nLLEN mylist\r\nGET mykey\r\n")
    calls = re.findall(rb"cmdstat_(set|get|lpush|lpop):calls=(\d+)", talk(b"INFO commandstats\r\n"))
    failed = re.findall(rb"rejected_calls=(\d+),failed_calls=(\d+)", talk(b"INFO commandstats\r\n"))
    return answers, sorted(calls), set(failed)


def serve(watch=None, **variables):
    server = start_server(**variables)
    try:
        result = watch(server) if watch is not None else load_and_ask()
        server.send_signal(signal.SIGTERM)
        return result, server.wait(60)
    finally:
        end_child(server)


def watch(server):
    """The load, while the report is refreshed; then some marks."""
    pid = str(server.pid)
    top = subprocess.Popen([COMMAND, "top", "--refresh", "0.05", "-n", "5", pid],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    try:
        result = load_and_ask()
        for label in ("one", "two"):
            equal(heaptally("mark", "-q", "--wait", "60", pid, label).returncode, 0, "mark")
        info = report("info", pid)
        equal([mark["label"] for mark in info["marks"]], ["one", "two"], "marks")
        equal(info["dropped_events"], 0, "lost events")
        server.send_signal(signal.SIGTERM)
        said, errors = top.communicate(timeout=60)
    finally:
        end_child(top)
    equal((top.returncode, errors), (0, b""), "top")
    titles = re.findall(rb"(?m)^redis-server \d+, (now|at exit) ", said)
    assert len(titles) >= 3 and titles[-1] == b"at exit", titles
    return result


@case("redis-server answers the same while it is watched")
def redis(directory):
    bare = serve()
    os.environ["XDG_RUNTIME_DIR"] = directory
    watched = serve(watch, LD_PRELOAD=LIBRARY)
    equal(watched, bare, "answers, calls, failed calls, and status")
    assert bare[0][1] and len(bare[0][1]) == 4, bare


run_cases()
