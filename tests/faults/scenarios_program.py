# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios about the program itself: its calls, its start, its loader, its allocator, its registers."""
import os
import shutil

from judge import Skip, Verdict, difference, judge_numbers, missing, reword, worst, wrong
from processes import UNSHARE, call, private_mounts
from scenarios import scenario

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"


@scenario(1, "API differential table (F09)")
def api_table(bench):
    return bench.compare([bench.target("api_table")], judge_numbers)


def per_site(bench, run, base):
    """The numbers of each of the 64 sites, where the tracer can name them."""
    verdict = judge_numbers(run, base)
    if verdict.letter != "P" or not hasattr(bench.tracer, "top"):
        return verdict
    groups = {
        group["frames"][0]["function"]: group
        for group in bench.tracer.top(run.main["path"], "--by", "function")
        if group.get("frames")
    }
    for number in range(64):
        name = "site_%02o" % number
        group = groups.get(name)
        if group is None:
            return wrong(run, "no group for %s" % name)
        for key, column in (("blocks", "total_blocks"), ("bytes", "total_bytes"), ("live", "live_bytes")):
            if group[column] != run.report["%s.%s" % (name, key)]:
                return wrong(run, "%s of %s is %d" % (column, name, group[column]))
    return Verdict("P", verdict.sentence + ", 64 sites exact")


def random_operations(bench, threads, drained):
    operations = bench.scale(200000, 10000000 if bench.tracer.name == "heaptally" else 1000000)
    argv = [bench.target("exactness"), operations, threads, int(drained)]
    base = bench.run([argv[0], "0", threads])
    verdicts = []

    def keep(run, directory):
        broken = difference(bare, run)
        if drained and any(run.report["site_%02o.live" % number] for number in range(64)):
            broken = "the target itself has not freed everything"
        verdicts.append(Verdict("B", broken) if broken else per_site(bench, run, base))

    bare = bench.bare(argv)
    bench.run(argv, keep=keep)
    return reword(verdicts[0], "%d threads" % threads)


@scenario(2, "exactness against an oracle: 8 threads, and 64 that end at zero (F24)")
def exactness(bench):
    verdicts = [random_operations(bench, 8, False), random_operations(bench, 64, True)]
    verdict = worst(verdicts)
    if verdict.letter == "P":
        verdict.sentence = "; ".join(one.sentence for one in verdicts)
    return verdict


@scenario(3, "constructors, IFUNC and preinit allocate (F01)")
def bootstrap(bench):
    target, plugin = bench.target("boot"), bench.target("boot_plugin.so")
    verdicts = [bench.compare([target], counted_or_told)]
    for _ in range(bench.scale(1, 20)):
        for first in (False, True):
            for now in ({}, {"LD_BIND_NOW": "1"}):
                verdicts.append(
                    bench.compare([target], nothing_left, preload=[plugin], first=first, changes=now)
                )
    return worst(verdicts)


def counted_or_told(run):
    """What comes before the tracer can start is counted, or the tracer tells how much it was."""
    verdict = judge_numbers(run)
    if verdict.letter == "P" or not run.readable:
        return verdict
    early = run.report["total_blocks"] - run.main["total_blocks"]
    if run.main.get("dropped_events") == early and run.main["live_blocks"] == 0:
        return Verdict("P", "%d blocks before the start are told, all later ones exact" % early)
    return verdict


def nothing_left(run):
    """The plugin frees all that it made, early or late."""
    if not run.readable:
        return missing(run)
    if run.main["live_blocks"] > 2:
        return wrong(run, "%d blocks live at the end" % run.main["live_blocks"])
    return Verdict("P", "all pointers accounted or told")


@scenario(7, "closefrom, descriptors reused, checksums (F05)")
def reused_descriptors(bench):
    return bench.compare([bench.target("closefrom"), bench.scale(4, 64)], judge_numbers)


@scenario(8, "descriptors of program and child, limit of four (F06)")
def descriptors(bench):
    target = bench.target("descriptors")
    return worst(
        [
            bench.compare([target, "list"]),
            bench.compare([target, "child"], judge_numbers),
            bench.compare([target, "few"], judge_numbers),
        ]
    )


@scenario(10, "RUNPATH, RTLD_NEXT, DEEPBIND, dlmopen (F10)")
def loader(bench):
    program = bench.target("origin/program")
    plugin = bench.target("origin/lib/ours.so")
    return worst(
        [
            bench.compare([program, plugin]),
            bench.compare([bench.target("deepbind"), plugin]),
        ]
    )


