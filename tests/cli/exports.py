# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exports, read by those that they are for: the numbers are those of `heaptally top`, to the byte.

pprof is decoded by protoc, and by the few lines below, which know nothing but the wire format.
"""
import collections
import gzip
import json
import os
import pty
import re
import subprocess

from harness import COMMAND, SOURCE, Skip, build_with_name, case, environment, equal, heaptally, need, program, record, \
    report, run, run_cases
from pprof import Pprof, fields, numbers, one

RUST = """
struct Leaf { bytes: Vec<u8> }
#[inline(never)]
fn grow(count: usize) -> Vec<Leaf> {
    (0..count).map(|i| Leaf { bytes: vec![i as u8; 100] }).collect()
}
fn main() {
    let leaves = grow(50);
    let kept: Vec<Box<u64>> = (0..10).map(Box::new).collect();
    std::mem::forget(kept);
    println!("{}", leaves.len() + leaves[0].bytes.len());
}
"""
FOLDED = re.compile(rb"(.+) (\d+)")


def export(name, *words, status=0):
    done = heaptally("export", "--format", name, *words)
    equal(done.returncode, status, "status of %s: %r" % (name, done.stderr[-300:]))
    return done.stdout


def write(name, content):
    with open(name, "wb") as file:
        file.write(content)
    return name


kept = {}


def record_all(directory):
    """Tallies: C++ with inlined frames, C with snapshots, threads, and Rust where it is installed."""
    for name, words, options in (
            ("tree", [program("tree")], ()),
            ("words", [program("wordindex"), os.path.join(SOURCE, "COPYING")], ("--every", "0.01")),
            ("threads", [program("threads"), "2"], ("--threads",))):
        equal(record(name + ".tally", words, *options).returncode, 0, "status of " + name)
        yield name + ".tally"
    with open("leaves.rs", "w", encoding="ascii") as file:
        file.write(RUST)
    try:
        compiler = need("rustc")
    except Skip:
        return
    done = run([compiler, "-g", "-o", os.path.join(directory, "leaves"), "leaves.rs"])
    equal(done.returncode, 0, "rustc: %r" % done.stderr[-300:])
    equal(record("rust.tally", ["./leaves"]).returncode, 0, "status of rust")
    yield "rust.tally"


def recorded(directory):
    """The names of tallies, which are recorded once for all cases."""
    if not kept:
        for name in record_all(directory):
            with open(name, "rb") as file:
                kept[name] = file.read()
    for name, content in kept.items():
        write(name, content)
    return list(kept)


MOMENTS = ("peak", "exit", "snap:1")
VALUES = ("total_blocks", "total_bytes", "live_blocks", "live_bytes")


def top(tally, *words):
    return report("top", "-n", "0", "--by", "stack", *words, tally)


# --- pprof ---

@case("pprof: ids, types, mappings and sums, of C++, C, threads and Rust")
def pprof(directory):
    for tally in recorded(directory):
        for moment in MOMENTS if tally == "words.tally" else MOMENTS[:2]:
            profile = Pprof(export("pprof", "--at", moment, tally))
            equal(profile.types, [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"),
                                  ("inuse_space", "bytes")], "types")
            totals = top(tally, "--at", moment)["totals"]
            equal(profile.sums() or [0] * 4, [totals[name] for name in VALUES], "%s at %s" % (tally, moment))


@case("pprof: inlined functions are lines of one location")
def pprof_inlined(directory):
    recorded(directory)
    profile = Pprof(export("pprof", "tree.tally"))
    chains = [[profile.strings[one(profile.functions[one(line, 1) - 1], 2)] for line in map(fields, location[4])]
              for location in profile.locations]
    assert ["plant", "grow", "main"] in chains, chains
    [sample] = [sample for sample in profile.samples if profile.stack(sample)[0] == "plant"]
    equal(numbers(sample[2]), [1000, 40000, 1000, 40000], "values")
    main = profile.mappings[0]
    assert profile.strings[one(main, 5)].endswith("/tree"), "the first mapping is another one"
    assert re.fullmatch("[0-9a-f]{40}", profile.strings[one(main, 6)]), "no build-id"
    equal([one(main, number) for number in range(7, 11)], [1] * 4, "what is known of it")


@case("pprof: threads and sizes are labels")
def pprof_labels(directory):
    recorded(directory)
    profile = Pprof(export("pprof", "threads.tally"))
    threads = collections.Counter()
    for sample in profile.samples:
        [label] = map(fields, sample[3])
        equal(profile.strings[one(label, 1)], "thread", "key")
        threads["thread " + profile.strings[one(label, 2)]] += numbers(sample[2])[1]
        assert not any(name.startswith("thread ") for name in profile.stack(sample)), "a thread is a frame, too"
    wanted = report("top", "-n", "0", "--by", "thread", "threads.tally")["groups"]
    equal(threads, {group["frames"][0]["function"]: group["total_bytes"] for group in wanted}, "threads")
    equal(record("blocks.tally", [program("tree")], "--blocks").returncode, 0, "status")
    profile = Pprof(export("pprof", "--by", "size", "blocks.tally"))
    equal(profile.types, [("inuse_objects", "count"), ("inuse_space", "bytes")], "types")
    labels = {one(fields(sample[3][0]), 3): numbers(sample[2])[0] for sample in profile.samples}
    equal(labels[32], 1000, "blocks of 40 bytes")


@case("pprof: protoc reads the same, and --by and filters are those of top")
def pprof_by(directory):
    recorded(directory)
    for by in ("line", "function", "file", "module", "stack", "allocator"):
        for words in ((), ("--include", "function=add_*"), ("--exclude", "add_*", "--any-frame")):
            profile = Pprof(export("pprof", "--by", by, *words, "words.tally"))
            totals = report("top", "-n", "0", "--by", by, *words, "words.tally")["totals"]
            equal(profile.sums() or [0] * 4, [totals[name] for name in VALUES], "%s %s" % (by, words))
    protoc = need("protoc")
    for proto, message in (("tools/export/pprof.proto", "pprof.Profile"),):
        path = os.path.join(SOURCE, proto)
        with open(write("plain.pb", gzip.decompress(export("pprof", "tree.tally"))), "rb") as file:
            done = run([protoc, "--decode=" + message, "-I", os.path.dirname(path), path], stdin=file)
        equal(done.returncode, 0, "protoc: %r" % done.stderr[-300:])
        assert b'string_table: "plant"' in done.stdout
        assert not re.search(rb"^\s*\d+[:{ ]", done.stdout, re.M), "a field that the specification has not"


@case("pprof goes to no terminal, and is what its extension says")
def pprof_terminal(directory):
    recorded(directory)
    leader, follower = pty.openpty()
    done = heaptally_to(follower, "export", "--format", "pprof", "tree.tally")
    os.close(follower)
    os.set_blocking(leader, False)
    try:
        shown = os.read(leader, 100)
    except OSError:
        shown = b""
    os.close(leader)
    equal((done.returncode, shown), (2, b""), "status and output")
    assert re.fullmatch(rb"heaptally[a-z ]*: pprof is binary, .*-o\n", done.stderr), done.stderr
    for name in ("a.pb.gz", "a.folded", "a.speedscope.json", "a.dhat.json", "a.massif", "a.callgrind", "a.dat"):
        equal(heaptally("export", "-o", name, "tree.tally").returncode, 0, name)
    with open("a.pb.gz", "rb") as file:
        content = file.read()
    Pprof(content)
    equal(export("pprof", "tree.tally"), content, "the same again")
    done = heaptally("export", "tree.tally")
    equal(done.returncode, 2, "status without a format")
    assert re.fullmatch(rb"heaptally[a-z ]*: no --format is given: one of .*pprof, .*\n", done.stderr), done.stderr


def heaptally_to(descriptor, *words):
    return subprocess.run([COMMAND, *words], stdin=subprocess.DEVNULL, stdout=descriptor, stderr=subprocess.PIPE,
                          env=environment(), check=False, timeout=60)


# --- folded ---

@case("folded: lines of functions, whose sum is the column of --sort")
def folded(directory):
    columns = {"live": "live_bytes", "total": "total_bytes", "allocs": "total_blocks", "peak": "peak_bytes",
               "temporary": "temporary_blocks"}
    for tally in recorded(directory):
        for name, column in columns.items():
            lines = [FOLDED.fullmatch(line) for line in export("folded", "--sort", name, tally).splitlines()]
            assert all(lines), "a line that is none"
            equal(len({line[1] for line in lines}), len(lines), "stacks that are there twice")
            equal(sum(int(line[2]) for line in lines), top(tally)["totals"][column], "%s %s" % (tally, column))
    lines = export("folded", "tree.tally").splitlines()
    [plant] = [line for line in lines if line.endswith(b";main;grow;plant 40000")]
    assert plant.startswith(b"_start;"), plant
    assert b"main (tree.cpp:45);grow (tree.cpp:29);plant (tree.cpp:21) 40000" in \
        export("folded", "--by", "line", "tree.tally").splitlines()
    equal(export("folded", "--by", "allocator", "--sort", "allocs", "--include", "function=plant", "tree.tally"),
          b"malloc 1000\n", "by allocator")


# --- speedscope ---

@case("speedscope: five profiles over the same frames")
def speedscope(directory):
    columns = (("bytes at the peak", "bytes", "peak_bytes"), ("bytes in total", "bytes", "total_bytes"),
               ("allocations", "none", "total_blocks"), ("temporary allocations", "none", "temporary_blocks"))
    for tally in recorded(directory):
        for moment in ("peak", "exit"):
            document = json.loads(export("speedscope", "--at", moment, tally))
            equal(document["$schema"], "https://www.speedscope.app/file-format-schema.json", "schema")
            equal(document["activeProfileIndex"], int(moment == "peak"), "what is shown first")
            profiles = {profile["name"]: profile for profile in document["profiles"]}
            equal(len(profiles), 5, "profiles")
            for profile in profiles.values():
                equal((profile["type"], profile["startValue"], profile["endValue"], len(profile["samples"])),
                      ("sampled", 0, sum(profile["weights"]), len(profile["weights"])), profile["name"])
                assert all(0 <= frame < len(document["shared"]["frames"])
                           for sample in profile["samples"] for frame in sample)
            for name, unit, column in columns:
                equal((profiles[name]["unit"], profiles[name]["endValue"]),
                      (unit, top(tally, "--at", moment)["totals"][column]), name)
            equal(profiles["live bytes"]["endValue"], top(tally, "--at", "exit")["totals"]["live_bytes"], "live")
    document = json.loads(export("speedscope", "--at", "exit", "tree.tally"))
    profile = document["profiles"][0]
    [stack] = [sample for sample, weight in zip(profile["samples"], profile["weights"]) if weight == 40000]
    frames = [document["shared"]["frames"][number] for number in stack]
    equal([frame["name"] for frame in frames[-3:]], ["main", "grow", "plant"], "root to leaf")
    assert frames[-1]["file"].endswith("tree.cpp") and frames[-1]["line"] == 21, frames[-1]


# --- DHAT ---

# dh_view.js is a script of a page: what it needs of one is stubbed, then its own functions build and check
# the tree. The result is what the root of the tree shows.
DHAT_VIEW = """
const fs = require("fs"), vm = require("vm");
const [viewer, file] = process.argv.slice(2);
const context = vm.createContext({console, document: {}, window: {}});
vm.runInContext(fs.readFileSync(viewer, "utf8").replace(/^onLoad\\(\\);?$/m, ""), context);
context.text = fs.readFileSync(file, "utf8");
vm.runInContext(`
	gSelect = {childNodes: gSelectData.map(() => ({})), selectedIndex: 0};
	gData = JSON.parse(text);
	buildTree();
	result = {tb: gRoot._totalBytes, tbk: gRoot._totalBlocks, tl: gRoot._totalLifetimes,
		gb: gRoot._atTGmaxBytes, gbk: gRoot._atTGmaxBlocks,
		eb: gRoot._atTEndBytes, ebk: gRoot._atTEndBlocks};
`, context);
console.log(JSON.stringify(context.result));
"""


def dhat_viewer():
    for place in ("/usr/libexec/valgrind", "/usr/lib/valgrind", "/usr/lib/x86_64-linux-gnu/valgrind"):
        if os.path.exists(os.path.join(place, "dh_view.js")):
            return os.path.join(place, "dh_view.js")
    raise AssertionError("valgrind has no dh_view.js")


def viewed(name):
    need("valgrind")
    done = run([need("node"), write("view.js", DHAT_VIEW.encode()), dhat_viewer(), name])
    equal(done.returncode, 0, "dh_view.js: %r" % done.stderr[-500:])
    return json.loads(done.stdout)


@case("DHAT: dh_view.js builds its tree of it")
def dhat(directory):
    frame = re.compile(r"0x[0-9A-F]+: .+ \((?:in .+|[^()]+:\d+)\)")
    for tally in recorded(directory):
        for moment in ("peak", "exit"):
            content = export("dhat", "--at", moment, tally)
            document, root = json.loads(content), viewed(write("dhat.json", content))
            at_end, at_peak = (top(tally, "--at", name)["totals"] for name in ("exit", "peak"))
            equal([root[name] for name in ("tb", "tbk", "eb", "ebk")],
                  [at_end[name] for name in ("total_bytes", "total_blocks", "live_bytes", "live_blocks")], "at the end")
            equal([root["gb"], root["gbk"]], [at_peak["live_bytes"], at_peak["live_blocks"]], "at the peak")
            equal(document["ftbl"][0], "[root]", "first frame")
            assert all(frame.fullmatch(text) for text in document["ftbl"][1:]), document["ftbl"]
            assert all(point["fs"] and 0 not in point["fs"] for point in document["pps"])
            assert 0 < document["tg"] <= document["te"]
    [point] = [point for point in json.loads(export("dhat", "tree.tally"))["pps"] if point["tb"] == 40000]
    names = [json.loads(export("dhat", "tree.tally"))["ftbl"][number] for number in point["fs"][:3]]
    for name, wanted in zip(names, ("plant (tree.cpp:21)", "grow (tree.cpp:29)", "main (tree.cpp:45)")):
        assert name.endswith(": " + wanted), names


@case("DHAT: lifetimes are those of the blocks")
def dhat_lifetimes(_directory):
    equal(record("blocks.tally", [program("tree")], "--blocks").returncode, 0, "status")
    document = json.loads(export("dhat", "--at", "exit", "blocks.tally"))
    [point] = [point for point in document["pps"] if point["tb"] == 40000]
    assert 0 < point["tl"] <= point["tbk"] * document["te"], point
    done = heaptally("export", "--format", "dhat", "--by", "size", "blocks.tally")
    equal(done.returncode, 2, "status by size")
    assert re.fullmatch(rb"heaptally[a-z ]*: dhat needs .*\n", done.stderr), done.stderr


# --- massif ---

def printed(name, *words):
    """Rows of ms_print: (time, total), and its trees' first two levels."""
    done = run([need("ms_print"), *words, name])
    equal((done.returncode, done.stderr), (0, b""), "ms_print")
    rows = re.findall(rb"^ *(\d+) +([\d,]+) +([\d,]+) +([\d,]+) +0 +0$", done.stdout, re.M)
    return [tuple(int(number.replace(b",", b"")) for number in row) for row in rows], done.stdout


