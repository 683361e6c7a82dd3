#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Generated code has the names that its maker writes for perf, to /tmp/perf-PID.map."""
import contextlib
import os
import re
import subprocess
import time

from harness import (LIBRARY, Skip, case, environment, equal, heaptally, need, record, report, run,
                     run_cases)

# Copies of one function that calls malloc and keeps what it gives; each has lines of its own in the map.
SOURCE = r"""
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *volatile kept[16];
static int count;
__attribute__((noipa)) void *keep(void) { return kept[count++] = malloc(1000); }

int main(int argc, char **argv)
{
	unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd0, 0x5d, 0xc3};
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *(*function)(void) = keep;
	char line[512];
	FILE *map = NULL;

	if (page == MAP_FAILED)
		return 77;
	snprintf(line, sizeof(line), "/tmp/perf-%d.map", (int)getpid());
	if (argc > 2)
		map = fopen(line, "w");
	memcpy(code + 6, &function, sizeof(function));
	for (int i = 2; i < argc; i++) {
		char *at = page + 64 * (argv[i][0] - '0');

		memcpy(at, code, sizeof(code));
		fprintf(map, "%lx %zx %s\n", (unsigned long)(uintptr_t)at, sizeof(code), argv[i] + 2);
		fflush(map);
		((void *(*)(void))at)();
	}
	if (argc <= 2) {
		memcpy(page, code, sizeof(code));
		((void *(*)(void))page)();
	}
	printf("%d\n", (int)getpid());
	fflush(stdout);
	if (strcmp(argv[1], "stop") == 0)
		raise(SIGSTOP);
	return 0;
}
"""
ABSENT = "generated code has no names: there is no /tmp/perf-PID.map"


@contextlib.contextmanager
def traced(*functions):
    """The tally of a run, in whose name the map is still there."""
    build()
    result = record("run.tally", ["./jit", "end", *functions])
    if result.returncode == 77:
        raise Skip("no memory may be written and executed here")
    equal(result.returncode, 0, "status")
    path = "/tmp/perf-%d.map" % int(result.stdout)
    try:
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def build():
    with open("jit.c", "w", encoding="ascii") as file:
        file.write(SOURCE)
    equal(run([need("gcc"), "-g", "-O1", "-o", "jit", "jit.c"]).returncode, 0, "gcc")


def callers(source):
    """(function, file, line, module) of what calls keep, largest first."""
    groups = report("top", "--by", "stack", "--at", "exit", "--include", "function=keep", source)["groups"]
    frames = [group["frames"][1] for group in groups]
    return sorted((frame["function"], frame["file"], frame["line"], frame["module"]) for frame in frames)


@case("functions have their names, those of V8 a file too, and no line that is not known")
def named(_directory):
    functions = ("0:JS:*load /srv/app.js:12:5", "1:LazyCompile:~a b c.js:3:1", "2:Lcom/foo/Bar;::work",
                 "3:JS:~ file:///srv/my app/x.mjs:1:1", "4:Stub:Foo:1:2", "5:JS:*noFile")
    with traced(*functions):
        pass
    equal(callers("run.tally"), sorted([
        ("load", "/srv/app.js", None, "[generated code]"),
        ("a", "b c.js", None, "[generated code]"),
        ("Lcom/foo/Bar;::work", None, None, "[generated code]"),
        ("anonymous", "/srv/my app/x.mjs", None, "[generated code]"),
        ("Stub:Foo:1:2", None, None, "[generated code]"),
        ("JS:*noFile", None, None, "[generated code]")], key=lambda row: row[0]), "callers")
    text = heaptally("top", "--by", "stack", "run.tally").stdout.decode()
    assert "    anonymous  /srv/my app/x.mjs\n" in text, text
    assert "load  /srv/app.js\n" in text and "Lcom/foo/Bar;::work  [generated code]\n" in text, text
    assert ABSENT not in text, text
    groups = report("top", "--by", "function", "--cumulative", "run.tally")["groups"]
    equal([group["live_bytes"] for group in groups if group["frames"][0]["function"] == "load"], [1000], "load")


