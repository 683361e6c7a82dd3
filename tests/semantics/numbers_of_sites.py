# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every number means: columns, sizes, frees, the site, realloc."""
from cli.commanded import commanded
from evidence import absent, columns, drive, functions, meanings, row, shown
from harness import equal, heaptally, program, record, report

LARGE = 1 << 24
LIVE = ("live_bytes", "live_blocks")
TOTAL = ("total_bytes", "total_blocks")
PEAK = ("peak_bytes", "peak_blocks")

# What tests/programs/meanings.c leaves: live bytes and blocks, total bytes and blocks, temporaries.
EXPECTED = {
    "keep_half": (500, 5, 1000, 10, 0),
    "allocate_nothing": (0, 3, 0, 3, 0),
    "fail_to_grow": (50, 1, 50, 1, 0),
    "make_small": (0, 0, 10, 1, 0),
    "take_small": (30, 1, 30, 1, 0),
    "make_large": (0, 0, LARGE, 1, 0),
    "take_large": (0, 0, LARGE + 1000, 1, 1),
    "waste": (0, 0, 168, 7, 7),
    "free_in_turn": (0, 0, 48, 2, 1),
    "free_what_moved": (0, 0, 4016, 2, 1),
    "make_in_thread": (60, 1, 120, 2, 0),
    "make_in_main": (0, 0, 70, 1, 1),
    "round_up": (1, 1, 1, 1, 0),
}


def check_functions(groups, names, *shown_columns):
    order = (*LIVE, *TOTAL, "temporary_blocks")
    for name in names:
        expected = dict(zip(order, EXPECTED[name]))
        for column in shown_columns:
            equal(groups[name][column], expected[column], "%s of %s" % (column, name))


@row("live_bytes, live_blocks: allocated and not freed, in requested bytes")
def live(_directory):
    check_functions(functions(meanings()), EXPECTED, *LIVE)


@row("live is total - freed, and the sum over sites is the program's value")
def live_identity(_directory):
    tally = meanings()
    info = report("info", tally)
    for unit in ("bytes", "blocks"):
        equal(info["live_" + unit], info["total_" + unit] - info["freed_" + unit], unit)
        for column in ("live_", "total_"):
            total = sum(group[column + unit] for group in functions(tally).values())
            equal(total, info[column + unit], "sum of " + column + unit)


@row("total_bytes, total_blocks: everything ever allocated")
def total(_directory):
    check_functions(functions(meanings()), EXPECTED, *TOTAL)


@row("total only grows")
def total_grows(_directory):
    with commanded() as process:
        seen = []
        for line in ("left 5 10", "free 3", "right 2 7", "free 4"):
            process.tell(line)
            seen.append(columns(report("info", process.pid), *TOTAL))
        equal(seen, [(50, 5), (50, 5), (64, 7), (64, 7)], "totals")


@row("peak_bytes, peak_blocks: what the site held at the program's global maximum")
def peak(_directory):
    with commanded() as process:
        for line in ("left 4 100", "right 1 500", "free 4", "left 3 90"):
            process.tell(line)
        groups = functions(process.pid, "now")
        equal({name: columns(group, *PEAK) for name, group in groups.items()},
              {"take_left": (400, 4), "take_right": (500, 1)}, "at the peak")


@row("the peaks of all sites add up to the program's")
def peaks_add_up(_directory):
    result = report("top", "-n", "0", "--at", "exit", meanings())
    equal(sum(group["peak_bytes"] for group in result["groups"]), result["totals"]["peak_bytes"],
          "peak")


shown("the peak of every site is that of DHAT, to the byte", "tests/exact/memcheck_dhat.py: "
      "%s: every site at the peak equals DHAT's")
absent("own peak of a site", "counters hold the peak of the program", option="top --own-peak")


@row("temporary_blocks: freed by the thread that made it, before its next allocation")
def temporary(_directory):
    groups = functions(meanings())
    check_functions(groups, EXPECTED, "temporary_blocks")
    for name, group in groups.items():
        assert group["temporary_blocks"] <= group["total_blocks"], name


@row("temporaries are those of a thread: what other threads allocate in between does not hide them")
def temporary_threads(_directory):
    check_functions(functions(meanings()), ("make_in_main", "make_in_thread"), "temporary_blocks")


@row("usable bytes: malloc_usable_size of the live blocks")
def usable(_directory):
    with commanded() as process:
        process.tell("left 3 1")
        process.tell("right 1 24")
        process.tell("free 1")
        # glibc has 24 bytes for one, and for 24.
        info = report("info", process.pid)
        equal(columns(info, "live_bytes", "usable_bytes"), (26, 72), "usable")


