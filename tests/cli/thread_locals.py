#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thread-local variables of libraries are roots with a name: of those that are there at the start, that come later, and
that come after their threads; wherever the loader has put them, and whoever looks."""
import contextlib
import json
import os
import subprocess

import schema
from core_writer import allow_core, gdb_core
from harness import LIBRARY, case, end_child, environment, equal, heaptally, need, run, run_cases

# Each library has one that others may see, and one of its own, at the second of three places.
LIBRARY_SOURCE = """
#include <stdlib.h>
#define PASTE(a, b) a##b
#define NAME(a, b) PASTE(a, b)
__thread char NAME(PREFIX, _padding)[24];
__thread void *NAME(PREFIX, _open);
static __thread void *volatile NAME(PREFIX, _own)[3];
void NAME(PREFIX, _put)(void *block) { NAME(PREFIX, _open) = block; }
void NAME(PREFIX, _fill)(void) { NAME(PREFIX, _own)[1] = calloc(1, 800); }
"""
SOURCE = """
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* What calls have left below the stack pointer counts, where nobody knows that of a thread that runs. */
static __attribute__((noinline)) void clear(void) {
	char left[32768];
	memset(left, 0, sizeof(left));
	__asm__ volatile("" : : "r"(left) : "memory"); }
static void use(const char *path, const char *prefix, void **handle) {
	char name[40];
	if (*handle == 0) *handle = dlopen(path, RTLD_NOW);
	snprintf(name, sizeof(name), "%s_put", prefix);
	((void (*)(void *))dlsym(*handle, name))(calloc(1, 700));
	snprintf(name, sizeof(name), "%s_fill", prefix);
	((void (*)(void))dlsym(*handle, name))();
	clear(); }
static void *start, *early, *gone, *late;
int go_on, ready;
static void *thread(void *argument) {
	use("./libstart.so", "start", &start);
	use("./libearly.so", "early", &early);
	use("./liblate.so", "late", &late);
	__atomic_store_n(&ready, 1, 5);
	while (!__atomic_load_n(&go_on, 5)) poll(0, 0, 1);
	return argument; }
int main(void) {
	struct pollfd end = {0, POLLIN, 0};
	pthread_t other;
	use("./libstart.so", "start", &start);
	use("./libearly.so", "early", &early);
	/* Its number is given to the next one. */
	use("./libgone.so", "gone", &gone);
	dlclose(gone);
	pthread_create(&other, 0, thread, 0);
	while (!__atomic_load_n(&ready, 5)) poll(0, 0, 1);
	puts("ready");
	fflush(stdout);
	while (poll(&end, 1, 2) == 0) free(malloc(10));
	__atomic_store_n(&go_on, 1, 5);
	pthread_join(other, 0);
	return 0; }
"""
PREFIXES = "start", "early", "gone", "late"


def build(*options):
    need("gcc")
    for name in (*PREFIXES, "app"):
        with open(name + ".c", "w", encoding="ascii") as file:
            file.write(LIBRARY_SOURCE if name in PREFIXES else SOURCE)
    for prefix in PREFIXES:
        equal(run(["gcc", "-g", "-O1", "-fno-builtin", "-fPIC", "-shared", *options, "-DPREFIX=" + prefix, "-o", "lib%s.so" % prefix,
                   prefix + ".c"]).returncode, 0, "a library")
    equal(run(["gcc", "-g", "-O1", "-fno-builtin", "-pthread", "-o", "app", "app.c", "-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN", "-L.",
               "-lstart", "-ldl"]).returncode, 0, "the program")


@contextlib.contextmanager
def living():
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen(["./app"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=allow_core,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=app.recording"))
    try:
        equal(child.stdout.readline(), b"ready\n", "the program")
        yield child
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()


def ask(*words):
    result = heaptally("retained", "-n", "0", "--format", "json", *words)
    equal(result.returncode, 0, "status of %r: %r" % (words, result.stderr))
    document = json.loads(result.stdout)
    schema.check(document)
    return document


def locals_of(document, is_main):
    """Library and name -> bytes, of the main thread or of the other one."""
    pid = document["process"]["pid"]
    return {(os.path.basename(root["module"]), root["name"]): root["retained"]["bytes"] for root in document["roots"]
            if root["kind"] == "thread_local" and (root["thread"] == pid) == is_main and "/lib" in root["module"]
            and os.path.basename(root["module"])[3:-3] in PREFIXES}


def expected(prefixes, names=("_open", "_own")):
    sizes = 700, 800
    return {("lib%s.so" % prefix, name and prefix + name): size for prefix in prefixes
            for name, size in zip(names, sizes)}


def check(document, what):
    equal(locals_of(document, True), expected(("start", "early")), what + ", the main thread")
    equal(locals_of(document, False), expected(("start", "early", "late")), what + ", the other one")


@case("of libraries at the start, opened before their threads and by them; by a copy, from outside and in a core")
def names(_directory):
    build()
    with living() as child:
        pid = str(child.pid)
        document = ask(pid)
        check(document, "a copy")
        own = [root for root in document["roots"] if root["name"] == "late_own"]
        equal([(root["file"], root["line"]) for root in own], [(os.path.realpath("late.c"), 7)], "declared")
        said = heaptally("retained", "-n", "0", pid).stdout.decode()
        assert "thread-local late_own of thread %d (liblate.so, " % own[0]["thread"] in said, said
        check(ask("--outside", pid), "from outside")
        # The one that the tests can write has no thread's control block.
        core = gdb_core(child.pid, "-a")
        if core is not None:
            check(ask("--core", core), "a core")


@case("at exit, and in a tally; nothing that they hold is lost")
def at_exit(_directory):
    build()
    with living():
        pass
    equal(locals_of(ask("app.recording"), True), expected(("start", "early")), "at exit")
    document = json.loads(heaptally("leaks", "--format", "json", "app.recording").stdout)
    lost = [site for site in document["sites"] if site["definite"]["bytes"] or site["indirect"]["bytes"]]
    # What the other thread had, which has ended.
    equal(sum(site["definite"]["blocks"] for site in lost) % 2, 0, "in pairs: %r" % lost)


@case("refs: who holds a block is the variable, and not what the loader has allocated for it")
def refs(_directory):
    build()
    with living() as child:
        result = heaptally("refs", "--format", "json", "--site", "late_fill", str(child.pid))
        equal(result.returncode, 0, "status: %r" % result.stderr)
        document = json.loads(result.stdout)
        schema.check(document)
        equal([(way["root"]["kind"], way["root"]["name"], way["place_bytes"]) for way in document["ways"]
               if not way["dead_stack"]],
              [("thread_local", "late_own", 8)], "ways")
        equal((document["path"]["root"]["name"], len(document["path"]["blocks"])), ("late_own", 1), "path")


@case("stripped: the names that others may use, else library and offset")
def stripped(_directory):
    build("-s")
    with living() as child:
        document = ask(str(child.pid))
        equal({key: size for key, size in locals_of(document, False).items() if key[1] is not None},
              {key: 700 for key in expected(("start", "early", "late"), ("_open",))}, "names")
        unnamed = [root for root in document["roots"] if root["kind"] == "thread_local" and root["name"] is None
                   and root["retained"]["bytes"] == 800]
        equal(sorted(os.path.basename(root["module"]) for root in unnamed),
              ["libearly.so"] * 2 + ["liblate.so"] + ["libstart.so"] * 2, "libraries")
        said = heaptally("retained", "-n", "0", str(child.pid)).stdout.decode()
        assert "thread-local liblate.so+0x" in said, said


run_cases()
