# SPDX-License-Identifier: LGPL-2.1-or-later
"""memory_profiler and mprof, gc, sys and weakref, what users ask for, and the spellings."""
import os
import re

from cli.commanded import commanded
from evidence import absent, expected, functions, meanings, read_source, row, shown
from harness import equal, heaptally, program, record, report

ANNOTATE = "tests/cli/annotate.bats: annotate: "
BLOCKS = "tests/cli/blocks.py: "
REQUESTS = "tests/cli/requests.py: "
TIMELINE = "tests/cli/timeline.bats: timeline: "
LATER = "it is kept for what comes"

# --- memory_profiler and mprof ---

shown("@profile: the line table is heaptally annotate", ANNOTATE +
      "numbers stand beside their line, and every line is printed")
shown("@profile: no impossible increments, the lines add up", ANNOTATE +
      "JSON has the lines with numbers, which add up")


@row("@profile: live, peak, total, blocks and temporaries of a line")
def line_columns(_directory):
    tally = meanings()
    lines = report("annotate", "--at", "exit", "meanings.c", tally)["lines"]
    source = read_source("tests/programs/meanings.c").splitlines()
    number = [i for i, text in enumerate(source, 1) if "malloc(100)" in text][0]
    line = [one for one in lines if one["line"] == number][0]
    for name, expected in (("live_bytes", 500), ("total_bytes", 1000), ("total_blocks", 10),
                           ("live_blocks", 5), ("temporary_blocks", 0), ("peak_bytes", 0)):
        equal(line[name], expected, name)


shown("average lifetime of a site", BLOCKS + "ages and lifetimes")
absent("--pdb-mmem: break at a size", "a budget is checked at the end", option="run --break-at")
shown("--timestamp, --precision, --backend: RSS beside the live heap in timeline",
      "tests/cli/timeline.bats: "
      "timeline: a run without --every has a curve, resident memory, who grew and who fell")
absent("--backend psutil_pss, psutil_uss: PSS, USS and swap", "RSS is sampled",
       option="timeline --pss")
absent("memory_usage(fn): a macro for a region", "reset_peak and get_traced_memory are the parts",
       function="heaptally_measure")


@row("%memit: the card of run says the peak")
def card(_directory):
    result = heaptally("run", "-o", "run.tally", "--", program("exits"), "10000", "return")
    assert b"peak 234.4 KiB" in result.stderr, result.stderr


absent("%memit: run --summary", "info --format json has it", option="run --summary")
shown("LogFile(increments): diff --only-growth", "tests/cli/reports.bats: "
      "diff --only-growth hides what shrank, in the column that is sorted by")
shown("mprof run --every SECONDS", "tests/cli/reports.bats: "
      "--every keeps snapshots, and moments select them")
shown("mprof run: status and signals are passed on", "tests/cli/recordings.bats: "
      "run: the status of programs that are killed, and of signals to heaptally")
shown("mprof run -C: children are followed", "tests/cli/recordings.bats: "
      "run: every descendant is in the tally, --no-children leaves them out")
shown("mprof attach: started dormant, switched on by resume", REQUESTS +
      "start=off: nothing is recorded before resume")
absent("attach to a process that was started without the runtime", "it has to be there first",
       command="attach")
shown("mprof list", "tests/cli/recordings.bats: a living process: list, info, top, snapshot")
absent("mprof rm", "recordings are files: rm(1)", command="rm")
shown("mprof clean", "tests/cli/clean.py: clean: only what has ended so long ago, and never what lives")


@row("mprof peak: info and top --at peak")
def mprof_peak(_directory):
    tally = meanings()
    peak = report("info", tally)["peak_bytes"]
    equal(report("top", "--at", "peak", tally)["totals"]["peak_bytes"], peak, "top --at peak")


absent("mprof peak --func: top --phase", "--at mark:LABEL is a moment", option="top --phase")
shown("mprof plot: --svg", TIMELINE + "the picture is XML with both curves")
shown("mprof plot -w: --window A,B", TIMELINE + "a window leaves out what is not in it")
absent("mprof plot -s: a slope per site", "who grew and who fell is said",
       option="timeline --slope")
shown("function spans: mark PID LABEL", REQUESTS +
      "mark: the live size of that moment, in info, timeline and a snapshot")
expected("function spans: heaptally_mark(label)", "traced", 'heaptally_mark("half time") == 0')
shown("function spans are bars of the picture", "tests/unit/test_timeline.c: "
      "a_picture_has_a_bar_for_each_span")
