# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs behave the same when traced: stdout, stderr, exit status; and something is seen."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from harness import (
    COMMAND,
    DATA,
    LIBRARY,
    SOURCE,
    Skip,
    case,
    end_child,
    environment,
    equal,
    need,
    program,
    record,
    report,
    run,
    run_cases,
)


def compare(command, least_blocks, status=0, **options):
    """Bare, under `heaptally run`, and preloaded by hand: three times the same."""
    bare = run(command, **options)
    equal(bare.returncode, status, "bare status, stderr %r" % bare.stderr)
    traced = record("run.tally", command, **options)
    equal((traced.returncode, traced.stdout, traced.stderr),
          (bare.returncode, bare.stdout, bare.stderr), "traced")
    info = report("info", "run.tally")
    assert info["total_blocks"] >= least_blocks, info
    equal(info["dropped_events"], 0, "dropped events")

    variables = options.pop("env", environment())
    variables = dict(variables, LD_PRELOAD=LIBRARY, HEAPTALLY="out=plain-%p.recording")
    plain = run(command, env=variables, **options)
    equal((plain.returncode, plain.stdout, plain.stderr),
          (bare.returncode, bare.stdout, bare.stderr), "preloaded by hand")


@case("clang++ compiles the same object, with its child processes")
def clang(_directory):
    compiler = need("clang++")
    with open("big.cpp", "w") as file:
        file.write("#include <regex>\n#include <map>\n#include <iostream>\n"
                   "int main() { std::regex r(\"a(b|c)*d\"); std::map<int, int> m;"
                   " std::cout << std::regex_match(\"abcd\", r) << m.size(); }\n")
    command = [compiler, "-O1", "-c", "big.cpp", "-o", "big.o"]
    run(command)
    with open("big.o", "rb") as file:
        expected = file.read()
    os.unlink("big.o")
    compare(command, 10000)
    with open("big.o", "rb") as file:
        assert file.read() == expected, "the object file differs"


@case("clang++ prints the same errors and status")
def clang_error(_directory):
    compiler = need("clang++")
    with open("bad.cpp", "w") as file:
        file.write("int main() { return undeclared; }\n")
    compare([compiler, "-c", "bad.cpp", "-o", "bad.o"], 1000, status=1)


@case("CPython with PYTHONMALLOC=malloc")
def cpython(_directory):
    compare([need("python3"), "-sB", os.path.join(DATA, "json-ast.py")], 1000000,
            env=environment(PYTHONMALLOC="malloc"))


@case("CPython ends by an exception")
def cpython_exception(_directory):
    code = "import sys; sys.stderr.write('last words\\n'); raise SystemExit(7)"
    compare([need("python3"), "-sB", "-c", code], 1000, status=7)


@case("perl")
def perl(_directory):
    compare([need("perl"), os.path.join(DATA, "hashes.pl")], 300000,
            env=environment(PERL_HASH_SEED="0"))


@case("git, on a repository made by itself")
def git(_directory):
    tool = need("git")
    identity = {"GIT_%s_%s" % (role, what): value
                for role in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2026-01-01T00:00:00Z"))}
    variables = environment(HOME=os.getcwd(), GIT_CONFIG_NOSYSTEM="1", **identity)
    run([tool, "init", "-q", "repo"], env=variables)
    shutil.copy(os.path.join(SOURCE, "COPYING"), "repo/COPYING")
    run([tool, "-C", "repo", "add", "COPYING"], env=variables)
    made = run([tool, "-C", "repo", "commit", "-q", "-m", "one"], env=variables)
    equal(made.returncode, 0, made.stderr)
    compare([tool, "-C", "repo", "log", "--stat", "-p"], 100, env=variables)
    compare([tool, "-C", "repo", "fsck", "--full"], 100, env=variables)


@case("node")
def node(_directory):
    code = ("const o = {}; for (let i = 0; i < 20000; i++) o['k' + i] = {i, s: 'x'.repeat(i % 50)};"
            "console.log(JSON.stringify(o).length);"
            "setTimeout(() => { console.error('done'); process.exit(5) }, 1)")
    compare([need("node"), "-e", code], 1000, status=5)


def redis_conversation(port):
    """Ask a server a few things; the answers as bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        stream = connection.makefile("rwb")
        for i in range(2000):
            stream.write(b"RPUSH list%d value%d\r\n" % (i % 50, i))
        stream.write(b"SORT list7 ALPHA LIMIT 0 5\r\nDBSIZE\r\nDEBUG JMAP\r\nQUIT\r\n")
        stream.flush()
        return stream.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve_redis(prefix, port):
    """Start, talk, stop by pid; (answers, exit status)."""
    server = [need("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server += ["--appendonly", "no", "--dir", os.getcwd(), "--pidfile", "redis.pid"]
    server += ["--daemonize", "no"]
    child = subprocess.Popen(prefix + server, env=environment(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                answers = redis_conversation(port)
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        else:
            raise AssertionError("the server did not start")
        child.send_signal(signal.SIGTERM)
        return answers, child.wait(60)
    finally:
        end_child(child)


@case("redis-server answers the same and stops by a signal sent to `heaptally run`")
def redis(_directory):
    bare = serve_redis([], free_port())
    traced = serve_redis([COMMAND, "run", "-q", "-o", "run.tally", "--"], free_port())
    equal(traced, bare, "answers and status")
    assert bare[0].count(b"\r\n") > 2000, bare
    assert report("info", "run.tally")["total_blocks"] > 1000


def find_group(top, function):
    return [group for group in top["groups"]
            if group["frames"] and group["frames"][0]["function"] == function]


@case("a C++ program with inlined frames: the line below operator new, exactly")
def inlined(_directory):
    compare([program("tree")], 1001)
    top = report("top", "--by", "line", "--at", "exit", "-n", "0", "run.tally")
    with open(os.path.join(SOURCE, "tests", "programs", "tree.cpp")) as file:
        line = [i + 1 for i, text in enumerate(file) if "new leaf()" in text][0]
    groups = find_group(top, "plant") or find_group(top, "plant()")
    equal(len(groups), 1, "groups of plant in %r" % top)
    frame = groups[0]["frames"][0]
    equal((os.path.basename(frame["file"]), frame["line"], frame["inlined"]),
          ("tree.cpp", line, True), "place")
    equal((groups[0]["total_blocks"], groups[0]["total_bytes"]), (1000, 40000), "values")


@case("a Rust program")
def rust(_directory):
    rustc = shutil.which("rustc")
    if rustc is None:
        raise Skip("rustc is not installed")
    with open("boxes.rs", "w") as file:
        file.write("fn main() { let v: Vec<Box<u64>> = (0..5000).map(Box::new).collect();\n"
                   "println!(\"{}\", v.iter().map(|b| **b).sum::<u64>()); }\n")
    built = run([rustc, "-g", "-O", "boxes.rs", "-o", "boxes"], env=dict(os.environ))
    if built.returncode != 0:
        raise Skip("rustc does not work here")
    compare([os.path.abspath("boxes")], 5001)


run_cases()