@case("massif: ms_print shows every snapshot and the peak")
def massif(directory):
    for tally in recorded(directory):
        rows, text = printed(write("massif.out", export("massif", tally)))
        totals = top(tally)["totals"]
        equal(max(row[2] for row in rows), totals["live_bytes"], "peak of " + tally)
        equal(rows[-1][2], top(tally, "--at", "exit")["totals"]["live_bytes"], "end of " + tally)
        equal([row[0] for row in rows], list(range(len(rows))), "numbers")
        assert [row[1] for row in rows] == sorted(row[1] for row in rows), "time goes back"
        assert b"(peak)" in text
        peak = re.search(rb"^100\.00% \(([\d,]+)B\) \(heap allocation functions\)", text, re.M)
        assert peak, "no tree"
    document = export("massif", "words.tally").decode()
    moments = report("info", "words.tally")["moments"]
    equal(len(re.findall("heap_tree=detailed", document)), len(moments), "detailed snapshots")
    sizes = [int(size) for size in re.findall(r"mem_heap_B=(\d+)\n.*\n.*\nheap_tree=detailed", document)]
    equal(sizes, [moment["live_bytes"] for moment in moments], "sizes of snapshots")
    check_tree(document)


def check_tree(document):
    """As many children as are said, none larger than its parent, and the sum of a root complete."""
    for tree in re.findall(r"heap_tree=(?:peak|detailed)\n((?: *n\d+: .*\n)+)", document):
        nodes = [(len(line) - len(line.lstrip()), int(count), int(size))
                 for line in tree.splitlines() for count, size in [re.match(r" *n(\d+): (\d+) ", line).groups()]]

        def walk(index):
            depth, count, size = nodes[index]
            after, total = index + 1, 0
            for _ in range(count):
                equal(nodes[after][0], depth + 1, "depth of a child")
                total += nodes[after][2]
                after = walk(after)
            assert total <= size, "children are larger than their parent"
            if depth == 0:
                equal(total, size, "children of a root")
            return after

        equal(walk(0), len(nodes), "nodes")