@row("average: size / count, absent when the count is 0")
def average(_directory):
    reports = drive([(3, "a.py:1"), (4, "a.py:1")], old=[(10, "gone.py:1")])
    equal(reports["diff line"], ["gone.py:1: size=0 B (-10 B), count=0 (-1)",
                                 "a.py:1: size=7 B (+7 B), count=2 (+2), average=4 B"], "diff")
    words = ("top", "--by", "function", "--at", "exit", "--format", "tracemalloc", meanings())
    assert b"allocate_nothing:0: size=0 B, count=3, average=0 B\n" in heaptally(*words).stdout


@row("malloc(0) that returns a block is one block of 0 bytes")
def empty(_directory):
    check_functions(functions(meanings()), ("allocate_nothing",), *LIVE, *TOTAL)


@row("a failed allocation is no event; failures are counted apart")
def failed(_directory):
    tally = meanings()
    assert "fail" not in functions(tally)
    equal(report("info", tally)["failed_allocations"], 5, "failures")


@row("blocks from before the start are in no report, their frees are counted as unknown")
def before_the_start(_directory):
    with commanded(HEAPTALLY="start=off") as process:
        process.tell("left 10 100")
        equal(heaptally("resume", process.pid, "--wait", "0").returncode, 1, "pending")
        process.tell("right 1 8")
        process.tell("free 10")
        equal(list(functions(process.pid, "now")), ["take_right"], "sites")
        equal(report("info", process.pid)["unknown_frees"], 10, "unknown frees")


@row("heaptally's own memory is in no site, and a figure of its own")
def own_memory(_directory):
    tally = meanings()
    info = report("info", tally)
    assert info["tracer_bytes"] > 4096, info
    text = heaptally("top", "--by", "module", "--at", "exit", "-n", "0", tally).stdout.decode()
    assert "libheaptally" not in text and " heaptally used " in text, text


shown("the site is the most recent frame in the user's code; wrappers are skipped",
      "tests/unit/test_group.c: wrappers_do_not_name_a_site")
shown("the tables of wrappers", "tests/unit/test_group.c: the_tables_of_wrappers")


@row("--raw-frames lets wrappers name the site")
def raw_frames(_directory):
    equal(record("tree.tally", [program("tree")]).returncode, 0, "status")
    plain = functions("tree.tally")
    assert not any("operator new" in str(name) for name in plain), plain.keys()
    groups = report("top", "--raw-frames", "--by", "function", "-n", "0", "tree.tally")["groups"]
    names = {group["frames"][0]["function"] for group in groups}
    assert "operator new(unsigned long)" in names, names


@row("realloc, by default: the site of the realloc has the whole new block")
def realloc_last(_directory):
    groups = functions(meanings("--realloc=last"))
    check_functions(groups, ("make_small", "take_small", "make_large", "take_large"), *LIVE, *TOTAL)


@row("realloc=origin: the site of the first malloc keeps the block")
def realloc_origin(_directory):
    tally = meanings("--realloc=origin")
    groups = functions(tally)
    equal(columns(groups["make_small"], *LIVE, *TOTAL), (30, 1, 40, 2), "make_small")
    assert "take_small" not in groups and "take_large" not in groups, groups.keys()
    equal(report("info", tally)["realloc"], "origin", "what info says")


@row("a successful realloc is one freed and one new block in the totals")
def realloc_totals(_directory):
    with commanded() as process:
        process.tell("left 1 1")
    for how in ("last", "origin"):
        info = report("info", meanings("--realloc=" + how))
        equal(info["realloc_count"], 3, "reallocs")
        equal(info["total_blocks"] - info["freed_blocks"], info["live_blocks"], how)
        groups = functions("run.tally")
        equal(sum(groups[name]["total_blocks"] for name in EXPECTED if name in groups),
              sum(numbers[3] for numbers in EXPECTED.values()), "allocated, " + how)


@row("a realloc is one signed change of the live size and of the peak")
def realloc_peak(_directory):
    for how, name in (("last", "take_large"), ("origin", "make_large")):
        tally = meanings("--realloc=" + how)
        equal(columns(report("info", tally), *PEAK), (LARGE + 1000, 1), "peak of the program")
        equal(columns(functions(tally)[name], *PEAK), (LARGE + 1000, 1), "peak of " + name)


@row("a failed realloc changes nothing")
def realloc_failed(_directory):
    check_functions(functions(meanings()), ("fail_to_grow",), *LIVE, *TOTAL)


@row("a realloc is no free: it never makes its old block a temporary")
def realloc_temporary(_directory):
    groups = functions(meanings())
    equal(groups["free_what_moved"]["temporary_blocks"], 1, "only the new block")
    check_functions(groups, ("make_small", "make_large"), "temporary_blocks")
