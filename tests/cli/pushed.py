# SPDX-License-Identifier: LGPL-2.1-or-later
"""What heaptally-serve(1) tells people to push and to configure: run as it is printed, and read as the engines read it."""
import base64
import http.server
import json
import os
import re
import threading
import time
import urllib.parse

from feeding import Feeding
from harness import SOURCE, case, environment, equal, need, program, record, report, run, run_cases
from pprof import Pprof, fields, numbers, one
from serving import Server

VALUES = ("total_blocks", "total_bytes", "live_blocks", "live_bytes")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Engine:
    """Takes whatever is posted, as Parca's and Pyroscope's servers answer it."""

    def __init__(self):
        self.posts = posts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append((self.path, dict(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_words):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.place = "127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def examples():
    """The literal blocks of the page, as mandoc prints them."""
    page = os.path.join(SOURCE, "man", "heaptally-serve.1")
    done = run([need("mandoc"), "-T", "ascii", "-O", "width=200,indent=0", page])
    equal(done.returncode, 0, "mandoc: %r" % done.stderr)
    text = re.sub(".\b", "", done.stdout.decode("ascii"))
    [text] = re.findall(r"^ +Collecting\n(.*?)^SEE ALSO", text, re.S | re.M)
    literal = [line[11:] if line.startswith(" " * 11) else "" for line in text.split("\n")]
    return [block for block in re.split(r"\n{2,}", "\n".join(literal).strip("\n")) if block]


def example(word):
    [found] = [block for block in examples() if word in block]
    return found


def run_as_printed(block, engine, directory, pid):
    """In a shell, by the command of this build; hosts and the process are the only words that are exchanged."""
    need("curl", "hostname")
    os.makedirs("bin", exist_ok=True)
    link = os.path.join("bin", "heaptally")
    if not os.path.lexists(link):
        os.symlink(os.environ["HEAPTALLY_COMMAND"], link)
    block = re.sub(r"\b(pyroscope:4040|parca:7070)\b", engine.place, block).replace("4711", pid)
    done = run([need("bash"), "-e", "-o", "pipefail", "-c", block],
               env=environment(PATH=os.path.join(directory, "bin") + ":" + os.environ["PATH"], HOME=directory))
    equal(done.returncode, 0, "status of %s: %r" % (block, done.stderr[-500:]))


FEEDING = r"""
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) static void before(void) { for (int i = 0; i < 1000; i++) kept = malloc(100); }
int main(void)
{
    char byte = 0;
    before();
    while (write(1, "\n", 1) == 1 && read(0, &byte, 1) == 1)
        kept = malloc(1000);
    return 0;
}
"""


def demanded(content, pid, began):
    """What Parca's and Pyroscope's checks demand, field by field, and the numbers of top."""
    equal(content[:2], b"\x1f\x8b", "gzip")
    profile = Pprof(content)
    equal(profile.types, [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
                          ("inuse_space", "bytes")], "types")
    assert not any("-" in name for name, _unit in profile.types), "Pyroscope refuses such a type"
    for number in (9, 10, 11, 12, 14):
        equal(len(profile.message[number]), 1, "field %d" % number)
    nanoseconds = one(profile.message, 9)
    assert began - 60 < nanoseconds / 1e9 < time.time() + 60, nanoseconds
    strings = len(profile.strings)
    for mapping in profile.mappings:
        assert one(mapping, 5) < strings and one(mapping, 6) < strings
        assert 0 < one(mapping, 2) < one(mapping, 3), "no addresses"
    main = profile.mappings[0]
    assert profile.strings[one(main, 5)].endswith("/feeding") and \
        re.fullmatch("[0-9a-f]{40}", profile.strings[one(main, 6)]), "no build-id"
    for function in profile.functions:
        assert 0 < one(function, 2) < strings and one(function, 3) < strings and one(function, 4) < strings, function
    for sample in profile.samples:
        assert numbers(sample[1]), "a sample without a stack"
        for label in map(fields, sample[3]):
            assert 0 < one(label, 1) < strings and one(label, 2) < strings, "a label without a key"
    totals = report("top", "--by", "stack", "-n", "0", "--at", "now", pid)["totals"]
    equal(profile.sums(), [totals[name] for name in VALUES], "sums")


@case("Pyroscope: the command that pushes, its name and labels, and what it pushes")
def pyroscope(directory):
    began = time.time()
    with Feeding(FEEDING) as traced, Engine() as engine:
        run_as_printed(example("heaptally export") + "\n" + example("/ingest"), engine, directory, traced.name)
        [(path, _headers, body)] = engine.posts
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query, strict_parsing=True))
        equal((url.path, query["format"]), ("/ingest", "pprof"), "where to")
        # name{key=value,...}, without quotes: they would be part of the value.
        name, _, labels = query["name"].partition("{")
        assert re.fullmatch(r"[\w.-]+", name) and labels.endswith("}"), query["name"]
        for label in labels[:-1].split(","):
            key, _, value = label.partition("=")
            assert LABEL.fullmatch(key) and value and '"' not in value, label
        for key in ("from", "until"):
            assert began - 60 < int(query[key]) < time.time() + 60, query
        assert int(query["from"]) < int(query["until"]), query
        demanded(body, traced.name, began)