shown(".dat lines: timeline --format mprof", TIMELINE + "mprof's format as its reader has it")

# --- gc, sys, weakref ---

shown("gc.collect([gen])", "tests/promises/twin.py: "
      "two looks find what is lost, and the process sees no child, no signal and no file")
shown("gc.garbage, DEBUG_SAVEALL, and reference cycles", "tests/cli/leaks.py: "
      "run --leaks: the tally has kinds, heads, rings and what hangs on them")
shown("generations: born since the last mark, survived one, two or more", BLOCKS +
      "generations of a living process")
absent("gc.get_stats()", "blocks by generation are", command="generations")
absent("gc.freeze: baseline PID", LATER, command="baseline")


@row("gc.get_objects(generation): blocks --include generation=N")
def objects_of_generation(_directory):
    with commanded(HEAPTALLY="blocks=on") as process:
        process.tell("left 2 10")
        heaptally("mark", process.pid, "one", "--wait", "0")
        process.tell("right 3 20")
        for generation, count in ((0, 3), (1, 2), (2, 0)):
            found = report("blocks", "--include", "function=take_*,generation=%d" % generation,
                           process.pid)["blocks"]
            equal(len(found), count, "generation %d" % generation)


shown("gc.get_referrers(obj): refs", "tests/cli/refs.py: "
      "refs: an address, one inside, one that is held twice, one that is lost, one of nobody")
absent("gc.get_referents(obj)", LATER, command="referents")
expected("gc.is_tracked: heaptally_is_traced(ptr)", "traced",
         "heaptally_is_traced(small) == 1 && heaptally_is_traced(small + 16) == 0")
absent("gc.callbacks: heaptally_on_snapshot", "watch is the only callback",
       function="heaptally_on_snapshot")
absent("gc.callbacks: heaptally_on_threshold", "watch is the only callback",
       function="heaptally_on_threshold")
shown("gc.set_debug: what went wrong is in the recording, never on standard error",
      "tests/cli/bad_input.bats: a word that the runtime does not know is named by the reports")
shown("gc.is_finalized: a ring of recent frees", BLOCKS + "a block that was freed")
shown("sys.getrefcount(x): refs", "tests/cli/refs.py: "
      "refs: an address, one inside, one that is held twice, one that is lost, one of nobody")


@row("sys.getsizeof(x): requested and usable")
def sizes_of_a_block(_directory):
    with commanded(HEAPTALLY="blocks=on") as process:
        process.tell("left 1 100")
        block = report("blocks", "--include", "function=take_left", process.pid)["blocks"][0]
        equal((block["size_bytes"], block["usable_bytes"]), (100, 104), "of malloc(100)")


shown("sys.getsizeof(x): retained", "tests/cli/refs.py: "
      "retained: variables, stacks, threads and sites of a living process, to the byte")
expected("weakref.ref(x, callback): heaptally_watch", "traced",
         "watched_calls == 1 && watched_block == a")
absent("weakref: watch PID ADDR", "heaptally_watch does it from within", command="watch")


@row("weakref.WeakSet: live count per site")
def live_count(_directory):
    equal(functions(meanings())["keep_half"]["live_blocks"], 5, "live instances")


shown("age of allocations: oldest, median, youngest; a histogram of lifetimes", BLOCKS +
      "ages and lifetimes")


@row("what is not freed at exit is called so, never leaked")
def not_freed(_directory):
    tally = meanings()
    text = heaptally("top", tally).stdout + heaptally("info", tally).stdout
    assert b"not freed" in text and b"leak" not in text, text


# --- what users ask for ---

shown("the profile says 200 MB, top says 4 GB", "tests/cli/resident.py: "
      "files, stacks, shared memory, mappings of the program's own")
shown("freed, but RSS stays: pages pinned by survivors", "tests/cli/resident.py: "
      "pins: each line has its share of the pages, exclusively or not, and they add up")
shown("the tracer deadlocks or crashes the target", "tests/promises/between_fork_and_exec.py: "
      "children of a threaded parent start threads and come to their end")
shown("[unknown], hex: module+0xoffset, and the share that is unresolved",
      "tests/cli/symbols.py: stripped, a place is module and offset")
shown("attach kills the target: dormant start", REQUESTS +
      "start=off: nothing is recorded before resume")
shown("reading needs no attach: a stopped process", "tests/cli/recordings.bats: "
      "a stopped process is read as it stands")