@case("massif: filters, a moment, and what has no whole stacks")
def massif_filtered(directory):
    recorded(directory)
    for words in (("--include", "add_position"), ("--by", "line"), ("--by", "module"), ("--at", "snap:2"),
                  ("--include", "add_position", "--at", "snap:2")):
        document = export("massif", *words, "words.tally")
        rows, _text = printed(write("massif.out", document))
        check_tree(document.decode())
        at = words[words.index("--at") + 1] if "--at" in words else "exit"
        wanted = [word for word in words if word not in ("--at", at)]
        wanted = wanted if wanted else []
        totals = report("top", "-n", "0", *wanted, "--at", at, "words.tally")["totals"]
        equal(rows[-1][2], totals["live_bytes"], "end with %s" % (words,))
    [root] = re.findall(rb"^n\d+: (\d+)", export("massif", "--by", "line", "tree.tally"), re.M)[-1:]
    equal(int(root), top("tree.tally", "--at", "exit")["totals"]["live_bytes"], "by line")


# --- callgrind ---

def annotated(name):
    """PROGRAM TOTALS and {function: costs} of callgrind_annotate, inclusive."""
    done = run([need("callgrind_annotate"), "--inclusive=yes", "--threshold=100", name])
    equal((done.returncode, done.stderr), (0, b""), "callgrind_annotate")
    rows = {}
    for line in done.stdout.decode("utf-8").splitlines():
        found = re.match(r" *((?:[\d,.]+ *(?:\( *[\d.]+%\))? *){4})  (\S.*)", line)
        if found:
            costs = re.sub(r"\([^)]*\)", " ", found[1]).split()
            rows[found[2]] = [int(cost.replace(",", "").replace(".", "0")) for cost in costs]
    return rows


