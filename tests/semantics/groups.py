# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys, the order of statistics, filters, differences, text, stacks, and tracemalloc's flaws."""
import os
import re
import shutil

from cli.commanded import commanded
from evidence import absent, columns, drive, functions, meanings, row, shown
from harness import equal, heaptally, program, record, report, run

ORACLE = ("tests/cli/tracemalloc_oracle.py: text and order of %d random cases are those of CPython")
BLOCKS = "tests/cli/blocks.py: "


def locations(lines):
    return [line.split(": ")[0] for line in lines]


# --- keys ---


def first_frames(tally, key):
    groups = report("top", "--by", key, "-n", "0", "--at", "exit", tally)["groups"]
    return [group["frames"][0] for group in groups]


@row("--by line is the default: file and line of the frame that names the site")
def by_line(_directory):
    tally = meanings()
    groups = report("top", "-n", "0", "--at", "exit", tally)["groups"]
    equal(first_frames(tally, "line"), [group["frames"][0] for group in groups], "the default")
    assert all(one["line"] and one["file"].endswith("meanings.c")
               for one in first_frames(tally, "line") if one["function"] == "keep_half")


@row("--by file: tracemalloc prints its line as 0")
def by_file(_directory):
    lines = heaptally("top", "--by", "file", "--format", "tracemalloc", meanings()).stdout.decode()
    assert re.search(r"meanings\.c:0: size=", lines), lines
    equal(drive([(7, "z.py:9")])["top file"], ["z.py:0: size=7 B, count=1, average=7 B"], "line")


@row("--by function: demangled")
def by_function(_directory):
    equal(record("tree.tally", [program("tree")]).returncode, 0, "status")
    names = [one["function"] for one in first_frames("tree.tally", "function")]
    assert any(name and name.startswith("plant") for name in names), names
    assert not any(name and name.startswith("_Z") for name in names), names


@row("--by module: path, and the build-id")
def by_module(_directory):
    modules = {one["module"]: one["build_id"] for one in first_frames(meanings(), "module")}
    assert os.path.realpath(program("meanings")) in modules, modules


@row("--by stack: the whole stored stack")
def by_stack(_directory):
    groups = report("top", "--by", "stack", "-n", "0", meanings())["groups"]
    stacks = [[one["function"] for one in group["frames"]] for group in groups]
    assert any(stack[0] == "keep_half" and "main" in stack for stack in stacks), stacks


@row("--by thread: on request")
def by_thread(_directory):
    tally = meanings("--threads")
    groups = report("top", "--by", "thread", "-n", "0", "--at", "exit", tally)["groups"]
    # Three threads of this program; the second and the third may have got one id after the other.
    assert len(groups) in (2, 3), groups
    equal(sum(group["live_bytes"] for group in groups), report("info", tally)["live_bytes"], "sum")


shown("--by thread without the request says so", "tests/cli/reports.bats: "
      "--by thread and thread= say so when threads were not recorded")
shown("--by allocator", "tests/cli/reports.bats: "
      "--by allocator parts by the function that was called")
shown("--by size, --by generation", BLOCKS + "groups of blocks")
shown("--cumulative: once per stack, whatever recursion does",
      "tests/unit/test_group.c: cumulative_counts_recursion_once")


@row("--cumulative: for line, file, function, module; an error for the others")
def cumulative(_directory):
    tally = meanings("--threads", "--blocks")
    for key in ("line", "file", "function", "module"):
        equal(heaptally("top", "--cumulative", "--by", key, tally).returncode, 0, key)
    for key in ("stack", "thread", "allocator", "size", "generation"):
        result = heaptally("top", "--cumulative", "--by", key, tally)
        equal(result.returncode, 2, key)
        assert b"does not go with" in result.stderr, result.stderr
    groups = report("top", "--cumulative", "--by", "function", "-n", "0", "--at", "exit", tally)
    info = report("info", tally)
    all_of_main = [group for group in groups["groups"] if group["frames"][0]["function"] == "main"]
    # All but what the threads allocated comes through main.
    equal(all_of_main[0]["live_bytes"], info["live_bytes"] - 60, "main")


# --- order ---


