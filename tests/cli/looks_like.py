#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What blocks look like: classes by their tables of virtual functions, nodes of containers by their shape."""
import json
import os
import re
import subprocess

import schema
from harness import LIBRARY, case, end_child, environment, equal, heaptally, need, report, run, run_cases

# Every object has an address of its own among those that are printed.
SOURCE = """
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <poll.h>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <dlfcn.h>
struct Session { virtual ~Session() {} virtual int f() { return 1; } long a[4]; };
namespace { struct Hidden : Session { int f() override { return 2; } }; }
namespace net { template <class T, int N> struct Box { virtual ~Box() {} T t[N]; }; }
struct Second { virtual ~Second() {} virtual int g() { return 3; } long b = 2; };
struct Both : Session, Second { long c; };
struct Plain { long x; };
struct Virtual : virtual Plain { long y; };
struct Diamond : virtual Session, virtual Second { long z; };
struct One { virtual void only() = 0; };
struct Only : One { void only() override {} };
struct Bare { const char *name; long n; };
struct Holder { virtual ~Holder() {} std::map<int, long> map; std::list<long> list; };
struct Own { Own *next, *previous; long value; };            // neither a list nor a tree of the library
struct Tree { long colour; Tree *parent, *left, *right; };
std::map<int, long> g_sessions;
std::set<long> g_names;
std::list<long> g_queue;
std::unordered_map<int, long> g_index;
std::unordered_set<long> g_seen;
void *g_kept[32];
Own *g_own, *g_last;
Tree *g_tree;
static void keep(int i, const void *object) { g_kept[i] = const_cast<void *>(object); printf("%p\\n", object); }
static void own() {
	for (int i = 0; i < 9; i++) {
		Own *made = new Own{g_own, nullptr, i};
		if (g_own) g_own->previous = made; else g_last = made;
		g_own = made; }
	g_tree = new Tree{0, nullptr, nullptr, nullptr};
	g_tree->left = new Tree{1, g_tree, nullptr, nullptr};
	g_tree->right = new Tree{2, g_tree, nullptr, nullptr}; }
int main(int argc, char **argv) {
	for (int i = 0; i < 40; i++) {
		g_sessions[i] = i; g_names.insert(i); g_queue.push_back(i); g_index[i] = i; g_seen.insert(i); }
	keep(0, new Session); keep(1, new Hidden); keep(2, new net::Box<int, 5>); keep(3, new Both);
	keep(4, new Virtual); keep(5, new Diamond); keep(6, new Only);
	keep(7, reinterpret_cast<char *>(new Session[4]));
	void *part = malloc(sizeof(Second)); memcpy(part, static_cast<void *>(static_cast<Second *>(new Both)), sizeof(Second));
	keep(8, part);
	keep(9, new Bare{"name", 1}); keep(10, malloc(100));
	Holder *holder = new Holder; keep(11, holder);
	for (int i = 0; i < 7; i++) { holder->map[i] = i; holder->list.push_back(i); }
	keep(12, &*holder->map.find(3)); keep(13, &holder->list.back());
	keep(14, &*g_sessions.find(3)); keep(15, &*g_names.find(3)); keep(16, &g_queue.back());
	keep(17, &*g_index.find(3)); keep(18, &*g_seen.find(3));
	own(); keep(19, g_own->next); keep(20, g_tree->left);
	if (argc > 2) {
		void *library = dlopen(argv[2], RTLD_NOW);
		keep(21, reinterpret_cast<void *(*)()>(dlsym(library, "make"))()); }
	fflush(stdout);
	if (argc > 1) {
		pollfd fd = {0, POLLIN, 0};
		void *(*volatile allocate)(size_t) = malloc;
		while (poll(&fd, 1, 2) == 0) free(allocate(10)); }
	_Exit(0); }
"""

PLUGIN = """
namespace plugin { struct Part { virtual ~Part() {} virtual int f() { return 1; } long x = 0; }; }
extern "C" void *make() { return new plugin::Part; }
"""

CLASSES = ["Session", "(anonymous namespace)::Hidden", "net::Box<int, 5>", "Both", "Virtual", "Diamond", "Only", None,
           "Both", None, None, "Holder"]