@case("callgrind: callgrind_annotate adds up to the totals")
def callgrind(directory):
    for tally in recorded(directory):
        rows = annotated(write("callgrind.out", export("callgrind", tally)))
        at_peak, at_end = (top(tally, "--at", moment)["totals"] for moment in ("peak", "exit"))
        wanted = [at_end["total_bytes"], at_end["live_bytes"], at_peak["live_bytes"], at_end["total_blocks"]]
        equal(rows.pop("PROGRAM TOTALS"), wanted, tally)
        assert all(cost <= most for costs in rows.values() for cost, most in zip(costs, wanted)), \
            {name: costs for name, costs in rows.items() if costs[0] > wanted[0]}
    rows = annotated(write("callgrind.out", export("callgrind", "tree.tally")))
    [plant] = [costs for name, costs in rows.items() if ":plant [" in name]
    equal(plant, [40000, 40000, 40000, 1000], "plant")
    [main] = [costs for name, costs in rows.items() if ":main [" in name]
    groups = report("top", "-n", "0", "--by", "function", "--cumulative", "--at", "exit", "tree.tally")["groups"]
    [group] = [group for group in groups if group["frames"][0]["function"] == "main"]
    equal(main[:2], [group["total_bytes"], group["live_bytes"]], "main with all that it calls")