@case("an address that is used again has the name of the last function, which is said")
def reused(_directory):
    with traced("0:JS:*first /a.js:1:1", "0:JS:*second /a.js:2:1"):
        pass
    equal([row[0] for row in callers("run.tally")], ["second"], "callers")
    said = heaptally("top", "run.tally").stdout.decode()
    assert "at 1 address there was another function before; the name is that of the last one" in said, said


@case("without a map that is said, once, with what helps")
def absent(_directory):
    with traced():
        pass
    (row,) = callers("run.tally")
    assert re.fullmatch("generated code at 0x[0-9a-f]+", row[0]), row
    said = heaptally("top", "run.tally").stdout.decode()
    equal(said.count(ABSENT), 1, said)
    assert "--perf-basic-prof" in said, said


@case("a map of before the process, or of long after its end, is another one's")
def strangers(_directory):
    build()
    for moved in -7200, 7200:
        child = subprocess.run(["./jit", "end", "0:JS:*load /srv/app.js:12:5"], stdout=subprocess.PIPE, check=False,
                               env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=own%d.recording" % moved))
        if child.returncode == 77:
            raise Skip("no memory may be written and executed here")
        path = "/tmp/perf-%d.map" % int(child.stdout)
        try:
            name = "own%d.recording" % moved
            equal([row[0] for row in callers(name)], ["load"], "as it was written")
            os.utime(path, (time.time() + moved,) * 2)
            (row,) = callers(name)
            assert row[0].startswith("generated code"), row
        finally:
            os.unlink(path)


@case("two processes with other code at one address keep their names in a sum")
def summed(_directory):
    build()
    script = "; ".join("./jit end '0:JS:*%s /srv/%s.js:1:1'" % (name, name) for name in ("one", "two")) + "; true"
    result = record("both.tally", [need("setarch"), "-R", "sh", "-c", script])
    try:
        if result.returncode != 0 or len(result.stdout.split()) != 2:
            raise Skip("addresses cannot be the same here")
        groups = report("top", "--process", "all", "--by", "stack", "--at", "exit", "--include", "function=keep",
                        "both.tally")["groups"]
        equal(sorted(group["frames"][1]["function"] for group in groups), ["one", "two"], "names")
    finally:
        for pid in result.stdout.split():
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/tmp/perf-%d.map" % int(pid))


@case("a living process is asked by its own /tmp; a tally of it keeps the names")
def living(_directory):
    build()
    child = subprocess.Popen(["./jit", "stop", "0:JS:*load /srv/app.js:12:5"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=now.recording"))
    path = "/tmp/perf-%d.map" % child.pid
    try:
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if child.poll() == 77:
            raise Skip("no memory may be written and executed here")
        equal([row[0] for row in callers("now.recording")], ["load"], "now")
        equal(heaptally("snapshot", "-q", "-o", "now.tally", "now.recording").returncode, 0, "snapshot")
        groups = report("top", "--process", "all", "--by", "stack", "--at", "exit", "--include", "function=keep",
                        "now.recording")["groups"]
        equal([group["frames"][1]["function"] for group in groups], ["load"], "in a sum of one")
        with open(path, encoding="ascii") as file:
            line = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write("0" * 65535 + line.replace("load", "other") + line)
        equal([row[0] for row in callers("now.recording")], ["load"], "the end of a line that is too long is none")
        if os.geteuid() == 0:
            os.chown(path, 12345, -1)
            assert callers("now.recording")[0][0].startswith("generated code"), "the map of another user"
        os.unlink(path)
        equal([row[0] for row in callers("now.tally")], ["load"], "in a tally")
        assert callers("now.recording")[0][0].startswith("generated code"), "without its map"
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


run_cases()