@row("order: descending on size, count, traceback; the tie-break, too")
def order(_directory):
    reports = drive([(100, "a.py:1"), (100, "b.py:1"), (50, "a.py:2"), (50, "a.py:2")])
    equal(reports["top line"], ["a.py:2: size=100 B, count=2, average=50 B",
                                "b.py:1: size=100 B, count=1, average=100 B",
                                "a.py:1: size=100 B, count=1, average=100 B"], "lines")


@row("order: line numbers are numbers, names are by code point")
def order_of_names(_directory):
    reports = drive([(1, "a.py:2"), (1, "a.py:10"), (1, "Z.py:1"), (1, "\u00e9.py:1"),
                     (1, "a.p:1")])
    equal(locations(reports["top line"]), ["\u00e9.py:1", "a.py:10", "a.py:2", "a.p:1", "Z.py:1"],
          "order")


@row("order: tracebacks compare oldest frame first, a prefix is smaller")
def order_of_stacks(_directory):
    reports = drive([(10, "z.py:1 < a.py:1"), (11, "a.py:1 < b.py:1"), (10, "a.py:1"),
                     (10, "y.py:5 < a.py:1")])
    # tracemalloc's label is the oldest frame; sizes tell the stacks apart.
    equal(locations(reports["top stack"]), ["b.py:1", "a.py:1", "a.py:1", "a.py:1"], "order")


shown("order of stacks, each told apart", "tests/unit/test_group.c: "
      "stacks_are_ordered_from_the_oldest_frame")


@row("order: --sort COLUMN, then blocks, then the key")
def order_of_columns(_directory):
    tally = meanings()
    for column, name in (("live", "live_bytes"), ("blocks", "live_blocks"), ("peak", "peak_bytes"),
                         ("peak-blocks", "peak_blocks"), ("total", "total_bytes"),
                         ("allocs", "total_blocks"), ("temporary", "temporary_blocks")):
        groups = report("top", "--sort", column, "--by", "function", "-n", "0", "--at", "exit",
                        tally)["groups"]
        values = [group[name] for group in groups]
        equal(values, sorted(values, reverse=True), column)


@row("order: total and deterministic, from the same recording on any machine")
def deterministic(directory):
    tally = meanings()
    os.mkdir("elsewhere")
    shutil.copy(tally, "elsewhere/run.tally")
    for key in ("line", "function", "stack", "module"):
        words = ("top", "-n", "0", "--by", key, "--format", "json")
        first = heaptally(*words, tally).stdout
        equal(heaptally(*words, "run.tally", cwd="elsewhere").stdout, first, key)


@row("top N ends with a row that sums the rest; percentages are of the filtered total; sum %")
def rest(_directory):
    tally = meanings()
    text = heaptally("top", "--by", "function", "--at", "exit", "-n", "1", "--include",
                     "function=keep_half", "--include", "function=take_small", "--include",
                     "function=fail_to_grow", tally).stdout.decode()
    rows = [line.split() for line in text.splitlines() if re.match(r" *\d+ B ", line)]
    equal(rows[0][:5], ["500", "B", "86.2", "86.2", "5"], "of 580 bytes")
    equal(rows[1][:5], ["80", "B", "13.8", "100.0", "2"], "the rest")
    assert "(2 more functions; -n 0 for all)" in text, text


# --- filters ---

TRACES = ((1, "a.py:1"), (2, "a.py:2 < b.py:9"), (4, "b.py:1", 7), (8, "c.py:1 < a.py:1", 7))
FILTERS = (
    ("none", (), 15),
    ("include a.py", (("+a.py", 0),), 3),
    ("include a.py:1", (("+a.py:1", 0),), 1),
    ("include a.py, all frames", (("+a.py", 1),), 11),
    ("exclude a.py", (("-a.py", 0),), 12),
    ("exclude a.py, all frames", (("-a.py", 1),), 4),
    ("include a.py, include b.py", (("+a.py", 0), ("+b.py", 0)), 7),
    ("include a.py, include b.py, exclude a.py:2", (("+a.py", 0), ("+b.py", 0), ("-a.py:2", 0)), 5),
    ("include * domain 7", (("+*,domain=tracked", 0),), 12),
    ("exclude * domain 7", (("-*,domain=tracked", 0),), 3),
    ("exclude a.py all frames, domain 7", (("-a.py,domain=tracked", 1),), 7),
    ("include domain 7", (("+domain=tracked", 0),), 12),
    ("exclude domain 7", (("-domain=tracked", 0),), 3),
    ("include domain 7, include a.py", (("+domain=tracked", 0), ("+a.py", 0)), 15),
)