shown("children are followed", "tests/cli/recordings.bats: "
      "run: descendants that ended are taken in while the program runs")
absent("the exact merged peak of a tree of processes", "every process has its own",
       option="info --merged")


@row("traces of terabytes: a recording grows with stacks, not with events")
def aggregated(_directory):
    sizes = []
    for count in ("100", "100000"):
        record("run.tally", [program("exits"), count, "return"])
        sizes.append(os.path.getsize("run.tally"))
    assert sizes[1] < sizes[0] + 4096, sizes


shown("LeakSanitizer dies under ptrace: a copy looks", "tests/promises/twin.py: "
      "two looks find what is lost, and the process sees no child, no signal and no file")
shown("set-up silently records nothing: a static allocator is named", "tests/cli/bad_input.bats: "
      "run: a program with its own malloc runs, and the report says which")
shown("what is live now", "tests/cli/recordings.bats: "
      "a living process: list, info, top, snapshot")
shown("... of a killed process", "tests/cli/recordings.bats: "
      "a process that exited, and one that was killed, left their recordings")
shown("diff of two runs", "tests/cli/reports.bats: "
      "diff of two runs shows the change, and of one run none")
shown("budgets in CI", "tests/unit/test_diff.c: budgets_are_read_and_checked")
shown("budgets on groups", "tests/cli/diff.bats: diff: budgets on some sites, by a filter")
absent("budgets on one recording: assert 'live(file=...) < 10MiB'", LATER, command="assert")
shown("leak lists full of caches: two looks, suppressions", "tests/cli/leaks.py: suppressions and filters")
shown("lost at OOM kill or on a full disk", "tests/cli/recordings.bats: "
      "run: a place that is gone at the end does not lose the tally")


@row("windows of time: two moments of one file")
def windows(_directory):
    with commanded() as process:
        process.tell("left 2 50")
        heaptally("mark", process.pid, "here", "--wait", "0")
        process.tell("left 1 50")
        marks = report("info", process.pid)["marks"]
        equal([(mark["label"], mark["live_bytes"]) for mark in marks], [("here", 100)], "marks")


@row("an honesty line in every report")
def honesty(_directory):
    tally = meanings()
    for words in (["top"], ["diff", tally], ["top", "--by", "stack"]):
        text = heaptally(*words, tally).stdout.decode()
        assert re.search(r"0 events lost, .* stacks cut, .* of bytes have file:line, "
                         r"heaptally used .* CPU, ", text), text
    words = ("run", "-f", "-o", "run.tally", "--", program("exits"), "1", "return")
    text = heaptally(*words).stderr.decode()
    assert "0 events lost" in text and "heaptally used" in text, text


# --- spellings ---


@row("moments: exit, peak, now, 12.5s, snap:N, snap:-1, mark:LABEL, as option and as FILE@MOMENT")
def moments(_directory):
    with commanded(os.environ["HEAPTALLY_COMMAND"], "run", "-q", "-o", "run.tally") as process:
        process.tell("left 1 10")
    for moment in ("exit", "peak", "now", "3600s", "snap:1", "snap:-1"):
        for words in (["--at", moment, "run.tally"], ["run.tally@" + moment]):
            equal(heaptally("top", *words).returncode, 0, repr(words))
    for moment in ("mark:none", "snap:0", "snap:77", "yesterday"):
        equal(heaptally("top", "--at", moment, "run.tally").returncode, 2, moment)


shown("mark:LABEL is a moment", REQUESTS +
      "run: --at mark:LABEL, --start off, and a run of two programs")
shown("in a value of HEAPTALLY \\: is a colon and \\\\ a backslash", "tests/unit/test_options.c: "
      "escapes")


@row("commands: those that are there now, each with its page")
def commands(_directory):
    text = heaptally("--help").stdout.decode()
    words = ("run top diff snapshot list info block blocks annotate timeline growth report export clear reset-peak mark "
             "pause resume").split()
    for word in words:
        assert re.search(r"(?m)^  %s  " % re.escape(word), text), word
        assert os.path.exists(os.path.join(os.environ["srcdir"], "man/heaptally-%s.1" % word)), word


shown("command report: one page", "tests/cli/page.py: the numbers are those of the other reports")
shown("command export: profiles for other tools",
      "tests/cli/exports.py: pprof: ids, types, mappings and sums, of C++, C, threads and Rust")
absent("--by type", "open", key="type")
absent("sampling", "every event is counted", option="run --sample")
absent("the stack of the free", "a freed block has its thread and time", option="run --free-stacks")
