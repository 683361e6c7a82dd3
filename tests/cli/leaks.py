#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally leaks: what is said of a program that has exited, by run --leaks and by hand."""
import glob
import json
import os
import re

import schema
from growing import ARRAY, HIDDEN, OWN_ENTRY, growing
from harness import LIBRARY, case, environment, equal, heaptally, need_library, program, record, run, run_cases


def ask(*words, status=1):
    result = heaptally("leaks", "--format", "json", *words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    document = json.loads(result.stdout)
    schema.check(document)
    return document


def text(*words, status=1):
    result = heaptally("leaks", *words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    return result.stdout.decode()


def site(document, function):
    found = [one for one in document["sites"] if one["frames"][0]["function"] == function]
    equal(len(found), 1, "sites of " + function)
    return found[0]


def build(source, name, *options):
    with open(name + ".c", "w") as file:
        file.write(source)
    equal(run(["gcc", "-g", "-O1", "-fno-builtin", *options, "-o", name, name + ".c"]).returncode, 0, "gcc")


@case("run --leaks: the tally has kinds, heads, rings and what hangs on them")
def tally(_directory):
    equal(record("a.tally", [program("leaks")], "--leaks").returncode, 0, "status")
    document = ask("--by", "function", "a.tally")
    ring = site(document, "lost_ring")
    equal((ring["verdict"], ring["cycle_count"], ring["cycle_blocks"]), ("lost", 1, 4), "a ring")
    equal(ring["parts"], [{"number": document["sites"].index(ring), "in_cycle": True, "blocks": 3,
                           "bytes": ring["indirect"]["bytes"]}], "the rest of it")
    listed = site(document, "lost_list")
    equal((listed["definite"]["blocks"], listed["hanging_blocks"]), (1, 9), "a list")
    equal(listed["parts"][0]["in_cycle"], False, "no ring")
    equal(site(document, "keep_inside")["possible"]["reasons"]["interior_blocks"], 2, "why possible")
    equal(site(document, "lost_alone")["verdict"], "lost", "alone")
    equal(document["quality"]["mode"], "exit", "mode")
    equal(document["quality"]["sure"], True, "sure")
    equal(document["process"]["moment"], "at exit", "moment")
    assert re.search(r"^LOST .*1 ring of 4 blocks: nothing outside points at it$", text("a.tally"), re.M)
    equal(sorted(os.listdir(".")), ["a.tally"], "files that are left")


@case("the same of a recording and its graph, and without heuristics more is possible")
def by_hand(directory):
    run([program("leaksxx")], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/b.recording" % directory))
    equal(sorted(os.listdir(".")), ["b.graph", "b.recording"], "files")
    kinds = {which: ask("--heuristics", which, "b.recording")["summary"]["possible"]["blocks"]
             for which in ("none", "memcheck", "all")}
    equal(kinds["memcheck"], 0, "by memcheck's")
    assert kinds["none"] >= 4, kinds
    equal(oct(os.stat("b.graph").st_mode & 0o777), "0o600", "mode")
    result = heaptally("leaks", "--heuristics", "some", "b.recording")
    equal(result.returncode, 2, "status")
    os.truncate("b.graph", 300)
    result = heaptally("leaks", "b.recording")
    equal(result.returncode, 2, "status of a damaged graph")
    assert b"its graph cannot be read" in result.stderr, result.stderr
    os.unlink("b.graph")
    equal(heaptally("leaks", "b.recording").returncode, 3, "status without a graph")


def without_names(said):
    """A table without what is another for each run: the name of the file and the number of the process."""
    return re.sub(r"^leaks \d+", "leaks PID", re.sub(r"[a-z]+\.(tally|recording)", "FILE", said), flags=re.M)


@case("a recording of every block (--blocks) has the same table, as a tally, and as a recording with its graph")
def with_blocks(directory):
    for name, options in (("plain", ()), ("blocks", ("--blocks",))):
        equal(record(name + ".tally", [program("leaks")], "--leaks", *options).returncode, 0, "status")
        run([program("leaks")], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks%s:out=%s/%s.recording" % (
            ":blocks=on" if options else "", directory, name)))
    for ending in ("tally", "recording"):
        for words in ([], ["--all", "-n", "0"], ["--by", "function"], ["--include", "function=lost_*"]):
            plain, blocks = (without_names(text(*words, name + "." + ending)) for name in ("plain", "blocks"))
            assert re.search("^LOST ", plain, re.M), plain
            equal(blocks, plain, "the table of a %s with %r" % (ending, words))
        document = ask("blocks." + ending)
        equal(document["sites"], ask("plain." + ending)["sites"], "sites")
    # What is lost lives: each of these blocks is among those that `blocks` lists.
    listed = json.loads(heaptally("blocks", "-n", "0", "--format", "json", "blocks.tally").stdout)["blocks"]
    lost = [block["size_bytes"] for block in listed if block["frames"][0]["function"] == "lost_alone"]
    equal((len(lost), sum(lost)), tuple(site(ask("--by", "function", "blocks.tally"), "lost_alone")["definite"].values()), "listed")


@case("exit statuses: nothing lost, budgets, nobody has looked, run --leaks=fail")
def statuses(_directory):
    build("#include <stdlib.h>\nvoid *kept; int main(int n, char **v)"
          "{ kept = malloc(10); if (n > 1) malloc(100); return n > 2; }", "app")
    equal(record("good.tally", ["./app"], "--leaks=fail").returncode, 0, "nothing lost")
    equal(text("good.tally", status=0).splitlines()[0].endswith("nothing is lost"), True, "said")
    equal(record("bad.tally", ["./app", "1"], "--leaks=fail").returncode, 1, "lost")
    equal(record("own.tally", ["./app", "1", "2"], "--leaks=fail").returncode, 1, "its own status")
    equal(record("plain.tally", ["./app", "1"], "--leaks").returncode, 0, "without =fail")
    text("bad.tally")
    text("--max-bytes", "100", "bad.tally", status=0)
    text("--max-bytes", "99", "bad.tally")
    text("--max-blocks", "1", "bad.tally", status=0)
    text("--max-blocks", "0", "bad.tally")
    record("none.tally", ["./app"])
    result = heaptally("leaks", "none.tally")
    equal(result.returncode, 3, "nobody has looked")
    assert b"was not looked at" in result.stderr, result.stderr
    # One limit alone is the only one, and 0 is one.
    text("--max-bytes", "0", "--max-blocks", "5", "bad.tally")
    text("--max-blocks", "0", "--max-bytes", "1G", "bad.tally")
    # Who ends without exit() cannot be looked at, which is no success.
    build("#include <stdlib.h>\n#include <unistd.h>\nint main(void) { malloc(100); _exit(0); }", "leaves")
    equal(record("left.tally", ["./leaves"], "--leaks=fail").returncode, 3, "not known")
    result = heaptally("run", "-f", "-o", "left.tally", "--leaks", "--", "./leaves")
    equal(result.returncode, 0, "without =fail")
    assert b"\n  lost      not known: the program did not call exit()\n" in result.stderr, result.stderr


@case("other allocators: sizes are those of the table, and nothing asks them")
def other_allocators(_directory):
    build("#include <stdlib.h>\nvoid *kept[3]; int main(void) { kept[0] = malloc(10); kept[1] = malloc(70000);\n"
          "kept[2] = malloc(30000000); malloc(100); malloc(5000); malloc(40000000); return 0; }", "app")
    # jemalloc keeps pointers to what it has handed out in memory of its own, which looks like a root.
    for name in ("tcmalloc_minimal", "mimalloc"):
        record("a.tally", ["./app"], "--leaks", env=environment(LD_PRELOAD=need_library(name)))
        summary = ask("a.tally")["summary"]
        equal((summary["definite"]["blocks"], summary["definite"]["bytes"]), (3, 40005100), name)


@case("a graph of an earlier run says nothing of a later one")
def earlier(directory):
    path = os.path.join(directory, "app.recording")
    build("#include <stdlib.h>\n#include <unistd.h>\n"
          "int main(int n, char **v) { malloc(100); if (n > 1) _exit(0); return 0; }", "app")
    for words in ([], ["1"]):
        run(["./app", *words], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=" + path))
        equal(heaptally("leaks", path).returncode, 3 if words else 1, words)
    equal(heaptally("leaks", "--by", "stack", "bad.tally").returncode, 2, "a wrong key")
    equal(heaptally("leaks", "--heuristics", "none", "bad.tally").returncode, 2, "of a tally")
    equal(heaptally("run", "--leaks=never", "--", "./app").returncode, 125, "a wrong word")


@case("the card says what is lost")
def card(_directory):
    result = heaptally("run", "-o", "a.tally", "--leaks", "--", program("leaks"))
    assert re.search(rb"^  lost      \d+ blocks, .*nothing points at them any more$", result.stderr, re.M), result.stderr


@case("what system libraries keep is a line of its own, and no leak")
def system(_directory):
    build("#include <stdio.h>\n#include <locale.h>\n#include <stdlib.h>\n"
          "int main(void) { setlocale(LC_ALL, \"C\"); printf(\"x\\n\"); return 0; }", "app")
    record("a.tally", ["./app"], "--leaks")
    document = ask("a.tally", status=0)
    assert document["system"]["reachable"]["blocks"] >= 1, document["system"]
    assert "kept by system libraries" in text("a.tally", status=0)
    assert "SYSTEM" in text("--all", "a.tally", status=0)


@case("suppressions and filters")
def suppressed(_directory):
    record("a.tally", [program("leaks")], "--leaks")
    everything = ask("a.tally")["summary"]["definite"]["blocks"]
    with open("rules", "w") as file:
        file.write("leak:nobody\nleak:leaks.c$\n")
    document = ask("--suppressions", "rules", "a.tally", status=0)
    equal(document["summary"]["definite"]["blocks"], 0, "all suppressed")
    equal(document["suppressed"]["definite"]["blocks"], everything, "suppressed")
    document = ask("--include", "function=lost_alone", "a.tally")
    equal(document["summary"]["definite"]["blocks"], 1, "one function")


@case("a forked child that exits says what it lost itself, and no more")
def children(_directory):
    build("#include <stdlib.h>\n#include <unistd.h>\n#include <sys/wait.h>\n"
          "static void **kept; static void lose(int n) { malloc(n); }\n"
          "static __attribute__((noinline)) void hang(void) { kept[0] = malloc(50); }\n"
          "int main(void) { kept = calloc(4, 8); lose(11); if (fork() == 0) { lose(22); hang(); exit(0); }\n"
          "wait(0); return 0; }", "app")
    record("a.tally", ["./app"], "--leaks")
    info = json.loads(heaptally("info", "--format", "json", "a.tally").stdout)
    pids = [one["pid"] for one in info["processes"]]
    equal(len(pids), 2, "processes")
    equal([ask("--process", str(pid), "a.tally")["summary"]["definite"]["bytes"] for pid in sorted(pids)],
          [11, 22], "lost")


@case("what was allocated while nothing was recorded may hold blocks")
def paused(_directory):
    build("#include <heaptally.h>\n#include <stdlib.h>\nstatic void **kept;\n"
          "int main(void) { heaptally_pause(); kept = calloc(4, 8); heaptally_resume(); kept[1] = malloc(70);\n"
          "malloc(33); return 0; }", "app", "-I", os.path.join(os.environ["srcdir"], "lib", "include"))
    record("a.tally", ["./app"], "--leaks")
    equal(ask("a.tally")["summary"]["definite"]["bytes"], 33, "lost")


@case("memory that cannot be read, and a stack of its own, do no harm")
def odd_memory(_directory):
    build("#define _GNU_SOURCE\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <fcntl.h>\n"
          "#include <sys/mman.h>\nstatic char *block;\nint main(void) {\n"
          "block = aligned_alloc(4096, 1 << 16); memset(block, 0, 1 << 16); mprotect(block, 1 << 16, PROT_NONE);\n"
          "int fd = open(\"short\", O_RDWR | O_CREAT, 0600); ftruncate(fd, 1 << 16);\n"
          "mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0); ftruncate(fd, 0);\n"
          "mmap(0, (size_t)1 << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);\n"
          "malloc(77); return 0; }", "app")
    equal(record("a.tally", ["./app"], "--leaks").returncode, 0, "status")
    document = ask("a.tally")
    equal(document["summary"]["definite"]["bytes"], 77, "lost")
    equal(document["quality"]["unreadable"], True, "said")


@case("what the kernel keeps for the process holds blocks: data of epoll, values of timers")
def kernel(_directory):
    build("#define _GNU_SOURCE\n#include <signal.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/epoll.h>\n"
          "#include <time.h>\n#include <unistd.h>\n"
          "static __attribute__((noinline)) void watch(void) { int p[2]; pipe(p); struct epoll_event e = {EPOLLIN, {0}};\n"
          "e.data.ptr = malloc(61); epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, p[0], &e); memset(&e, 0, sizeof e); }\n"
          "static __attribute__((noinline)) void tick(void) { struct sigevent v = {0}; timer_t t;\n"
          "v.sigev_notify = SIGEV_SIGNAL; v.sigev_signo = SIGUSR1; v.sigev_value.sival_ptr = malloc(62);\n"
          "timer_create(CLOCK_MONOTONIC, &v, &t); memset(&v, 0, sizeof v); }\n"
          "static __attribute__((noinline)) void lose(void) { malloc(63); }\n"
          "static __attribute__((noinline)) void clean(void) { volatile char a[9999]; for (int i = 0; i < 9999; i++) a[i] = 0; }\n"
          "int main(void) { watch(); tick(); lose(); clean(); return 0; }", "app")
    record("a.tally", ["./app"], "--leaks")
    document = ask("--by", "function", "a.tally")
    equal(site(document, "watch")["reachable"]["bytes"], 61, "epoll")
    equal(site(document, "tick")["reachable"]["bytes"], 62, "timer")
    equal(site(document, "lose")["definite"]["bytes"], 63, "neither")


@case("a thread that waits: what ended calls have left below its stack may hold blocks, no more")
def dead_stack(_directory):
    build("#include <pthread.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
          "static pthread_barrier_t asleep;\n"
          "static __attribute__((noinline)) void use(void) { void *volatile held[2000]; for (int i = 0; i < 2000; i++) held[i] = 0;\n"
          "held[0] = memset(malloc(71), 0, 71); }\n"
          "static void *rest(void *p) { void *volatile kept = memset(malloc(72), 0, 72); use(); pthread_barrier_wait(&asleep);\n"
          "for (;;) pause(); return kept; }\n"
          "int main(void) { pthread_t t; pthread_barrier_init(&asleep, 0, 2); pthread_create(&t, 0, rest, 0);\n"
          "pthread_barrier_wait(&asleep); usleep(100000); return 0; }", "app", "-pthread")
    record("a.tally", ["./app"], "--leaks")
    document = ask("--by", "function", "a.tally", status=0)
    equal(site(document, "use")["possible"]["reasons"]["dead_stack_blocks"], 1, "left on the stack")
    equal(site(document, "rest")["reachable"]["bytes"], 72, "held by the stack")
    equal(document["quality"]["unseen_thread_count"], 0, "threads whose stack is unknown")


@case("a limit on files is respected, and is the answer")
def limits(directory):
    build("#include <stdlib.h>\n#include <sys/resource.h>\nstatic void *kept[100000];\nint main(void) {\n"
          "for (int i = 0; i < 100000; i++) kept[i] = malloc(16);\n"
          "struct rlimit limit = {100000, 100000}; setrlimit(RLIMIT_FSIZE, &limit); return 7; }", "app")
    result = run(["./app"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/a.recording" % directory))
    equal(result.returncode, 7, "status")
    result = heaptally("leaks", "a.recording")
    equal(result.returncode, 3, "no answer")
    assert b"a limit on the size of files" in result.stderr, result.stderr
    equal(glob.glob("*.partial"), [], "half a file")

@case("growth between two looks: which variable, through what, and what comes with it; plateau, start-up")
def grows(_directory):
    with growing() as pid:
        document = ask("--settle", "1", pid, status=0)
        inserted = site(document, "cache_insert")
        equal(inserted["verdict"], "growing", "verdict of what grows")
        growth = inserted["growth"]
        equal((growth["path"]["root"]["name"], [one["frames"][0]["function"] for one in growth["path"]["blocks"]][0]),
              ("g_cache", "cache_new"), "who holds it")
        assert inserted["came_blocks"] >= 2 and inserted["gone_blocks"] == 0, inserted
        parts = {one["frames"][0]["function"]: one["blocks"] for one in growth["parts"]}
        assert abs(parts["text_new"] - inserted["came_blocks"]) <= 1, (parts, inserted["came_blocks"])
        texts = site(document, "text_new")
        equal((texts["verdict"], texts["growth"]), ("growing", None), "what comes with it")
        equal(site(document, "turn")["verdict"], "plateau", "as many go as come")
        equal(site(document, "once_new")["verdict"], "start-up", "neither")
        work = [one["verdict"] for one in document["sites"] if one["frames"][0]["function"] == "work"]
        assert "growing" not in work, work
        said = text("--settle", "1", pid, status=0)
        assert re.search(r"^GROWING .* more in [\d.]+ m?s, one every [\d.]+ [mu]?s\n +cache_insert  grows.c:\d+\n"
                         r" +held by global g_cache \(grows, grows.c:8\) -> cache_new  grows.c:10 ", said, re.M), said
        equal(len(re.findall("^GROWING", said, re.M)), 1, "one paragraph")
        equal(len(re.findall("^(PLATEAU|START-UP)", text("--all", "--settle", "1", pid, status=0), re.M)) >= 2,
              True, "with --all")


@case("a process that runs: what is in an array that is made larger grows by itself, held by its variable")
def array(_directory):
    with growing(ARRAY) as pid:
        document = ask("--by", "function", "--settle", "1", pid, status=0)
        inserted = site(document, "session_new")
        equal(inserted["verdict"], "growing", "verdict of what grows")
        growth = inserted["growth"]
        equal(growth["path"]["root"]["name"], "g_sessions", "who holds it")
        # A look may fall between the old array and the new one.
        assert inserted["came_blocks"] - growth["blocks"] <= 1, inserted
        assert site(document, "sessions_insert")["verdict"] != "growing", "the array is one block"
        assert re.search(r"^GROWING .*\n +session_new .*\n +held by global g_sessions .* -> here$",
                         text("--settle", "1", pid, status=0), re.M)


@case("a process that runs: what a variable holds, it holds, though one of the stack leads there on a shorter way")
def own_entry(_directory):
    with growing(OWN_ENTRY) as pid:
        inserted = site(ask("--settle", "1", pid, status=0), "cache_insert")
        equal(inserted["verdict"], "growing", "verdict of what grows")
        equal(inserted["growth"]["path"]["root"]["name"], "g_cache", "who holds it")


@case("a process that runs: what is written to between two looks is not lost, nor what it holds; what is not is")
def hidden(_directory):
    with growing(HIDDEN) as pid:
        for how in ((), ("--outside",)):
            document = ask("--by", "function", "--settle", "1", *how, pid)
            for function in ("state_new", "name_new"):
                one = site(document, function)
                equal((one["verdict"], one["possible"]["reasons"]["changed_blocks"]), ("maybe", 1), function)
            equal((site(document, "forget")["verdict"], site(document, "forget")["definite"]["bytes"]), ("lost", 60),
                  "what nobody writes to")
            assert "nothing points at them, but they were written to between the looks" in text(
                "--settle", "1", *how, pid), "said"
        equal(ask("--by", "function", "--settle", "0", pid)["summary"]["definite"]["blocks"], 2, "one look does not know")


@case("leaks BEFORE AFTER: what is lost and was not, and the status of that alone")
def two(_directory):
    build("#include <stdlib.h>\nstatic void old(int n) { while (n--) malloc(10); }\n"
          "static void fresh(int n) { while (n--) malloc(20); }\n"
          "int main(int c, char **v) { old(atoi(v[1])); fresh(atoi(v[2])); return c == 0; }\n", "app", "-fno-inline")
    for name, words in (("a", ("3", "0")), ("b", ("5", "4")), ("c", ("3", "0"))):
        equal(record(name + ".tally", ["./app", *words], "--leaks").returncode, 0, "run")
    document = ask("a.tally", "b.tally")
    equal((document["summary"]["definite"], document["before"]["command"]), ({"blocks": 6, "bytes": 100}, "app"), "sum")
    equal({one["frames"][0]["function"]: one["definite"]["blocks"] for one in document["sites"]},
          {"old": 2, "fresh": 4}, "what came")
    assert "6 blocks are lost, from 2 places that were not in a.tally" in text("a.tally", "b.tally"), "said"
    equal(ask("a.tally", "c.tally", status=0)["summary"]["definite"]["blocks"], 0, "nothing new")
    equal(ask("b.tally", "a.tally", status=0)["summary"]["definite"]["blocks"], 0, "less")
    os.rename("b.tally", "b\033.tally")
    assert "nothing is lost that was not in b\\" in text("b\033.tally", "a.tally", status=0), "said"
    os.rename("b\033.tally", "b.tally")
    text("--max-blocks", "6", "a.tally", "b.tally", status=0)
    equal(heaptally("leaks", "a.tally", "b.tally", "c.tally").returncode, 2, "three")
    equal(heaptally("leaks", "none.tally", "b.tally").returncode, 2, "none")


run_cases()