def kept(filters, traces=TRACES):
    """The sum of the sizes, which are bits."""
    lines = drive(traces, filters)["top line"]
    return sum(int(re.search(r"size=(\d+) B", line).group(1)) for line in lines)


def filter_row(name, filters, expected):
    @row("filters, " + name)
    def check(_directory):
        equal(kept(filters), expected, "traces that are kept")


for entry in FILTERS:
    filter_row(*entry)


@row("filters: a line condition is for the same frame as the file condition")
def same_frame(_directory):
    equal(kept([("+a.py:9", 1)]), 0, "line of another frame")
    equal(kept([("+b.py:9", 1)]), 2, "line of this frame")


@row("filters: fnmatch is anchored at both ends; * matches / and a leading dot; \\ is literal")
def fnmatch(_directory):
    names = ("a.py", "dir/a.py", "dir/.a.py", "b\\.py", "^.py", "b.py", "Z[1].py", "[:alpha:].py")
    traces = [(1 << i, name + ":1") for i, name in enumerate(names)]
    for pattern, expected in (("a.py", "a.py"), ("*a.py", "a.py dir/a.py dir/.a.py"),
                              ("dir*", "dir/a.py dir/.a.py"), ("dir/?a.py", "dir/.a.py"),
                              ("b\\.py", "b\\.py"), ("[^b].py", "^.py b.py"),
                              ("[!b].py", "a.py ^.py"), ("Z[[]1].py", "Z[1].py")):
        equal(kept([("+" + pattern, 0)], traces),
              sum(1 << names.index(name) for name in expected.split()), pattern)


shown("filters: the glob of Python, byte for byte", "tests/unit/test_filter.c: "
      "globs_are_those_of_python")
@row("filters: .pyc is .py, .pyo is not")
def compiled_modules(_directory):
    traces = [(1, "m.py:1"), (2, "m.pyc:2"), (4, "m.pyo:3")]
    for pattern in ("m.py", "m.pyc"):
        lines = drive(traces, filters=[("+" + pattern, False)])["top line"]
        equal(sorted(locations(lines)), ["m.py:1", "m.pyc:2"], pattern)
    equal(locations(drive(traces, filters=[("+m.pyo", False)])["top line"]), ["m.pyo:3"], "m.pyo")


shown("filters: a thousand random lists keep what CPython keeps", ORACLE)


@row("filters: KEY=PATTERN, commas for AND, [,] for a comma")
def filter_syntax(_directory):
    tally = meanings("--threads")
    for condition, live in (("function=keep_*", 500), ("function=keep_half,allocator=calloc", 0),
                            ("function=keep_half,allocator=malloc", 500),
                            ("file=*meanings.c", None),
                            ("module=*meanings,function=round_up", 1), ("function=[,]*", 0),
                            ("domain=malloc,function=take_small", 30), ("thread=1,function=x", 0)):
        totals = report("top", "--include", condition, "--at", "exit", tally)["totals"]
        if live is None:
            assert totals["live_bytes"] >= 641, totals
        else:
            equal(totals["live_bytes"], live, condition)


@row("filters: a file of them")
def filter_file(_directory):
    tally = meanings()
    with open("filters", "w", encoding="ascii") as file:
        file.write("# what stays\n+function=keep_half\n+function=take_small\n-function=take_*\n")
    top = report("top", "--filter-file", "filters", "--at", "exit", tally)
    equal(top["totals"]["live_bytes"], 500, "kept")


shown("filters: size= and age=", BLOCKS + "filters choose blocks")


@row("filters: depth= and function~RE (not in this version: globs and suppressions are)")
def later_filters(_directory):
    tally = meanings()
    for condition in ("depth=3", "nothing=else"):
        result = heaptally("top", "--include", condition, tally)
        equal(result.returncode, 2, condition)
    totals = report("top", "--include", "function~keep", tally)["totals"]
    equal(totals["live_bytes"], 0, "a file of that name")


shown("filters: suppressions in LeakSanitizer's syntax, with what each matched",
      "tests/cli/suppressions.bats: suppressions: LeakSanitizer counts the same")
