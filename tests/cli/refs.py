#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally retained and refs: who keeps how much alive, and who points at a block, by hand-made programs."""
import contextlib
import json
import os
import re
import subprocess

import schema
from harness import LIBRARY, case, end_child, environment, equal, heaptally, need, run, run_cases

SOURCE = """
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct cell { struct cell *next; char body[40]; };
struct row { long id; void *unused; struct cell *cells; char rest[40]; };
struct row *g_rows[100];
struct cell *g_last;
static char *g_inside;
char **g_table;
void *g_one, *g_other;
__thread void *t_own;
static struct cell *cell_new(void) { return calloc(1, sizeof(struct cell)); }
static struct row *row_new(void) { struct row *row = calloc(1, sizeof(*row)); row->cells = cell_new(); return row; }
static char *buffer_new(void) { return calloc(1, 9000); }
static void *shared_new(void) { return calloc(1, 7000); }
static void lost_new(void) { *(void *volatile *)calloc(1, 100) = calloc(1, 60); }
static void *own_new(void) { return calloc(1, 3000); }
static void *local_new(void) { return calloc(1, 5000); }
static void *argument_new(void) { return calloc(1, 1500); }
static void wait_for_end(void) {
	struct pollfd fd = {0, POLLIN, 0};
	while (poll(&fd, 1, 2) == 0) free(malloc(10)); }
int go_on, ready;
static void *thread(void *argument) {
	t_own = own_new(); (void)argument;
	__atomic_store_n(&ready, 1, 5);
	while (!__atomic_load_n(&go_on, 5)) poll(0, 0, 1);
	return 0; }
static void fill(void) {
	for (int i = 0; i < 100; i++) g_rows[i] = row_new();
	g_last = g_rows[99]->cells;
	g_inside = buffer_new() + 1000;
	g_table = calloc(300, sizeof(*g_table));
	for (int i = 0; i < 300; i++) g_table[i] = calloc(1, 32);
	g_one = g_other = shared_new();
	for (int i = 0; i < 3; i++) lost_new();
	memset(alloca(4096), 0, 4096); }
int main(int argc, char **argv) {
	void *volatile local = local_new();
	pthread_t other; void *argument = argument_new();
	fill();
	t_own = own_new();
	if (argc > 1) pthread_create(&other, 0, thread, argument);
	argument = 0;
	while (argc > 1 && !__atomic_load_n(&ready, 5)) poll(0, 0, 1);
	printf("%p %p %p %p %p\\n", (void *)g_rows[5]->cells, (void *)g_last, (void *)g_inside, (void *)g_table, (void *)local);
	fflush(stdout);
	if (argc > 1) wait_for_end();
	go_on = 1;
	return local == 0; }
"""


@contextlib.contextmanager
def living(*words):
    """The program under the runtime, in this directory; its addresses."""
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen(["./app", "wait", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=app.recording"))
    try:
        yield str(child.pid), child.stdout.readline().decode().split()
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()


def build(*options):
    os.makedirs("src", exist_ok=True)
    with open("src/app.c", "w", encoding="ascii") as file:
        file.write(SOURCE)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-fno-inline", *options, "-pthread", "-o", "app",
               "src/./app.c"]).returncode, 0, "gcc")


def ask(*words, status=0):
    result = heaptally(*words, "--format", "json")
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    document = json.loads(result.stdout)
    schema.check(document)
    return document


