#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""block, blocks and what else is about single blocks, of a program whose blocks are known.

Nothing here depends on how fast it goes: ages are compared, and against 0.
"""
import json
import os
import subprocess

from harness import LIBRARY, case, end_child, environment, equal, heaptally, program, run_cases

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
    return result.stdout if status == 0 else result.stderr


def ask_json(*words):
    return json.loads(ask(*words, "--format", "json"))


def listed(*words):
    """Those blocks of a list that this program made on purpose, in order."""
    blocks = ask_json("blocks", "--include", "function=keep", *words)["blocks"]
    return [(int(block["address"], 16), block["bytes"], block["thread"]) for block in blocks]


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
        equal(everything["totals"]["blocks"], info["live_blocks"], "as many as the counters say")
        equal(everything["totals"]["bytes"], info["live_bytes"], "as large as the counters say")
        equal(everything["totals"]["missing_blocks"], 0, "missing")
        ages = [block["age_seconds"] for block in everything["blocks"]]
        equal(ages, sorted(ages, reverse=True), "ages descend")


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
        equal((found["state"], found["offset"]), ("live", offset), "where in the block")
        equal((int(found["block"]["address"], 16), found["block"]["bytes"],
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
    equal((found["state"], found["offset"], found["freed_by_thread"]), ("freed", 700, thread),
          "freed")
    equal((found["block"]["bytes"], found["block"]["frames"][0]["function"]), (777, "drop"),
          "the block that was")
    text = ask("block", recording, hex(start)).decode()
    assert "was the start of a block of 777 bytes" in text and "that is freed" in text, text


@case("an address in no block")
def an_address_in_no_block(_):
    known, recording = run_blocks()
    found = ask_json("block", recording, "0x10")
    equal((found["state"], found["below"]), ("unknown", None), "below all")
    found = ask_json("block", recording, hex((1 << 64) - 1))
    equal((found["state"], found["above"]), ("unknown", None), "above all")
    assert b"is in no block" in ask("block", recording, "16")
    assert known


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
    groups = {group["size_from"]: group for group in
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
    equal(ages["blocks"], 3, "blocks with an age")
    assert ages["oldest_seconds"] >= ages["median_seconds"] >= ages["youngest_seconds"] > 0, ages
    equal(groups["keep"]["lifetimes"], None, "none was freed")
    equal(groups["drop"]["lifetimes"]["freed_blocks"], 1, "one was freed")
    equal(groups["drop"]["ages"], None, "none lives")
    equal(groups["keep"]["total_blocks"], 3, "counters are still there")
    assert "oldest" in ask("top", "--ages", recording).decode()


@case("only the last moment has blocks")
def only_the_last_moment_has_blocks(_):
    _, recording = run_blocks()
    for words in (["top", "--by", "size", "--at", "peak"], ["top", "--ages", "--at", "peak"],
                  ["top", "--include", "size=1..", "--at", "peak"]):
        assert b"at the last moment only" in ask(*words, recording, status=2)
    assert b"only live and blocks" in ask("top", "--by", "size", "--sort", "total", recording,
                                          status=2)
    assert b"not for diff" in ask("diff", "--by", "size", recording, recording, status=2)


@case("without blocks it says how")
def without_blocks_it_says_how(_):
    heaptally("run", "-q", "-o", "plain.tally", "--", program("blocks"))
    for words in (["blocks", "plain.tally"], ["block", "plain.tally", "0x10"],
                  ["top", "--by", "size", "plain.tally"], ["top", "--ages", "plain.tally"],
                  ["snapshot", "--blocks", "-o", "no.tally", "plain.tally"]):
        error = ask(*words, status=2)
        assert b"run --blocks" in error and error.count(b"\n") == 1, error
    assert not os.path.exists("no.tally")


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
        equal(blocks["totals"]["blocks"], 5, "survivors")
        equal(blocks["process"]["state"], "running", "state")
    finally:
        end_child(child)


run_cases()