shown("filters: treat as an allocator wrapper", "tests/unit/test_group.c: a_glob_makes_a_wrapper")
absent("filters of pprof: focus and ignore by regular expression", "includes are globs",
       option="top --focus")

# --- differences ---

OLD = [(50, "a.py:2"), (100, "a.py:1"), (10, "gone.py:1")]
NEW = [(100, "b.py:1"), (50, "a.py:2"), (50, "a.py:2"), (100, "a.py:1")]
DIFF = ["b.py:1: size=100 B (+100 B), count=1 (+1), average=100 B",
        "a.py:2: size=100 B (+50 B), count=2 (+1), average=50 B",
        "gone.py:1: size=0 B (-10 B), count=0 (-1)",
        "a.py:1: size=100 B (+0 B), count=1 (+0), average=100 B"]
DIFF_ROWS = ("diff, only in new: the difference is its full size",
             "diff, in both: new - old",
             "diff, gone: size 0, count 0, negative differences, no average",
             "diff, unchanged groups are kept, with +0")


def diff_row(name, line):
    @row(name)
    def check(_directory):
        assert line in drive(NEW, old=OLD)["diff line"], line


for entry in zip(DIFF_ROWS, DIFF):
    diff_row(*entry)


@row("diff, order: |size_diff|, size, |count_diff|, count, traceback, descending")
def diff_order(_directory):
    equal(drive(NEW, old=OLD)["diff line"], DIFF, "order")
    new = [(20, "x.py:1"), (5, "y.py:1"), (5, "y.py:1"), (10, "w.py:1"), (10, "w.py:2")]
    old = [(10, "x.py:1"), (20, "z.py:1")]
    equal(locations(drive(new, old=old)["diff line"]),
          ["z.py:1", "x.py:1", "y.py:1", "w.py:2", "w.py:1"], "ties")


@row("diff, unchanged groups are hidden in text; --all, JSON and tracemalloc have them")
def diff_unchanged(_directory):
    tally = meanings()
    words = ("diff", "--by", "function", tally + "@exit", tally + "@exit")
    assert b"keep_half" not in heaptally(*words).stdout
    assert b"keep_half" in heaptally(*words, "--all").stdout
    assert b"keep_half:0: size=500 B (+0 B)" in heaptally(*words, "--format", "tracemalloc").stdout
    groups = report(*words)["groups"]
    assert "keep_half" in [group["frames"][0]["function"] for group in groups], groups


shown("diff across builds: moved lines are matched by function, `was :409`",
      "tests/unit/test_diff.c: moved_lines_are_matched_by_their_function")
shown("diff across builds: a rebuilt program", "tests/cli/reports.bats: "
      "diff matches functions that moved to another line of a rebuilt program")
shown("diff across builds: without symbols by build-id and offset",
      "tests/unit/test_diff.c: modules_match_by_base_name_and_addresses_by_build_id")


@row("diff: old and new may be files, processes and moments of one file")
def diff_operands(_directory):
    tally = meanings()
    with commanded() as process:
        process.tell("left 2 50")
        heaptally("snapshot", "-q", "-o", "old.tally", process.pid)
        process.tell("left 3 50")
        for old, new, expected in (("old.tally@now", process.pid + "@now", 150),
                                   (process.pid + "@now", process.pid + "@now", 0),
                                   (tally + "@peak", tally + "@exit", None)):
            totals = report("diff", old, new)["totals"]
            assert expected in (None, totals["live_bytes_diff"]), (old, new, totals)
        assert totals["live_bytes_diff"] < -(1 << 24) + 10000, totals


@row("diff --budget NAME=LIMIT: status 1 and a line for each that is broken")
def budgets(_directory):
    record("old.tally", [program("exits"), "10", "return"])
    record("new.tally", [program("exits"), "15", "return"])
    for budget, status in (("live=+1KiB", 0), ("live=+119B", 1), ("live=+120B", 0),
                           ("peak=+49%", 1), ("peak=+50%", 0), ("total=359", 1), ("blocks=15", 0),
                           ("blocks=14", 1)):
        result = heaptally("diff", "--budget", budget, "old.tally", "new.tally")
        equal(result.returncode, status, budget)
        equal(len(result.stderr.splitlines()), status, "lines about " + budget)
    both = heaptally("diff", "--budget", "live=+1", "--budget", "peak=+1", "old.tally", "new.tally")
    equal((both.returncode, len(both.stderr.splitlines())), (1, 2), "two broken budgets")