def text(*words, status=0):
    result = heaptally(*words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    return result.stdout.decode()


def root(document, name, kind="global"):
    found = [one for one in document["roots"] if (one["kind"], one["name"]) == (kind, name)]
    equal(len(found), 1, "roots called %s in %r" % (name, [one["name"] for one in document["roots"]]))
    return found[0]


def site(document, function):
    found = [one for one in document["sites"] if one["frames"][0]["function"] == function]
    equal(len(found), 1, "sites of " + function)
    return found[0]


def amount(blocks, size):
    return {"blocks": blocks, "bytes": size}


def line_of(pattern):
    for number, line in enumerate(SOURCE.split("\n"), 1):
        if pattern in line:
            return number
    raise AssertionError(pattern)


@case("retained: variables, stacks, threads and sites of a living process, to the byte")
def retained(_directory):
    build()
    with living() as (pid, _addresses):
        document = ask("retained", pid)
        rows = root(document, "g_rows")
        equal(rows["retained"], amount(199, 100 * 64 + 99 * 48), "what only g_rows holds")
        equal(rows["reachable"], amount(200, 100 * 112), "what g_rows leads to")
        equal((rows["file"], rows["line"]), (os.path.realpath("src/app.c"), line_of("*g_rows[100]")), "declared")
        equal((rows["first"]["frames"][0]["function"], rows["first"]["blocks"]), ("row_new", 100), "first")
        equal(root(document, "g_last")["retained"], amount(0, 0), "what g_rows holds, too")
        equal(root(document, "g_last")["reachable"], amount(1, 48), "one cell")
        equal(root(document, "g_inside")["retained"], amount(1, 9000), "a pointer into a block")
        equal(root(document, "g_table")["retained"], amount(301, 300 * 8 + 300 * 32), "a table")
        for name in ("g_one", "g_other"):
            equal(root(document, name)["retained"], amount(0, 0), name)
            equal(root(document, name)["reachable"], amount(1, 7000), name)
        own = [one for one in document["roots"] if one["kind"] == "thread_local" and one["name"] == "t_own"]
        equal([one["reachable"] for one in own], [amount(1, 3000)] * 2, "thread-locals")
        equal(len({one["thread"] for one in own}), 2, "of two threads")
        assert pid in [str(one["thread"]) for one in own], own
        held = {one["first"]["frames"][0]["function"]: one["kind"] for one in document["roots"] if one["first"]}
        equal(held["local_new"], "stack", "held by main's stack")
        arguments = [one for one in document["roots"] if one["kind"] == "thread" and str(one["thread"]) != pid]
        assert [one for one in arguments if one["reachable"]["bytes"] >= 1500], "held by libc for the other thread"
        assert document["shared"]["bytes"] >= 7000 + 48, document["shared"]
        assert document["live"]["bytes"] - document["held"]["bytes"] >= 3 * 100, "what is lost"
        equal(site(document, "row_new")["retained"], rows["retained"], "a site with what hangs on it")
        equal(site(document, "row_new")["own"], amount(100, 6400), "a site alone")
        equal(site(document, "cell_new")["retained"], amount(100, 4800), "a site that holds nothing")
        said = text("retained", "-n", "1", pid)
        assert re.search(r"^ +[\d.]+ KiB +[\d.]+ +[\d.]+ KiB +301  global g_table \(app, .*app\.c:%d\)"
                         % line_of("**g_table"), said, re.M), said
        assert "more roots; -n 0 for all" in said, said


@case("retained: sums, order, filters and formats")
def forms(_directory):
    build()
    with living() as (pid, _addresses):
        document = ask("retained", pid)
        equal(sum(one["retained"]["bytes"] for one in document["roots"]) + document["shared"]["bytes"],
              document["held"]["bytes"], "what is retained and what is shared")
        sizes = [one["retained"]["bytes"] for one in document["roots"]]
        equal(sizes, sorted(sizes, reverse=True), "the largest first")
        for key in ("line", "function", "file", "module"):
            equal(ask("retained", "--by", key, pid)["by"], key, "by")
        some = ask("retained", "--include", "function=row_new", pid)["sites"]
        equal([one["frames"][0]["function"] for one in some], ["row_new"], "sites that pass")
        equal(len(ask("retained", "-n", "2", pid)["roots"]), 2, "rows")
        csv = text("retained", "--format", "csv", pid).splitlines()
        equal(csv[0], "kind,name,function,file,line,module,offset,retained_bytes,retained_blocks,reachable_bytes,"
              "reachable_blocks", "titles")
        assert any(re.match(r"global,global g_rows,,.*app\.c,%d,.*/app,,%d,199,11200,200$"
                            % (line_of("*g_rows[100]"), 100 * 64 + 99 * 48), row) for row in csv), csv
        equal(heaptally("retained", "--by", "stack", pid).returncode, 2, "no such key")


@case("refs: an address, one inside, one that is held twice, one that is lost, one of nobody")
def addresses(_directory):
    build()
    with living() as (pid, (cell, last, inside, table, local)):
        document = ask("refs", pid, cell)
        equal(document["pointer_count"], 1, "pointers")
        pointer = document["pointers"][0]
        equal(pointer["block"]["frames"][0]["function"], "row_new", "who")
        equal((pointer["block"]["size_bytes"], pointer["place_bytes"], pointer["pointer"], pointer["offset_bytes"],
               pointer["alike_blocks"]), (64, 16, "start", 0, 100), "how")
        equal(document["site"]["blocks"], 100, "of its site")
        path = document["path"]
        equal((path["root"]["name"], [one["frames"][0]["function"] for one in path["blocks"]]),
              ("g_rows", ["row_new", "cell_new"]), "path")
        said = text("refs", pid, cell)
        assert "  +16 of a block of 64 bytes, row_new  src/app.c:%d  (100.0 %% of this site are held like this)" \
            % line_of("calloc(1, sizeof(*row))") in said, said
        assert re.search(r"^path: global g_rows \(app, src/app.c:\d+\) -> row_new  src/app.c:\d+ -> here$", said, re.M), said
        pointers = ask("refs", pid, last)["pointers"]
        equal(sorted((one["root"] or {"name": "row"})["name"] for one in pointers), ["g_last", "row"], "held twice")
        assert "is pointed at from 2 places" in text("refs", pid, last), "two"
        document = ask("refs", pid, inside)
        equal((document["offset_bytes"], document["block"]["size_bytes"]), (1000, 9000), "inside")
        equal([(one["root"]["name"], one["pointer"], one["offset_bytes"], one["exact"])
               for one in document["pointers"]], [("g_inside", "interior", 1000, True)], "a pointer into it")
        assert ", at +1000 of it" in text("refs", pid, inside), "said"
        equal([one["root"]["name"] for one in ask("refs", pid, hex(int(table, 16) + 8))["pointers"]], ["g_table"],
              "the table")
        equal(ask("refs", pid, str(int(local, 16)))["pointers"][0]["root"]["kind"], "stack", "in decimal")
        result = heaptally("refs", pid, "0x10")
        equal((result.returncode, result.stderr), (1, b"heaptally: 0x10 is in no live block\n"), "no block")
        for words in ([pid], [pid, "x"], [pid, "0x10", "0x20"], ["--site", "cell_new", pid, "0x10"]):
            equal(heaptally("refs", *words).returncode, 2, "status of %r" % words)


@case("refs --site: ways to be held, tables, what nothing points at")
def sites(_directory):
    build()
    with living() as (pid, _addresses):
        document = ask("refs", "--site", "cell_new", pid)
        equal((document["site"]["blocks"], document["site"]["pointer_count"]), (100, 101), "blocks")
        equal([(one["blocks"], one["place_bytes"], (one["root"] or {"name": None})["name"])
               for one in document["ways"]], [(100, 16, None), (1, 0, "g_last")], "ways")
        equal(ask("refs", "--site", "app.c:%d" % line_of("*cell_new(void)"), pid)["site"]["blocks"], 100, "by line")
        equal(ask("refs", "--site", "function=cell_*", pid)["site"]["blocks"], 100, "by a filter")
        cells = ask("refs", "--site", "app.c:%d" % line_of("g_table[i] = "), pid)
        equal([(one["blocks"], one["place_bytes"]) for one in cells["ways"]], [(300, None)], "held by a table")
        lost = ask("refs", "--site", "lost_new", pid)
        equal((lost["site"]["blocks"], lost["path"]), (6, None), "lost")
        said = text("refs", "--site", "lost_new", pid)
        assert "\npath: none leads here from a root\n" in said, said
        result = heaptally("refs", "--site", "nobody", pid)
        equal((result.returncode, result.stderr), (1, b"heaptally: nobody: no live block is of this place\n"), "none")


@case("a graph that was left at exit: beside its recording, by its name, damaged, of another run")
def stored(_directory):
    build()
    made = run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/a.recording" % os.getcwd()))
    cell = made.stdout.decode().split()[0]
    equal(sorted(os.listdir(".")), ["a.graph", "a.recording", "app", "src"], "files")
    for operand in ("a.recording", "a.graph"):
        equal(root(ask("retained", operand), "g_table")["retained"], amount(301, 12000), operand)
        equal(ask("refs", operand, cell)["pointers"][0]["place_bytes"], 16, operand)
        equal(ask("leaks", operand, status=1)["summary"]["definite"], amount(5, 6800), operand)
    os.rename("a.recording", "b.recording")
    assert b"has to be beside it" in heaptally("retained", "a.graph").stderr, "alone"
    equal(heaptally("retained", "b.recording").returncode, 3, "nobody has looked")
    run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/a.recording" % os.getcwd()))
    os.rename("a.graph", "b.graph")
    assert b"not of the same run" in heaptally("retained", "b.graph").stderr, "of another run"
    equal(heaptally("refs", "b.recording", cell).returncode, 3, "not its graph")
    os.rename("b.graph", "a.graph")
    os.truncate("a.graph", 3000)
    for words in (["retained", "a.graph"], ["refs", "a.recording", cell]):
        result = heaptally(*words)
        equal(result.returncode, 2, "status of a damaged graph: %r" % result.stderr)
        assert b"damaged" in result.stderr, result.stderr


@case("run --graph and snapshot --graph keep the graph beside the tally; two of one process are two looks")
def kept(_directory):
    build()
    equal(heaptally("run", "-q", "--graph", "-o", "r.tally", "--", "sh", "-c", "./app >/dev/null; exec ./app").returncode, 0,
          "run")
    names = sorted(name for name in os.listdir(".") if name.endswith(".graph"))
    equal(len(names), 2, "one of each process: %r" % names)
    equal("r.graph" in names, True, "the program's own")
    other = [name for name in names if name != "r.graph"][0]
    equal(root(ask("retained", other), "g_table")["retained"], amount(301, 12000), "a child's")
    equal(root(ask("retained", "--process", other.split(".")[1], "r.tally"), "g_table")["retained"],
          amount(301, 12000), "the same of the tally")
    ask("retained", "r.tally")
    with living() as (pid, (cell, *_)):
        equal(heaptally("snapshot", "-q", "--graph", "-o", "one.tally", pid).returncode, 0, "snapshot")
        equal(heaptally("snapshot", "-q", "--graph", "-o", "two.tally", pid).returncode, 0, "snapshot")
        equal(heaptally("snapshot", "--graph", "-o", "-", pid).returncode, 2, "to standard output")
    for operand in ("one.tally", "one.graph"):
        equal(ask("refs", operand, cell)["pointers"][0]["place_bytes"], 16, operand)
        equal(root(ask("retained", operand), "g_rows")["reachable"], amount(200, 11200), operand)
    document = ask("leaks", "one.graph", "two.graph")
    equal(site(document, "row_new")["verdict"], "start-up", "two looks")
    equal(document["summary"]["definite"], amount(0, 0), "lost before")
    equal(ask("leaks", "one.graph", status=1)["summary"]["definite"], amount(3, 300), "lost")
    document = ask("leaks", "two.graph", "one.graph")
    assert document["quality"]["apart_seconds"] in (0, None), "the wrong way round: %r" % document["quality"]


@case("a graph beside a tally: of another run, damaged; what is there already is no graph")
def beside(_directory):
    build()
    for name in "one", "two":
        equal(heaptally("run", "-q", "--graph", "-o", name + ".tally", "--", "./app").returncode, 0, "run")
    lost = ask("leaks", "one.tally", status=1)["summary"]
    # Few sites here, many there.
    with open("few.c", "w", encoding="ascii") as file:
        file.write("#include <stdlib.h>\nint main(void) { *(void *volatile *)malloc(8) = malloc(50); return 0; }")
    equal(run([need("gcc"), "-g", "-fno-builtin", "-o", "few", "few.c"]).returncode, 0, "gcc")
    equal(heaptally("run", "-q", "--leaks", "-o", "few.tally", "--", "./few").returncode, 0, "run")
    os.rename("two.graph", "few.graph")
    result = heaptally("leaks", "few.tally")
    equal((result.returncode, result.stderr), (1, b""), "leaks with the graph of another run")
    equal(heaptally("retained", "few.tally").returncode, 3, "nobody has looked")
    result = heaptally("retained", "few.graph")
    equal((result.returncode, result.stderr), (2, b"heaptally: few.tally: the graph is not of the same run\n"), "said")
    os.truncate("one.graph", 3000)
    equal(ask("leaks", "one.tally", status=1)["summary"], lost, "the tally has the answer")
    assert b"warning: one.tally: its graph is damaged" in heaptally("leaks", "one.tally").stderr, "said"
    for words in (["retained", "one.tally"], ["leaks", "--heuristics", "none", "one.tally"], ["leaks", "one.graph"]):
        equal(heaptally(*words).returncode, 2, "a damaged graph: %r" % words)
    with open("k.graph", "w", encoding="ascii") as file:
        file.write("a drawing")
    result = heaptally("run", "--graph", "-o", "k.tally", "--", "sh", "-c", "echo ran")
    equal(result.stdout, b"", "refused before the start")
    assert b"k.graph: exists and is not a graph; --force replaces it" in result.stderr, result.stderr
    with living() as (pid, _addresses):
        result = heaptally("snapshot", "--graph", "-o", "k.tally", pid)
        assert b"k.graph: exists and is not a graph" in result.stderr, result.stderr
    equal((os.path.getsize("k.graph"), os.path.exists("k.tally")), (9, False), "it stays, and nothing is written")


@case("what goes with no place is refused, and a comma is one of a name")
def words_of_places(_directory):
    build()
    equal(heaptally("run", "-q", "--graph", "-o", "a.tally", "--", "./app").returncode, 0, "run")
    for site_of in "size=1..", "age=1s..", "generation=1", "thread=1", "allocator=calloc", "domain=malloc":
        result = heaptally("refs", "--site", site_of, "a.tally")
        equal(result.returncode, 2, site_of)
        assert b"a place goes by file, line, function and module" in result.stderr, result.stderr
        if site_of[:3] not in ("all", "dom"):
            for command in "leaks", "retained":
                result = heaptally(command, "--include", site_of, "a.tally")
                equal((result.returncode, result.stdout), (2, b""), "%s by %s" % (command, site_of))
    ask("refs", "--site", "function=row_new,module=*app", "a.tally")
    with open("comma.cc", "w", encoding="ascii") as file:
        file.write("static void *kept[2];\n__attribute__((noipa)) void f(int a, char b) { kept[0] = new char[100 + a + b]; }\n"
                   "int main() { f(1, 2); return kept[0] == 0; }\n")
    equal(run([need("g++"), "-g", "-O1", "-o", "comma", "comma.cc"]).returncode, 0, "g++")
    equal(heaptally("run", "-q", "--graph", "-o", "c.tally", "--", "./comma").returncode, 0, "run")
    for name in "f(int, char)", "f":
        equal(ask("refs", "--site", name, "c.tally")["process"]["command"], "comma", name)
    equal(heaptally("refs", "--site", "f(int, int)", "c.tally").returncode, 1, "another one")


@case("a stripped program: names of what it exports, or module and offset; no line")
def stripped(_directory):
    build("-s", "-rdynamic")
    with living() as (pid, (cell, *_)):
        document = ask("retained", pid)
        equal(root(document, "g_table")["line"], None, "no line")
        unnamed = [one for one in document["roots"] if one["name"] is None and (one["module"] or "").endswith("/app")]
        equal([one["retained"]["bytes"] for one in unnamed], [9000], "static")
        assert re.search(r"global app\+0x[0-9a-f]+$", text("retained", "-n", "0", pid).replace(" -> ", "\n"), re.M)
        equal(ask("refs", pid, cell)["path"]["root"]["name"], "g_rows", "path")


HOLDER = "static void *g_static[4]; void *g_slot; void **holder(void) { return g_static; }"
HELD = """
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
void **holder(void);
extern void *g_slot;
int main(int argc, char **argv) {
	struct pollfd fd = {0, POLLIN, 0};
	(void)argv;
	holder()[2] = malloc(300); g_slot = malloc(500);
	puts("ready"); fflush(stdout);
	while (argc > 1 && poll(&fd, 1, 1) == 0) free(malloc(70));
	return 0; }
"""


@case("the variables of a library that no stack leads to have names, in a living process and at exit")
def of_a_library(directory):
    for name, source, options in (("libholder.so", HOLDER, ("-shared", "-fPIC")),
                                  ("app", HELD, ("-fno-builtin", "-L.", "-lholder", "-Wl,-rpath," + directory))):
        with open(name + ".c", "w", encoding="ascii") as file:
            file.write(source)
        equal(run([need("gcc"), "-g", "-o", name, name + ".c", *options]).returncode, 0, "gcc")
    equal(heaptally("run", "-q", "--graph", "-o", "a.tally", "--", "./app").returncode, 0, "run")
    with living() as (pid, _):
        for operand in (pid, "a.tally"):
            document = ask("retained", operand)
            found = root(document, "g_static")
            equal((found["retained"], found["line"]), (amount(1, 300), 1), "static one of " + operand)
            equal(sum(one["retained"]["bytes"] for one in document["roots"] if one["name"] == "g_slot"), 500, "exported")


run_cases()