@case("Parca: the command that pushes, its labels, and what it pushes")
def parca(directory):
    began = time.time()
    with Feeding(FEEDING) as traced, Engine() as engine:
        run_as_printed(example("heaptally export") + "\n" + example("/profiles/writeraw"), engine, directory, traced.name)
        [(path, headers, body)] = [post for post in engine.posts if "writeraw" in post[0]]
        equal((path, headers["Content-Type"]), ("/api/profiles/writeraw", "application/json"), "where to")
        document = json.loads(body)
        equal(list(document), ["series"], "fields")
        [series] = document["series"]
        equal(sorted(series), ["labels", "samples"], "fields of a series")
        labels = {label["name"]: label["value"] for label in series["labels"]["labels"]}
        equal(len(labels), len(series["labels"]["labels"]), "labels that are there twice")
        equal(labels.pop("__name__"), "memory", "the name")
        assert labels and all(LABEL.fullmatch(name) and value for name, value in labels.items()), labels
        [sample] = series["samples"]
        equal(list(sample), ["rawProfile"], "fields of a sample")
        demanded(base64.b64decode(sample["rawProfile"], validate=True), traced.name, began)


# What each scrapes of a Go program, unless it is told not to.
PARCA = {"memory": "/debug/pprof/allocs", "block": "/debug/pprof/block", "goroutine": "/debug/pprof/goroutine",
         "mutex": "/debug/pprof/mutex", "process_cpu": "/debug/pprof/profile"}
ALLOY = dict(PARCA)


@case("what Parca and Alloy are configured to scrape is there, and nothing else is asked for")
def configured(_directory):
    yaml, alloy = example("scrape_configs:"), example("pyroscope.scrape")
    asked = {}
    for what, text, defaults, pattern in (
            ("Parca", yaml, PARCA, r"^ +%s: \{(.*)\}$"), ("Alloy", alloy, ALLOY, r"^ +profile\.%s +\{ (.*) \}$")):
        for name, path in defaults.items():
            said = re.findall(pattern % name, text, re.M)
            words = said[0] if said else ""
            if not re.search(r"enabled *[:=] *false", words):
                asked[what, name] = (re.findall(r'path *[:=] *"?([^",} ]+)', words) or [path])[0]
    equal(sorted(asked), [("Alloy", "memory"), ("Parca", "memory")], "what is scraped")
    assert all("127.0.0.1:6060" in text for text in (yaml, alloy)), "the address is not the one we serve at"
    assert 'forward_to' in alloy and alloy.count("{") == alloy.count("}") and "service_name" in alloy, alloy
    equal(record("a.tally", [program("tree")]).returncode, 0, "status")
    with Server("--dir", ".") as server:
        for path in asked.values():
            equal(Pprof(server.get(path), "alloc_space").sums()[0],
                  report("info", "a.tally")["total_blocks"], path)
        for name, path in PARCA.items():
            if name != "memory":
                equal(server.ask(path)[0], 404, path)


run_cases()