# --- text ---

SIZES = ((0, "0 B"), (1023, "1023 B"), (1024, "1024 B"), (10239, "10239 B"), (10240, "10.0 KiB"),
         (10241, "10.0 KiB"), (102348, "99.9 KiB"), (102349, "100.0 KiB"), (102399, "100.0 KiB"),
         (102400, "100 KiB"), (1048575, "1024 KiB"), (1048576, "1024 KiB"),
         (10485759, "10240 KiB"), (10485760, "10.0 MiB"), (104857599, "100.0 MiB"),
         (104857600, "100 MiB"), (10 * 2**30 - 1, "10240 MiB"), (10 * 2**30, "10.0 GiB"),
         (10 * 2**40, "10.0 TiB"), (20000 * 2**40, "20000 TiB"))


def size_row(size, text):
    @row("text: %d bytes is %s" % (size, text))
    def check(_directory):
        reports = drive([(size, "f.c:1")])
        equal(reports["top line"], ["f.c:1: size=%s, count=1, average=%s" % (text, text)], "top")
        equal(reports["diff line"], ["f.c:1: size=%s (+%s), count=1 (+1), average=%s" %
                                     (text, text, text)], "diff")


for entry in SIZES:
    size_row(*entry)


@row("text: averages of 3.5, 2.5 and 1.5 are 4 B, 2 B and 2 B")
def averages(_directory):
    for total, text in ((7, "4 B"), (5, "2 B"), (3, "2 B")):
        line = drive([(total - 1, "f.c:1"), (1, "f.c:1")])["top line"][0]
        equal(line.split("average=")[1], text, "half of %d" % total)


@row("text: negative differences have their sign")
def negative(_directory):
    lines = drive([], old=[(1048576, "f.c:1")])["diff line"]
    equal(lines, ["f.c:1: size=0 B (-1024 KiB), count=0 (-1)"], "gone")


shown("text: a control character in a name is escaped", "tests/cli/hostile_names.py: tracemalloc")
shown("text: the default has saner steps, never 1024 KiB", "tests/unit/test_human.c: "
      "sizes_never_show_1024_of_a_unit")


@row("text: JSON and CSV have exact bytes")
def exact_bytes(_directory):
    tally = meanings()
    equal(columns(functions(tally)["take_large"], "total_bytes"), ((1 << 24) + 1000,), "JSON")
    text = heaptally("top", "--by", "function", "-n", "0", "--format", "csv", tally).stdout.decode()
    assert re.search(r"(?m)^.*,16778216,.*,take_large,", text), text


# --- stacks ---


def stacks_of(process_input, *options):
    """A recording of commanded.c; its stacks go through eight functions."""
    result = run([os.environ["HEAPTALLY_COMMAND"], "run", "-q", "-o", "run.tally", *options, "--",
                  program("commanded")], stdin=None, input=process_input)
    equal(result.returncode, 0, "status")
    return "run.tally"


@row("stacks: truncation keeps the most recent frames; cut stacks are counted and said")
def truncation(_directory):
    tally = stacks_of(b"stacks 3\n", "--frames", "2")
    info = report("info", tally)
    equal((info["cut_stacks"], info["total_blocks"]), (3, 3), "cut stacks")
    text = heaptally("top", "--by", "stack", tally).stdout.decode()
    assert re.search(r"take_left .*\n.*\n +step_8 .*\n.*\n +\(frames left out\)\n", text), text
    assert "100.0 % stacks cut" in text, text


@row("stacks: a whole one has its true depth, cut in the report as `... 11 more`")
def depth(_directory):
    tally = stacks_of(b"stacks 3\n")
    frames = report("top", "--by", "stack", tally)["groups"][0]["frames"]
    names = [one["function"] for one in frames]
    equal(names[:9], ["take_left"] + ["step_%d" % i for i in range(8, 0, -1)], "innermost first")
    text = heaptally("top", "--by", "stack", "--limit", "3", tally).stdout.decode()
    assert "    ... %d more\n" % (len(frames) - 3) in text, text


