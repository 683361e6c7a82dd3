# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally serve: what scrapers get, and what whoever means no good does not."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

from browser import Browser
from feeding import MAIN, Feeding
from harness import COMMAND, case, end_child, environment, equal, heaptally, need, program, record, report, run, \
    run_cases
from pprof import Pprof, numbers
from serving import Server

FEEDING = r"""
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) static void before(void) { for (int i = 0; i < 1000; i++) kept = malloc(100); }
__attribute__((noinline)) static void since(void) { kept = malloc(1000); }
""" + MAIN


VALUES = ("total_blocks", "total_bytes", "live_blocks", "live_bytes")


@case("heap and allocs: what Parca and Pyroscope demand, and the numbers of top")
def scraped(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        for path, shown in (("/debug/pprof/heap", "inuse_space"), ("/debug/pprof/allocs", "alloc_space")):
            status, headers, body = server.ask(path)
            equal((status, headers["Content-Type"], headers["X-Content-Type-Options"], headers["Cache-Control"]),
                  (200, "application/octet-stream", "nosniff", "no-store"), "answer")
            assert headers["Content-Disposition"].endswith('.pb.gz"'), headers
            profile = Pprof(body, shown)
            equal(profile.types, [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
                                  ("inuse_space", "bytes")], "types")
            totals = report("top", "--by", "stack", "-n", "0", "--at", "now", traced.name)["totals"]
            equal(profile.sums(), [totals[name] for name in VALUES], path)
            stacks = {tuple(profile.stack(sample))[:2]: numbers(sample[2]) for sample in profile.samples}
            equal(stacks["before", "main"], [1000, 100000, 1000, 100000], "before")
        equal(server.ask("/debug/pprof/heap", "HEAD")[::2], (200, b""), "HEAD")
        assert b"/debug/pprof/heap" in server.get("/debug/pprof/")
        # A later scrape has what came since.
        traced.feed()
        time.sleep(1.1)
        equal(Pprof(server.get("/debug/pprof/heap")).sums()[0], totals["total_blocks"] + 1, "blocks, later")


@case("seconds: the change alone, as often as it is asked for at once")
def change(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        found = []
        askers = [threading.Thread(target=lambda: found.append(server.ask("/debug/pprof/allocs?seconds=2")))
                  for _ in range(3)]
        for asker in askers:
            asker.start()
        fed = 0
        while any(asker.is_alive() for asker in askers):
            traced.feed()
            fed += 1
            time.sleep(0.01)
        equal(len(found), 3, "answers")
        for status, _headers, body in found:
            equal(status, 200, "status")
            profile = Pprof(body, "alloc_space")
            [sample] = profile.samples
            equal(profile.stack(sample)[:2], ["since", "main"], "stack")
            blocks = numbers(sample[2])[0]
            assert 0 < blocks <= fed, (blocks, fed)
            equal(numbers(sample[2]), [blocks, 1000 * blocks, blocks, 1000 * blocks], "values")
            duration = numbers(profile.message[10])[0]
            assert 1.9e9 < duration < 60e9, duration
        for word in ("0", "-1", "301", "x", "", "1x", "99999999999", "1.5"):
            equal(server.ask("/debug/pprof/heap?seconds=" + word)[0], 400, "seconds=" + word)


@case("nothing but its own paths, methods and hosts; no file of the disk")
def refused(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        for path in ("/etc/passwd", "/../../../../etc/passwd", "/debug/pprof/../../../etc/passwd", "//etc/passwd",
                     "/%2e%2e/%2e%2e/etc/passwd", "/debug/pprof/heap/", "/debug/pprof/profile",
                     "/feeding.recording", "/debug/pprof/heap?file=/etc/passwd", "/?file=../../etc/passwd"):
            status, _headers, body = server.ask(path)
            equal(status, 404, path)
            assert b"root:" not in body and b"passwd" not in body, body
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"):
            status, headers, _body = server.ask("/", method)
            equal(status, 405, method)
        equal(server.ask("/", "POST")[1]["Allow"], "GET, HEAD", "what is allowed")
        for host, status in (("evil.example", 403), ("evil.example:%d" % server.port, 403), ("localhost", 200),
                             ("127.0.0.1:1", 200), ("[::1]:%d" % server.port, 200), ("127.0.0.1.evil.example", 403)):
            equal(server.ask("/debug/pprof/", Host=host)[0], status, "host " + host)
        for data in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 1000000 + b"\r\n\r\n"):
            answer = server.say(data)
            assert not answer.startswith(b"HTTP/1.1 200"), answer[:200]
        assert server.get("/debug/pprof/"), "it is gone"
        equal(server.process.poll(), None, "status")


@case("slow clients are cut off, and others are served meanwhile or soon")
def slow(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
        dripping = silent[::2]
        ends = threading.Event()

        def drip():
            while not ends.wait(0.3):
                for connection in dripping:
                    try:
                        connection.send(b"G")
                    except OSError:
                        pass

        drops = threading.Thread(target=drip)
        drops.start()
        try:
            equal(server.ask_until_answered("/debug/pprof/heap")[0], 200, "status")
        finally:
            ends.set()
            drops.join()
            for connection in silent:
                connection.close()
        threads = len(os.listdir("/proc/%d/task" % server.process.pid))
        assert threads <= 24, "threads: %d" % threads


@case("many clients at once: all are answered, with the same numbers")
def load(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        found = []

        def ask():
            for _ in range(10):
                found.append(Pprof(server.get("/debug/pprof/heap")).sums())

        askers = [threading.Thread(target=ask) for _ in range(12)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        equal((len(found), len(set(map(tuple, found)))), (120, 1), "answers, and different ones")


@case("a process that ends: 503 with a reason; the server goes on, and ends when it is told to")
def ended(directory):
    tally = os.path.join(directory, "run.tally")
    child = subprocess.Popen([COMMAND, "run", "-q", "-o", tally, "--", program("exits"), "10", "stop"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(XDG_RUNTIME_DIR=directory))
    try:
        child.stdout.readline()
        [row] = [row for row in report_list(directory) if row["path"].startswith(directory)]
        with Server("--pid", str(row["pid"]), XDG_RUNTIME_DIR=directory) as server:
            equal(server.ask("/debug/pprof/heap")[0], 200, "while it runs")
            os.kill(row["pid"], signal.SIGKILL)
            child.wait(60)
            time.sleep(1.1)
            status, headers, body = server.ask("/debug/pprof/heap")
            equal((status, headers["Retry-After"]), (503, "1"), "when it has ended")
            assert str(row["pid"]).encode() in body, body
            equal(server.process.poll(), None, "status of the server")
    finally:
        end_child(child)
    for signum in (signal.SIGTERM, signal.SIGINT):
        with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
            waiting = threading.Thread(target=server.say, args=(
                b"GET /debug/pprof/heap?seconds=300 HTTP/1.1\r\nHost: localhost\r\n\r\n",))
            waiting.start()
            server.get("/debug/pprof/heap")
            server.process.send_signal(signum)
            equal((server.process.wait(20), server.process.stderr.read()), (0, b""), "status after a signal")
            waiting.join(20)


def report_list(directory):
    previous = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = directory
    try:
        return report("list")["recordings"]
    finally:
        if previous is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = previous


@case("--dir: the newest file, others by their names, and nothing else of the disk")
def folder(directory):
    os.mkdir("tallies")
    with Server("--dir", "tallies") as server:
        equal(server.ask("/debug/pprof/heap")[0], 503, "an empty folder")
        equal(record("outside.tally", [program("tree")]).returncode, 0, "status")
        equal(record("tallies/a b&.tally", [program("tree")]).returncode, 0, "status")
        os.utime("tallies/a b&.tally", (1000, 1000))
        equal(record("tallies/new.tally", ["true"]).returncode, 0, "status")
        os.symlink(os.path.join(directory, "outside.tally"), "tallies/link.tally")
        shutil.copy("/etc/passwd", "tallies/secret")
        tree = report("info", "tallies/a b&.tally")["total_blocks"]
        equal((Pprof(server.get("/debug/pprof/allocs?file=a%20b%26.tally"), "alloc_space").sums() or [0])[0], tree, "by name")
        time.sleep(1.1)
        newest = Pprof(server.get("/debug/pprof/allocs"), "alloc_space").sums()
        assert (newest or [0])[0] != tree, "the newest is the oldest"
        listing = server.get("/debug/pprof/").decode()
        assert "?file=new.tally" in listing and "link" not in listing and "secret" not in listing, listing
        for name in ("link.tally", "secret", "../outside.tally", "./new.tally", directory + "/outside.tally", "", "none.tally"):
            equal(server.ask("/debug/pprof/heap?file=" + urllib.parse.quote(name, safe=""))[0], 404, name)


@case("the page, live in a browser")
def page(directory):
    need("chromium")
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        with Browser(directory) as browser:
            browser.open(server.url)
            equal(browser.ask("document.documentElement.dataset.ready"), "yes", "ready")
            assert "97.7 KiB" in browser.ask("document.getElementById('table').textContent")
            equal(browser.ask("document.getElementById('reload').hidden"), False, "the button")
            line = browser.ask("document.getElementById('parts').textContent")
            assert re.fullmatch(r"\S+ [KM]iB resident at \S+ \S+: .*live 97.7 KiB.*", line), line
            equal([url for url in browser.requests if url not in (server.url, "data:,")], [], "requests")
            equal(browser.complaints, [], "complaints")


def read_page(text):
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(data)["sides"][0]


@case("the page says where the resident memory is now")
def resident(_directory):
    with Feeding(FEEDING) as traced, Server("--pid", traced.name) as server:
        for _ in range(2):
            side = read_page(server.get("/").decode())
            [[_seconds, whole, *parts]] = side["residents"]
            assert whole > side["live"] and abs(whole - sum(parts)) <= whole / 100, side["residents"]
            assert len(parts) == len(side["parts"]) > 5, side["parts"]
            time.sleep(1.1)
        end_child(traced.process)
        time.sleep(1.1)
        status, _headers, body = server.ask("/")
        assert status == 503 or read_page(body.decode())["state"] != "running", (status, body[:300])


@case("addresses: the loopback unless told otherwise, and what cannot be used")
def addresses(_directory):
    with Feeding(FEEDING) as traced:
        with Server("--pid", traced.name) as server:
            with open("/proc/%d/net/tcp" % server.process.pid, encoding="ascii") as file:
                mine = [line.split()[1] for line in file if line.split()[1].endswith(":%04X" % server.port)]
            assert mine and all(address.startswith("0100007F:") for address in mine), mine
            done = heaptally("serve", "--pid", traced.name, "127.0.0.1:%d" % server.port)
            assert done.returncode == 2 and b"in use" in done.stderr, done
        for word in ("127.0.0.1", "host", ":", "1:2:3", "127.0.0.1:65536", "127.0.0.1:x", "[::1]", "", "/tmp:1"):
            done = heaptally("serve", "--pid", traced.name, word)
            assert done.returncode == 2 and done.stderr.startswith(b"heaptally: "), (word, done)
        child = subprocess.Popen([COMMAND, "serve", "--pid", traced.name, "0"], stdout=subprocess.PIPE, env=environment())
        try:
            assert child.stdout.readline().startswith(b"http://127.0.0.1:")
        finally:
            end_child(child)
            child.stdout.close()
        equal(child.returncode, 0, "status")
    for words in (["--pid", "999999999"], ["--dir", "none"], ["--pid", "1", "--dir", "."]):
        assert heaptally("serve", *words, "127.0.0.1:0").returncode != 0, words


run_cases()
