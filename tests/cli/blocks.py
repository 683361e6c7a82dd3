#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""block, blocks and what else is about single blocks, of a program whose blocks are known.

Nothing here depends on how fast it goes: ages are compared, and against 0.
"""
import csv
import json
import os
import subprocess

from harness import LIBRARY, SOURCE, case, end_child, environment, equal, heaptally, program, run_cases

KEPT = ("first", "threaded", "empty")
SIZES = {"first": 100, "freed": 777, "threaded": 5000, "empty": 0}


def run_blocks(directory="."):
    """Run it to its end; {name: (address, thread)}, path of the recording."""
    folder = os.path.abspath(directory)
    os.chmod(folder, 0o700)
    output = subprocess.run([program("blocks")], check=True, stdout=subprocess.PIPE,
                            env=environment(LD_PRELOAD=LIBRARY,
                                            HEAPTALLY="blocks=on:dir=" + folder)).stdout
    known = {}
    for line in output.decode().splitlines():
        name, address, thread = line.split()
        known[name] = (int(address, 16), int(thread))
    recordings = [name for name in os.listdir(folder) if name.endswith(".recording")]
    equal(len(recordings), 1, "recordings")
    return known, os.path.join(folder, recordings[0])


def ask(*words, status=0):
    result = heaptally(*words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    return result.stderr if status == 2 else result.stdout


def ask_json(*words, status=0):
    return json.loads(ask(*words, "--format", "json", status=status))


def listed(*words):
    """Those blocks of a list that this program made on purpose, in order."""
    blocks = ask_json("blocks", "--include", "function=keep", *words)["blocks"]
    return [(int(block["address"], 16), block["size_bytes"], block["thread"]) for block in blocks]


def wanted(known, names):
    return [(known[name][0], SIZES[name], known[name][1]) for name in names]


@case("every live block is listed in order")
def every_live_block_is_listed_in_order(_):
    known, recording = run_blocks()
    heaptally("snapshot", "--blocks", "-q", "-o", "kept.tally", recording)
    for source in recording, "kept.tally":
        equal(listed(source), wanted(known, KEPT), "oldest first")
        equal(listed("--sort", "size", source), wanted(known, ("threaded", "first", "empty")),
              "largest first")
        equal(listed("--sort", "address", source),
              sorted(wanted(known, KEPT)), "by address")
        equal(listed("-n", "1", source), wanted(known, KEPT[:1]), "only one")
        everything = ask_json("blocks", source)
        info = ask_json("info", source)
        equal(everything["totals"]["live_blocks"], info["live_blocks"], "as many as the counters say")
        equal(everything["totals"]["live_bytes"], info["live_bytes"], "as large as the counters say")
        equal(everything["totals"]["missing_blocks"], 0, "missing")
        ages = [block["age_seconds"] for block in everything["blocks"]]
        equal(ages, sorted(ages, reverse=True), "ages descend")


def churn(directory, seed, events):
    """Run it; what it says is true, its recording."""
    folder = os.path.join(os.path.abspath(directory), "churn%d" % seed)
    os.mkdir(folder, 0o700)
    output = subprocess.run([program("churn"), str(seed), str(events)], check=True, stdout=subprocess.PIPE,
                            env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="blocks=on:dir=" + folder)).stdout
    lines = [line.split() for line in output.decode().splitlines()]
    live = [(int(address, 16), int(size), int(usable), int(thread), function)
            for _, address, size, usable, thread, function in (line for line in lines if line[0] == "live")]
    freed = {function: int(count) for _, function, count in (line for line in lines if line[0] == "freed")}
    (recording,) = [name for name in os.listdir(folder) if name.endswith(".recording")]
    return live, freed, os.path.join(folder, recording)


def check_churn(live, freed, source):
    """Every block, its order and the number of lifetimes are what the program knows."""
    filtered = ("--include", "function=by_*", source)
    found = ask_json("blocks", *filtered)["blocks"]
    ages = {}
    for block in found:
        ages[int(block["address"], 16)] = block["age_seconds"]
    equal(sorted((int(block["address"], 16), block["size_bytes"], block["usable_bytes"], block["thread"],
                  block["frames"][0]["function"]) for block in found), sorted(live), "blocks")
    ordered = [ages[block[0]] for block in live]
    equal(ordered, sorted(ordered, reverse=True), "ages in the order of births")
    groups = ask_json("top", "--ages", "--by", "function", *filtered)["groups"]
    for group in groups:
        lifetimes, function = group["lifetimes"], group["frames"][0]["function"]
        own = sorted((ages[block[0]] for block in live if block[4] == function), reverse=True)
        equal(lifetimes["freed_blocks"], freed[function], "lifetimes of " + function)
        equal(sum(bucket["freed_blocks"] for bucket in lifetimes["histogram"]), freed[function], "histogram")
        equal((group["ages"]["live_blocks"], group["ages"]["oldest_seconds"], group["ages"]["youngest_seconds"]),
              (len(own), own[0], own[-1]), "ages of " + function)
        equal(group["ages"]["median_seconds"], own[(len(own) - 1) // 2], "median age of " + function)
    equal(len(groups), len(freed), "functions")
    check_classes(live, filtered)


def check_classes(live, filtered):
    wanted_classes = {}
    for _, size, *_ in live:
        low = 1 << (size.bit_length() - 1)
        count, total = wanted_classes.get(low, (0, 0))
        wanted_classes[low] = count + 1, total + size
    equal({group["size_from_bytes"]: (group["live_blocks"], group["live_bytes"])
           for group in ask_json("top", "--by", "size", *filtered)["groups"]}, wanted_classes, "size classes")


@case("blocks at random are those that the program knows")
def blocks_at_random(directory):
    for seed in range(1, 6):
        live, freed, recording = churn(directory, seed, 4000 * seed)
        heaptally("snapshot", "--blocks", "-q", "-o", "churn%d.tally" % seed, recording)
        for source in recording, "churn%d.tally" % seed:
            check_churn(live, freed, source)


@case("any address in a block at random is in it")
def any_address_at_random(directory):
    live, _, recording = churn(directory, 7, 4000)
    for index in range(0, len(live), max(1, len(live) // 20)):
        address, size, usable, thread, function = live[index]
        for offset in {0, size // 2, usable - 1}:
            found = ask_json("block", recording, hex(address + offset))
            equal((found["state"], found["offset_bytes"], found["block"]["size_bytes"], found["block"]["usable_bytes"],
                   found["block"]["thread"], found["block"]["frames"][0]["function"]),
                  ("live", offset, size, usable, thread, function), "block at %#x" % address)


@case("text and csv have the same blocks")
def text_and_csv_have_the_same_blocks(_):
    known, recording = run_blocks()
    text = ask("blocks", "--include", "function=keep", recording).decode()
    lines = ask("blocks", "--include", "function=keep", "--format", "csv",
                recording).decode().splitlines()
    equal(len(lines), 1 + len(KEPT), "lines of CSV")
    for name, line in zip(KEPT, lines[1:]):
        assert hex(known[name][0]) in text, text
        fields = line.split(",")
        equal((int(fields[0], 16), int(fields[1])), (known[name][0], SIZES[name]), "CSV")


@case("filters choose blocks")
def filters_choose_blocks(_):
    known, recording = run_blocks()
    thread = str(known["threaded"][1])
    for condition, names in (("size=100", ("first",)), ("size=1..", ("first", "threaded")),
                             ("size=..100", ("first", "empty")), ("size=1K..4999", ()),
                             ("size=5000..5000", ("threaded",)),
                             ("thread=" + thread, ("threaded",)), ("generation=0", KEPT),
                             ("generation=1..", ()), ("age=0s..", KEPT), ("age=1h..", ())):
        blocks = ask_json("blocks", "--include", "function=keep," + condition, recording)["blocks"]
        equal([int(block["address"], 16) for block in blocks],
              [known[name][0] for name in names], condition)
    # Two includes are alternatives, an exclude is final.
    blocks = ask_json("blocks", "--include", "size=100", "--include", "size=5000",
                      "--exclude", "thread=" + thread, recording)["blocks"]
    equal([int(block["address"], 16) for block in blocks], [known["first"][0]], "law of filters")


@case("bad filters are refused")
def bad_filters_are_refused(_):
    _, recording = run_blocks()
    for condition in "size=x", "size=2..1", "size=..", "age=-1s", "age=5x", "generation=a":
        error = ask("blocks", "--include", condition, recording, status=2)
        assert b"not a range" in error, error


@case("an address anywhere in a block")
def an_address_anywhere_in_a_block(_):
    known, recording = run_blocks()
    start = known["first"][0]
    for offset in 0, 24, 99, 100:
        found = ask_json("block", recording, hex(start + offset))
        equal((found["state"], found["offset_bytes"]), ("live", offset), "where in the block")
        equal((int(found["block"]["address"], 16), found["block"]["size_bytes"],
               found["block"]["thread"]), (start, 100, known["first"][1]), "the block")
        equal([frame["function"] for frame in found["block"]["frames"]][:2], ["keep", "main"],
              "its stack")
    text = ask("block", recording, str(start + 24)).decode()
    assert "is 24 bytes into a block of 100 bytes (104 usable)" in text, text
    assert "void *block = malloc(bytes);" in text, text


@case("a block that was freed")
def a_block_that_was_freed(_):
    known, recording = run_blocks()
    start, thread = known["freed"]
    found = ask_json("block", recording, hex(start + 700))
    equal((found["state"], found["offset_bytes"], found["freed_by_thread"]), ("freed", 700, thread),
          "freed")
    equal((found["block"]["size_bytes"], found["block"]["frames"][0]["function"]), (777, "drop"),
          "the block that was")
    text = ask("block", recording, hex(start)).decode()
    assert "was the start of a block of 777 bytes" in text and "that is freed" in text, text


@case("one address in csv")
def one_address_in_csv(_):
    known, recording = run_blocks()

    def fields(address, status=0):
        titles, values, *more = ask("block", recording, hex(address), "--format", "csv",
                                    status=status).decode().splitlines()
        equal(more, [], "lines")
        equal(len(values.split(",")), len(titles.split(",")), "fields")
        return dict(zip(titles.split(","), values.split(",")))

    start, thread = known["first"]
    live = fields(start + 24)
    equal((live["state"], live["block"], live["inside"], live["bytes"], live["usable_bytes"], live["thread"],
           live["function"], live["lifetime_ns"]),
          ("live", hex(start), "24", "100", "104", str(thread), "keep", ""), "live")
    start, thread = known["freed"]
    freed = fields(start)
    equal((freed["state"], freed["bytes"], freed["thread"], freed["freed_by_thread"], freed["age_ns"]),
          ("freed", "777", str(thread), str(thread), ""), "freed")
    equal((fields(16, 1)["state"], fields(16, 1)["bytes"]), ("unknown", ""), "unknown")


@case("an address in no block")
def an_address_in_no_block(_):
    known, recording = run_blocks()
    found = ask_json("block", recording, "0x10", status=1)
    equal((found["state"], found["below"]), ("unknown", None), "below all")
    found = ask_json("block", recording, hex((1 << 64) - 1), status=1)
    equal((found["state"], found["above"]), ("unknown", None), "above all")
    equal(ask("block", recording, "16", status=1),
          b"0x10 is in no block that lives or is known to have been freed\n", "one line")
    # Beyond the end of a large block of its own, which nothing follows closely.
    start = known["threaded"][0]
    equal(ask_json("block", recording, hex(start + 4999))["state"], "live", "its last byte")
    near = ask_json("block", recording, hex(start + 5000), status=1)
    equal((near["state"], int(near["below"]["address"], 16)), ("unknown", start), "right behind it")
    assert b" 5000 bytes (5000 usable), ends 0 bytes before" in ask("block", recording, hex(start + 5000), status=1)


@case("addresses that are none")
def addresses_that_are_none(_):
    _, recording = run_blocks()
    for word in "zzz", "0x", "0x12g", "-1", "", "0x1ffffffffffffffff", "12ab":
        error = ask("block", recording, word, status=2)
        assert b"not an address" in error or b"invalid option" in error, error
    error = ask("block", recording, status=2)
    assert b"an address are needed" in error, error


@case("groups of blocks")
def groups_of_blocks(_):
    known, recording = run_blocks()
    groups = {group["size_from_bytes"]: group for group in
              ask_json("top", "--by", "size", "--include", "function=keep", recording)["groups"]}
    equal({size: (group["live_bytes"], group["live_blocks"]) for size, group in groups.items()},
          {64: (100, 1), 4096: (5000, 1), 0: (0, 1)}, "classes")
    assert "total_bytes" not in groups[64], groups[64]
    groups = {group["thread"]: group["live_bytes"] for group in
              ask_json("top", "--by", "thread", "--include", "function=keep", recording)["groups"]}
    equal(groups, {known["first"][1]: 100, known["threaded"][1]: 5000}, "threads")
    top = ask_json("top", "--include", "size=100..5000,function=keep", recording)
    equal((top["totals"]["live_bytes"], top["totals"]["live_blocks"]), (5100, 2), "filtered")


@case("ages and lifetimes")
def ages_and_lifetimes(_):
    _, recording = run_blocks()
    groups = {group["frames"][0]["function"]: group
              for group in ask_json("top", "--ages", "--by", "function", recording)["groups"]}
    ages = groups["keep"]["ages"]
    equal(ages["live_blocks"], 3, "blocks with an age")
    assert ages["oldest_seconds"] >= ages["median_seconds"] >= ages["youngest_seconds"] > 0, ages
    equal(groups["keep"]["lifetimes"], None, "none was freed")
    equal(groups["drop"]["lifetimes"]["freed_blocks"], 1, "one was freed")
    equal(groups["drop"]["ages"], None, "none lives")
    equal(groups["keep"]["total_blocks"], 3, "counters are still there")
    assert "oldest" in ask("top", "--ages", recording).decode()
    rows = csv.DictReader(ask("top", "--ages", "--by", "function", "--format", "csv",
                              recording).decode().splitlines())
    by_name = {row["function"]: row for row in rows}
    equal((by_name["keep"]["freed_blocks"], by_name["keep"]["average_lifetime_ns"]), ("0", ""), "kept")
    equal((by_name["drop"]["freed_blocks"], by_name["drop"]["oldest_ns"]), ("1", ""), "dropped")
    equal(int(by_name["keep"]["oldest_ns"]), round(ages["oldest_seconds"] * 1e9), "oldest")


@case("annotate says how long blocks of a line lived")
def annotate_says_how_long(_):
    _, recording = run_blocks()
    source = os.path.join(SOURCE, "tests", "programs", "blocks.c")
    lines = {line["code"].strip(): line for line in ask_json("annotate", source, recording)["lines"]}
    equal(lines["void *block = malloc(777);"]["lifetimes"]["freed_blocks"], 1, "freed")
    equal(lines["void *block = malloc(bytes);"]["lifetimes"], None, "none freed")
    assert "lifetime" in ask("annotate", source, recording).decode()
    heaptally("run", "-q", "-o", "plain.tally", "--", program("blocks"))
    assert "lifetime" not in ask("annotate", source, "plain.tally").decode()


@case("differences between blocks")
def differences_between_blocks(_):
    _, recording = run_blocks()
    plain = "size=1..,function=keep"
    groups = ask_json("diff", "--by", "size", "--include", plain, recording, recording)["groups"]
    equal({(group["size_from_bytes"], group["live_bytes"], group["live_bytes_diff"]) for group in groups},
          {(64, 100, 0), (4096, 5000, 0)}, "nothing has changed")
    assert "total_bytes" not in groups[0] and "total_bytes_diff" not in groups[0], groups[0]
    os.mkdir("other", 0o700)
    live, _, other = churn("other", 3, 5000)
    groups = ask_json("diff", "--by", "size", "--include", "function=keep", "--include",
                      "function=by_*", recording, other)["groups"]
    sizes = [size for _, size, *_ in live]
    for group in groups:
        now = [size for size in sizes if group["size_from_bytes"] <= size < group["size_below_bytes"]]
        before = {64: 100, 4096: 5000}.get(group["size_from_bytes"], 0)
        equal((group["live_bytes"], group["live_blocks"], group["live_bytes_diff"]),
              (sum(now), len(now), sum(now) - before), "class %d" % group["size_from_bytes"])
    equal(sum(group["live_bytes"] for group in groups), sum(sizes), "all classes")
    lines = ask("diff", "--by", "size", "--format", "csv", "--include", plain, recording,
                other).decode().splitlines()
    equal({len(line.split(",")) for line in lines}, {len(lines[0].split(","))}, "fields")
    equal({row["size_from"] for row in csv.DictReader(lines)}, {"64", "4096"}, "classes in csv")
    text = ask("diff", "--include", "size=4K..,function=by_*", recording, other).decode()
    assert "new" in text and "by_malloc" in text, text


@case("only the last moment has blocks")
def only_the_last_moment_has_blocks(_):
    _, recording = run_blocks()
    for words in (["top", "--by", "size", "--at", "peak"], ["top", "--ages", "--at", "peak"],
                  ["top", "--include", "size=1..", "--at", "peak"]):
        assert b"at the last moment only" in ask(*words, recording, status=2)
    assert b"only live and blocks" in ask("top", "--by", "size", "--sort", "total", recording,
                                          status=2)
    assert b"only live and blocks" in ask("diff", "--by", "size", "--sort", "total", recording,
                                          recording, status=2)


@case("without blocks it says how")
def without_blocks_it_says_how(_):
    heaptally("run", "-q", "-o", "plain.tally", "--", program("blocks"))
    for words in (["blocks", "plain.tally"], ["block", "plain.tally", "0x10"],
                  ["top", "--by", "size", "plain.tally"], ["top", "--ages", "plain.tally"],
                  ["snapshot", "--blocks", "-o", "no.tally", "plain.tally"]):
        error = ask(*words, status=2)
        assert b"run --blocks" in error and error.count(b"\n") == 1, error
    assert not os.path.exists("no.tally")


@case("a process of another user, or without a recording")
def not_a_process_of_ours(_):
    foreign = subprocess.Popen(["/bin/sleep", "60"], user=65534) if os.geteuid() == 0 else None
    pids = {str(foreign.pid) if foreign else "1": b"belongs to another user",
            str(os.getpid()): b"not a traced process"}
    try:
        for pid, why in pids.items():
            for words in ["blocks", pid], ["block", pid, "0x10"]:
                error = ask(*words, status=2)
                assert why in error and error.count(b"\n") == 1, error
    finally:
        if foreign:
            end_child(foreign)


@case("run keeps the blocks of the end")
def run_keeps_the_blocks_of_the_end(_):
    result = heaptally("run", "-q", "--blocks", "-o", "run.tally", "--", program("blocks"))
    equal(result.returncode, 0, "status")
    known = {line.split()[0]: int(line.split()[1], 16)
             for line in result.stdout.decode().splitlines()}
    equal([block[0] for block in listed("run.tally")], [known[name] for name in KEPT], "blocks")
    equal(len(ask_json("blocks", "run.tally")["blocks"]),
          ask_json("info", "run.tally")["live_blocks"], "as many as the counters say")


@case("generations of a living process")
def generations_of_a_living_process(_):
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen([program("commanded")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="blocks=on"))

    def tell(line):
        child.stdin.write(line + b"\n")
        child.stdin.flush()
        equal(child.stdout.readline(), b"ok\n", "answer")

    try:
        pid = str(child.pid)
        tell(b"left 3 1000")
        for label, count in ((b"one", 2), (b"two", 1)):
            heaptally("mark", "--wait", "0", pid, label.decode())
            tell(b"left %d 1000" % count)
        groups = {group["generation"]: group["live_blocks"] for group in ask_json(
            "top", "--by", "generation", "--include", "function=take_left", pid)["groups"]}
        equal(groups, {0: 1, 1: 2, 2: 3}, "generations")
        blocks = ask_json("blocks", "--include", "function=take_left,generation=1..", pid)
        equal(blocks["totals"]["live_blocks"], 5, "survivors")
        equal(blocks["process"]["state"], "running", "state")
    finally:
        end_child(child)


run_cases()