@row("stacks: where there is no frame, the allocation function stands for <unknown>")
def no_frame(_directory):
    equal(drive([(5, "")])["top line"], ["malloc:0: size=5 B, count=1, average=5 B"], "no frame")


shown("stacks: oldest to newest is the order of tracemalloc's label", ORACLE)


@row("Traceback.format: the stripped source line is under each frame")
def source_lines(_directory):
    text = heaptally("top", "--by", "stack", stacks_of(b"left 1 7\n")).stdout.decode()
    assert re.search(r"\n    take_left  \S+commanded\.c:\d+\n"
                     r"        blocks\[newest\+\+ % BLOCKS_MAX\] = malloc\(bytes\);\n", text), text


@row("Traceback.format(limit): None and n > 0; n < 0 is the outermost, as documented; 0 is all")
def limits(_directory):
    tally = stacks_of(b"stacks 1\n")

    def shown_functions(*words):
        text = heaptally("top", "--by", "stack", "--raw-frames", *words, tally).stdout.decode()
        return re.findall(r"(?m)^    ([a-z_]\w+)(?:  |$)", text)

    everything = shown_functions("--limit", "0")
    equal(everything[:3], ["malloc", "take_left", "step_8"], "innermost first")
    equal(shown_functions("--limit", "2"), everything[:2], "the innermost two")
    equal(shown_functions("--limit=-2"), everything[-2:],
          "the outermost two")
    equal(shown_functions("--limit", "0", "--most-recent-last"), everything[::-1], "the other way")
    frames = report("top", "--by", "stack", "--raw-frames", tally)["groups"][0]["frames"]
    equal(len(everything), len(frames), "0 is all")


shown("annotate: says when the file is newer than the binary", "tests/cli/annotate.bats: "
      "annotate: a source newer than the recording, or than the binary, is said to be")


@row("stacks: say when a source file is newer than the recording")
def newer_source(_directory):
    with open("one.c", "w", encoding="ascii") as file:
        file.write("#include <stdlib.h>\nvoid *volatile kept;\n"
                   "int main(void) { kept = malloc(10); return 0; }\n")
    equal(run(["gcc", "-g", "-fno-builtin", "-o", "one", "one.c"]).returncode, 0, "gcc")
    equal(record("run.tally", ["./one"]).returncode, 0, "status")
    words = ("top", "--by", "stack", "run.tally")
    assert b"newer" not in heaptally(*words).stdout
    later = os.stat("run.tally").st_mtime + 100
    os.utime("one.c", (later, later))
    text = heaptally(*words).stdout.decode()
    assert re.search(r"one\.c is newer than the recording: lines may have moved", text), text


# --- flaws of tracemalloc ---

shown("flaw: cumulative multiplies recursion; here 97.7 KiB and 1",
      "tests/unit/test_group.c: cumulative_counts_recursion_once")


@row("flaw: a traceback is labelled by its outermost frame; here the innermost names it")
def label(_directory):
    tally = stacks_of(b"left 2 9\n")
    text = heaptally("top", "--by", "stack", tally).stdout.decode()
    assert re.search(r"18 B .*\n    take_left ", text), text
    lines = heaptally("top", "--by", "stack", "--format", "tracemalloc", tally).stdout.decode()
    assert "_start" in lines and "take_left" not in lines, lines


@row("flaw: no churn, no function, no thread, no peak of a site")
def more_columns(_directory):
    group = functions(meanings())["waste"]
    for name in ("total_blocks", "temporary_blocks", "peak_bytes"):
        assert name in group, group


shown("flaw: free first, record afterwards; here reused addresses are never lost",
      "tests/promises/fork_and_exec.py: "
      "threads: totals are exact when half of the blocks die in another thread")


@row("flaw: tables without bound; here they are as large as distinct stacks, and the size is said")
def bounded(_directory):
    with commanded() as process:
        process.tell("stacks 500")
        before = report("info", process.pid)
        process.tell("free 500")
        process.tell("stacks 500")
        after = report("info", process.pid)
    equal(after["distinct_stacks"], before["distinct_stacks"], "stacks")
    equal(after["tracer_bytes"], before["tracer_bytes"], "memory")


shown("flaw: depth 1 names the library; here wrappers are folded",
      "tests/unit/test_group.c: wrappers_do_not_name_a_site")