@scenario(11, "C++ exceptions of a plugin in a C program (F15, F26)")
def exceptions(bench):
    plugin = bench.target("throw_plugin.so")
    python = (
        "import ctypes; plugin = ctypes.CDLL(%r)\n"
        "kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)\n"
        "print([plugin.plugin_catches(kind(('plugin_throws', plugin)), d) for d in range(20)])" % plugin
    )
    return worst(
        [
            bench.compare([bench.target("exceptions"), bench.scale(100, 10000), plugin]),
            bench.compare(["/usr/bin/python3", "-c", python])
            if os.path.exists("/usr/bin/python3")
            else Verdict("P", "no python3"),
        ]
    )


@scenario(23, "chroot, setuid, chdir, pivot_root, then growth (F54)")
def moved_root(bench):
    if os.geteuid() != 0:
        raise Skip("needs root")
    target = bench.target("moved_root")
    verdicts = []
    for how in ("chdir", "chroot", "setuid") + (("pivot",) if private_mounts() else ()):
        folder = os.path.join(bench.root, "empty")
        os.makedirs(folder, exist_ok=True)
        prefix = UNSHARE if how == "pivot" else []
        verdicts.append(
            bench.compare(
                [target, bench.scale(5000, 100000), how, folder],
                printed_numbers,
                prefix=prefix,
            )
        )
    return worst(verdicts)


def printed_numbers(run):
    """For targets that cannot write their report: the last line has the numbers."""
    words = run.ended.stdout.split()
    run.report = {
        "total_blocks": int(words[-3]),
        "total_bytes": int(words[-1]),
    }
    return judge_numbers(run, keys=("total_blocks", "total_bytes"))


@scenario(24, "what only works with one thread (F20)")
def one_thread(bench):
    if os.geteuid() != 0:
        raise Skip("needs root")
    return bench.compare([bench.target("single_thread")], judge_numbers)


def foreign(run):
    """An allocator that no preload can see: exact numbers, or an explicit word, which is all one can do."""
    if run.readable and run.main["total_blocks"] == run.report["total_blocks"]:
        return Verdict("P", "identical, exact")
    if run.says:
        return Verdict("P", "not visible to a preload; says: " + run.says[0])
    return wrong(run, "%s blocks seen of %d" % (run.main.get("total_blocks", "no"), run.report["total_blocks"]))


@scenario(27, "programs with their own malloc (F21)")
def own_malloc(bench):
    verdicts = []
    for name in ("own_malloc_exported", "own_malloc_hidden"):
        verdicts.append(bench.compare([bench.target(name), "3000"], foreign))
    if os.path.exists(JEMALLOC):
        for first in (False, True):
            verdicts.append(behind(bench, JEMALLOC, first))
    shim = bench.target("reentrant_malloc.so")
    for first in (False, True):
        verdicts.append(behind(bench, shim, first))
    return worst(verdicts)


def behind(bench, allocator, first):
    """Another preload brings the allocator: after the tracer it is chained; before, it hides the calls."""
    argv = [bench.target("plain"), "3000"]
    if first:
        return bench.compare(argv, foreign, preload=[allocator], first=True)
    return bench.exact(argv, [argv[0], "0"], preload=[allocator])


def fakeroot():
    for folder in ("/usr/lib/x86_64-linux-gnu/libfakeroot", "/usr/lib/libfakeroot"):
        for name in ("libfakeroot-sysv.so", "libfakeroot-tcp.so"):
            if os.path.exists(os.path.join(folder, name)):
                return os.path.join(folder, name)
    return None


@scenario(28, "preload chains, hostile shim (F23)")
def chains(bench):
    plain, base = [bench.target("plain"), "3000"], [bench.target("plain"), "0"]
    others = [bench.target("hostile_shim.so")]
    others += [path for path in (JEMALLOC, fakeroot()) if path and os.path.exists(path)]
    verdicts = []
    for other in others:
        for first in (False, True):
            verdicts.append(bench.compare(plain, chained, preload=[other], first=first))
    verdicts.append(bench.exact(plain, base, preload=others[1:]))
    return worst(verdicts)


def chained(run):
    """The shim allocates whenever it is called, so the total is at least the target's own."""
    if not run.readable:
        return missing(run)
    if run.main["live_bytes"] >= run.report["live_bytes"]:
        return Verdict("P", "same output, all blocks")
    if run.says:
        return Verdict("P", "same output; says: " + run.says[0])
    return wrong(run, "live bytes %d" % run.main["live_bytes"])