# --- mprof ---

@case("mprof: Python's memory_profiler reads the curve")
def mprof(directory):
    recorded(directory)
    write("words.dat", export("mprof", "words.tally"))
    script = "import json, mprof; data = mprof.read_mprofile_file('words.dat'); " \
        "print(json.dumps([max(data['mem_usage']), data['cmd_line']]))"
    if run([need("python3"), "-c", "import mprof"]).returncode != 0:
        raise Skip("python3-memory-profiler is not installed")
    done = run([need("python3"), "-c", script])
    equal(done.returncode, 0, "mprof: %r" % done.stderr[-300:])
    most, command = json.loads(done.stdout)
    equal("%.6f" % most, "%.6f" % (top("words.tally")["totals"]["live_bytes"] / 1048576), "peak")
    assert command.rstrip().endswith("wordindex"), command
    for words in (("--by", "line"), ("--include", "main"), ("--exclude", "main")):
        done = heaptally("export", "--format", "mprof", *words, "words.tally")
        equal(done.returncode, 2, "status with %s" % (words,))
        assert re.fullmatch(rb"heaptally[a-z ]*: mprof has no stacks, .*\n", done.stderr), done.stderr


# --- names of any bytes ---

HOSTILE = b'a;b\tc\nd"e\'f\\g#h|i`j<k>(l) m=n\xff\xfeo\xc2\x9bp:1 22'
SAFE = "a;b\\tc\\nd\"e'f\\g#h|i`j<k>(l) m=n\\xff\\xfeo\\xc2\\x9bp:1 22"