ARRAY = 7
NODES = {12: "std::map node of a Holder", 13: "std::list node of a Holder", 14: "std::map node of g_sessions",
         15: "std::set node of g_names", 16: "std::list node of g_queue", 17: "std::unordered_map node of g_index",
         18: "std::unordered_set node of g_seen"}
OWN = (19, 20)

def build(*options, name="app", source=SOURCE):
    with open(name + ".cc", "w", encoding="ascii") as file:
        file.write(source)
    equal(run([need("g++"), *options, "-o", name, name + ".cc"]).returncode, 0, "g++ %r" % (options,))

def look(*words):
    """Run the program and look at it once: what each of the addresses that it prints looks like."""
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen(["./app", "wait", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=app.recording"))
    try:
        addresses = [child.stdout.readline().decode().strip() for _ in range(21 + len(words))]
        equal(heaptally("snapshot", "-q", "-f", "--graph", "-o", "app.tally", str(child.pid)).returncode, 0, "snapshot")
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()
    return addresses


def looks(addresses, number):
    return report("refs", "app.tally", addresses[number])["block"]["looks_like"]


def check_classes(addresses, no_functions="Virtual"):
    expected = [no_functions if name == "Virtual" else name for name in CLASSES]
    expected[ARRAY] = "Session[]"
    equal([looks(addresses, i) for i in range(len(CLASSES))], expected, "classes")


@case("classes: one base, several, virtual ones, templates, hidden ones, one function, an inner table, arrays")
def classes(_directory):
    build("-g", "-O0")
    addresses = look()
    check_classes(addresses)
    said = heaptally("refs", "app.tally", addresses[0]).stdout.decode()
    assert re.search(r"^0x\w+, 40 bytes, main  app.cc:\d+, looks like Session, is pointed at", said), said
    said = heaptally("retained", "-n", "0", "--by", "function", "app.tally").stdout.decode()
    assert re.search(r"  main  .*\(x \d+\), look like ", said), said


@case("classes of what is stripped, with and without fixed addresses, optimised")
def stripped(_directory):
    for options in (["-s"], ["-s", "-O2", "-no-pie"]):
        build(*options)
        check_classes(look())


@case("classes without RTTI, but for one without functions")
def without_rtti(_directory):
    build("-g", "-O2", "-fno-rtti")
    check_classes(look(), None)


@case("a class of a library that was opened late, which is hidden there and stripped")
def late(_directory):
    build("-g")
    build("-shared", "-fPIC", "-s", "-fvisibility=hidden", name="part.so",
          source=PLUGIN.replace('extern "C"', 'extern "C" __attribute__((visibility("default")))'))
    equal(looks(look("./part.so"), 21), "plugin::Part", "of the library")


@case("nodes of containers, of which variable or object; own lists and trees are none")
def nodes(_directory):
    for options in (["-g", "-O0"], ["-g", "-O2"]):
        build(*options)
        addresses = look()
        equal({i: looks(addresses, i) for i in NODES}, NODES, "nodes of %r" % options)
        equal([looks(addresses, i) for i in OWN], [None, None], "what is no container")
    said = heaptally("refs", "app.tally", addresses[14]).stdout.decode()
    assert "looks like std::map node of g_sessions" in said, said


@case("nodes of a stripped program: by shape, and only where all of it fits")
def shapes(_directory):
    build("-s", "-O2")
    addresses = look()
    equal([looks(addresses, i) for i in (12, 13)], [NODES[12], NODES[13]], "in an object")
    equal([looks(addresses, i) for i in (14, 17)], ["std::map node", "std::unordered_map node"], "in variables")
    equal([looks(addresses, i) for i in OWN], [None, None], "what is no container")


@case("the graph of an exit, and sites with several classes")
def stored(_directory):
    build("-g", source="""
        struct A { virtual ~A() {} long x; }; struct B { virtual ~B() {} long x; };
        A *a[30]; B *b[30];
        static void *make(int kind) { if (kind) return new A; return new B; }
        int main() {
            for (int i = 0; i < 30; i++) a[i] = static_cast<A *>(make(1));
            for (int i = 0; i < 10; i++) b[i] = static_cast<B *>(make(0)); }""")
    made = run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/a.recording" % os.getcwd()))
    equal(made.returncode, 0, "status")
    for operand in ("a.recording", "a.graph"):
        document = report("retained", "--by", "function", operand)
        equal([one["looks_like"] for one in document["sites"] if one["frames"][0]["function"] == "make"],
              [[{"name": "A", "blocks": 30}, {"name": "B", "blocks": 10}]], operand)
    said = heaptally("retained", "--by", "function", "a.recording").stdout.decode()
    assert re.search(r"make .*\(x 40\), look like A \(x 30\), B \(x 10\)\n", said), said
    os.unlink("app")
    document = report("retained", "a.recording")
    equal([one["looks_like"] for one in document["sites"] if one["looks_like"]], [], "without the file")

@case("leaks: what is lost, of a tally, of a graph, and whose file is gone since the run")
def lost(_directory):
    build("-g", "-O1", source="""
        #include <list>
        #include <new>
        #include <stdlib.h>
        struct A { virtual ~A() {} long x; }; struct B { virtual ~B() {} long x; };
        A *volatile kept[30];
        static __attribute__((noinline)) void *make(int kind) { if (kind) return new A; return new B; }
        static __attribute__((noinline)) void lose() {
            for (int i = 0; i < 5; i++) *static_cast<void *volatile *>(malloc(32)) = make(0);
            for (int i = 0; i < 3; i++) *static_cast<void *volatile *>(malloc(32)) = make(1);
            auto *list = new std::list<int>; for (int i = 0; i < 6; i++) list->push_back(i); }
        static __attribute__((noinline)) void clean() { volatile char area[16384]; for (char volatile &c : area) c = 0; }
        int main() {
            lose(); clean();
            for (int i = 0; i < 30; i++) kept[i] = static_cast<A *>(make(1));
            _Exit((exit(0), 0)); }""")
    expected = [{"name": "B", "blocks": 5, "lost_blocks": 5}, {"name": "A", "blocks": 33, "lost_blocks": 3}]

    def check(operand):
        result = heaptally("leaks", "--by", "function", "--format", "json", operand)
        equal(result.returncode, 1, "status")
        document = json.loads(result.stdout)
        schema.check(document)
        looks_like = {one["frames"][0]["function"]: one["looks_like"] for one in document["sites"]}
        equal(looks_like["make"], expected, operand)
        assert {"name": "std::list node", "blocks": 6, "lost_blocks": 6} in looks_like["lose"], looks_like

    equal(heaptally("run", "-q", "--leaks", "-o", "a.tally", "--", "./app").returncode, 0, "run")
    check("a.tally")
    made = run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/b.recording" % os.getcwd()))
    equal(made.returncode, 0, "status")
    check("b.recording")
    os.unlink("app")
    check("a.tally")
    said = heaptally("leaks", "--by", "function", "a.tally", "--all").stdout.decode()
    assert re.search(r"^ +make  app.cc, look like B \(x 5\), A \(x 3\)$", said, re.M), said


@case("leaks: of many classes those that lost something are counted, and no others")
def many(_directory):
    build("-g", "-O1", source="""
        #include <stdlib.h>
        struct Base { virtual ~Base() {} };
        template <int N> struct K : Base { long x; };
        static __attribute__((noinline)) Base *make(int k) {
            switch (k) {
            case 0: return new K<0>; case 1: return new K<1>; case 2: return new K<2>; case 3: return new K<3>;
            case 4: return new K<4>; case 5: return new K<5>; case 6: return new K<6>; default: return new K<7>; } }
        Base *volatile kept[4];
        static __attribute__((noinline)) void lose() {
            for (int i = 0; i < 4; i++) *static_cast<Base *volatile *>(malloc(32)) = make(i); }
        static __attribute__((noinline)) void clean() { volatile char area[16384]; for (char volatile &c : area) c = 0; }
        int main() { lose(); clean(); for (int i = 0; i < 4; i++) kept[i] = make(4 + i); _Exit((exit(0), 0)); }""")
    equal(heaptally("run", "-q", "--leaks", "-o", "a.tally", "--", "./app").returncode, 0, "run")
    said = heaptally("leaks", "--by", "function", "--all", "a.tally").stdout.decode()
    found = re.findall(r"make  app.cc, look like ((?:K<\d> \(x 1\), ){3})(.*)$", said, re.M)
    equal([(re.findall(r"\d(?=>)", names), rest) for names, rest in found][:1], [(["0", "1", "2"], "1 more")], said)


run_cases()