@scenario(30, "sanitizers, and valgrind, gdb, strace over the run (F52, F53)", quick=False)
def instrumented(bench):
    verdicts = [sanitized(bench, kind) for kind in ("address", "thread", "leak")]
    plain = [bench.target("plain"), "300"]
    for tool in (["valgrind", "-q"], ["strace", "-f", "-o", "/dev/null"], ["gdb", "-q", "-batch", "-ex", "run", "--args"]):
        path = shutil.which(tool[0])
        if path is None:
            continue
        if tool[0] == "gdb":
            verdicts.append(under_gdb(bench, [path] + tool[1:], plain))
        else:
            verdicts.append(bench.compare([path] + tool[1:] + plain))
    return worst([verdict for verdict in verdicts if verdict is not None])


def under_gdb(bench, gdb, plain):
    """gdb's own words have addresses and process ids; the program's line must be there."""
    bench.bare(gdb + plain)
    run = bench.run(gdb + plain)
    fine = b"done" in run.ended.stdout and b"exited normally" in run.ended.stdout
    return Verdict("P" if fine else "B", "under gdb: " + run.ended.how())


def sanitized(bench, kind):
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    folder = bench.directory()
    program = os.path.join(folder, "program")
    faults = os.path.join(bench.source, "tests", "faults")
    sources = [os.path.join(faults, name) for name in ("own_malloc.c", "target.c")]
    words = ["-w", "-g", "-D_GNU_SOURCE", "-I" + faults, "-I" + bench.build, "-fsanitize=" + kind]
    built = call([compiler, *words, *sources, "-o", program])
    if built is None or built.returncode != 0:
        return None
    changes = {"ASAN_OPTIONS": "detect_leaks=0", "LSAN_OPTIONS": "detect_leaks=0"}
    verdict = bench.compare([program, "300"], changes=changes)
    shutil.rmtree(folder)
    if verdict.letter == "B" and "come first" in verdict.sentence:
        return Verdict("H", "-fsanitize=%s refuses any preload, with its own words" % kind)
    return reword(verdict, "-fsanitize=" + kind)


@scenario(35, "errno, registers, floating point modes (F25, F49, F48)")
def registers(bench):
    return bench.compare([bench.target("registers"), bench.scale(500, 5000)], judge_numbers)


PROGRAMS = (
    ("node", ["-e", "let a=[];for(let i=0;i<200000;i++)a.push({i});console.log(a.length)"]),
    ("luajit", ["-e", "local t={} for i=1,200000 do t[i]={i} end print(#t)"]),
    ("sbcl", ["--noinform", "--eval", "(print (length (loop repeat 100000 collect 1)))", "--quit"]),
    ("perl", ["-e", "my %h; $h{$_}=[$_] for 1..50000; print scalar(keys %h), qq{\\n}"]),
    ("python3", ["-c", "print(len({i: [i] for i in range(50000)}))"]),
    ("sqlite3", [":memory:", "create table t(a); insert into t values(1); select count(*) from t"]),
)


@scenario(26, "node, java, perl, python, ... (F33)", quick=False)
def runtimes(bench):
    verdicts = []
    for name, arguments in PROGRAMS:
        path = shutil.which(name, path="/usr/bin:/bin")
        if path is not None:
            verdicts.append(reword(bench.compare([path] + arguments, recorded), name))
    if shutil.which("java") and shutil.which("javac"):
        verdicts.append(reword(java(bench), "java"))
    return worst(verdicts)


def recorded(run):
    if not run.readable:
        return missing(run)
    if run.main["total_blocks"] < 100:
        return wrong(run, "only %d blocks seen" % run.main["total_blocks"])
    return Verdict("P", "same output, %d blocks" % run.main["total_blocks"])


def java(bench):
    folder = bench.directory()
    with open(os.path.join(folder, "Sum.java"), "w", encoding="ascii") as file:
        file.write(
            "public class Sum { public static void main(String[] a) { var l = new "
            "java.util.ArrayList<String>(); for (int i = 0; i < 100000; i++) l.add(\"x\" + i); "
            "System.out.println(l.size()); } }\n"
        )
    built = call([shutil.which("javac"), "-d", folder, os.path.join(folder, "Sum.java")])
    if built is None or built.returncode != 0:
        return Verdict("P", "javac does not work here")
    return bench.compare([shutil.which("java"), "-cp", folder, "Sum"], recorded)