def hostile():
    """A program whose function has such a name, which is exchanged for one of the same length."""
    os.mkdir("pro\n;#gram")
    build_with_name("pro\n;#gram/h", HOSTILE)
    equal(record("hostile.tally", ["pro\n;#gram/h"]).returncode, 0, "status")


def one_name(names, what):
    found = [name for name in names if "h|i" in name]
    equal(len(found), 1, "names in %s: %r" % (what, found))
    return found[0]


@case("names of any bytes are escaped as each format asks")
def names(_directory):
    hostile()
    lossy = HOSTILE.replace(b"\xff", b"\xef\xbf\xbd").replace(b"\xfe", b"\xef\xbf\xbd").decode()
    profile = Pprof(export("pprof", "hostile.tally"))
    equal(one_name(profile.strings, "pprof"), lossy, "pprof")
    frames = json.loads(export("speedscope", "hostile.tally"))["shared"]["frames"]
    equal(one_name([frame["name"] for frame in frames], "speedscope"), lossy, "speedscope")
    lines = export("folded", "hostile.tally").decode("utf-8").splitlines()
    wanted = SAFE.replace(";", ":")
    equal(one_name(lines, "folded").split(";")[-1], wanted + " 77", "folded")
    content = export("dhat", "hostile.tally")
    name = one_name(json.loads(content)["ftbl"], "DHAT")
    assert re.fullmatch("0x[0-9A-F]+: %s \\(in .*\\)" % re.escape(SAFE), name), name
    equal(viewed(write("dhat.json", content))["tb"], 77, "DHAT")
    content = export("massif", "hostile.tally")
    rows, text = printed(write("massif.out", content))
    equal(max(row[2] for row in rows), 77, "massif")
    assert (": %s (in " % SAFE.replace("#", ":")).encode() in text, text[-900:]
    content = export("callgrind", "hostile.tally")
    assert all(re.fullmatch(rb"\d[\d ]*|[\w ]+[:=].*|# callgrind format|", line) for line in content.split(b"\n"))
    rows = annotated(write("callgrind.out", content))
    equal(rows["PROGRAM TOTALS"], [77, 77, 77, 1], "callgrind")
    one_name([name for name in rows if SAFE in name], "callgrind")
    lines = export("mprof", "hostile.tally").decode("utf-8").splitlines()
    assert all(len(line.split(" ")) == 3 for line in lines if line.startswith("MEM ")), lines
    assert lines[0].startswith("CMDLINE ") and lines[0].endswith("pro\\n;#gram/h"), lines[0]


run_cases()
