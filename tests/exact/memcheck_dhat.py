# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally counts the same as valgrind: memcheck's heap summary and DHAT's peak, to the byte.

Two stripped Debian programs on fixed input. Sites are compared with DHAT by the offsets of their
whole stacks, so names play no part. DHAT keeps a reallocated block at the site of its first
allocation, which is `run --realloc=origin`; and it counts a block of 0 bytes as one byte.
"""
import json
import os
import re
from collections import defaultdict

from harness import DATA, case, equal, need, record, report, run, run_cases


def jq_command():
    """jq over 40,000 objects, which are written into the current directory."""
    objects = [
        {"id": i, "name": "n%d" % i, "tags": [str(j) for j in range(8)], "x": i * 1.5}
        for i in range(40000)
    ]
    with open("big.json", "w") as file:
        json.dump(objects, file)
    return [need("jq"), "-c", "map(.tags|length)|add", "big.json"]


def sqlite_command():
    return [need("sqlite3"), ":memory:", ".read '%s/words.sql'" % DATA]


def memcheck(command):
    """The heap summary: total_blocks, freed_blocks, total_bytes, live_blocks, live_bytes."""
    valgrind = [need("valgrind"), "--run-libc-freeres=no", "--leak-check=no"]
    text = run(valgrind + command).stderr.decode().replace(",", "")
    in_use = re.search(r"in use at exit: (\d+) bytes in (\d+) blocks", text)
    total = re.search(r"total heap usage: (\d+) allocs (\d+) frees (\d+) bytes", text)
    return {
        "total_blocks": int(total[1]),
        "freed_blocks": int(total[2]),
        "total_bytes": int(total[3]),
        "live_blocks": int(in_use[2]),
        "live_bytes": int(in_use[1]),
    }


def check_totals(command):
    expected = memcheck(command)
    # sqlite3 has needed seven thousand since it keeps small blocks by itself.
    assert expected["total_blocks"] > 5000, expected
    equal(record("run.tally", command).returncode, 0, "status")
    info = report("info", "run.tally")
    equal({key: info[key] for key in expected}, expected, "heap summary")
    equal(info["dropped_events"], 0, "dropped_events")


def dhat(command):
    """(summary text, profile) of DHAT. With -v -v it prints where each module was loaded."""
    valgrind = [need("valgrind"), "--tool=dhat", "-v", "-v", "--num-callers=500"]
    valgrind += ["--read-inline-info=no", "--show-below-main=yes", "--dhat-out-file=dhat.json"]
    text = run(valgrind + command).stderr.decode(errors="replace")
    with open("dhat.json") as file:
        return text, json.load(file)


def check_peak(command):
    text, _ = dhat(command)
    peak = re.search(r"At t-gmax: (\d+) bytes in (\d+) blocks", text.replace(",", ""))
    equal(record("run.tally", command).returncode, 0, "status")
    info = report("info", "run.tally")
    equal((info["peak_bytes"], info["peak_blocks"]), (int(peak[1]), int(peak[2])), "peak")


def load_biases(text):
    """[(first address of code, load bias, file name)] in falling order of address."""
    pattern = r"Reading syms from (\S+)\n.*svma (0x\w+), avma (0x\w+)"
    modules = [
        (int(avma, 16), int(avma, 16) - int(svma, 16), os.path.basename(path))
        for path, svma, avma in re.findall(pattern, text)
    ]
    assert len(modules) > 3, text
    return sorted(modules, reverse=True)


def locate(address, modules):
    """(module, offset), or None outside of all modules. No program here is as large as 64 MiB."""
    for start, bias, name in modules:
        if start - 4096 <= address < start + (64 << 20):
            return name, address - bias
    return None


def dhat_sites(text, profile):
    """Stack -> [bytes, blocks] at the peak. DHAT's own malloc and what lies below _start is cut."""
    modules = load_biases(text)
    table = [entry.split(":")[0] for entry in profile["ftbl"]]
    sites = defaultdict(lambda: [0, 0])
    for point in profile["pps"]:
        if point["gbk"] == 0:
            continue
        stack = []
        for frame in point["fs"]:
            place = locate(int(table[frame], 16), modules)
            if place is None:
                break
            if not place[0].startswith("vgpreload"):
                stack.append(place)
        sites[tuple(stack)][0] += point["gb"]
        sites[tuple(stack)][1] += point["gbk"]
    return dict(sites)


def number(text):
    return int(text, 0) if isinstance(text, str) else text


def heaptally_sites(tally):
    """The same from heaptally; its offsets are those of return addresses, valgrind's one less."""
    sites = defaultdict(lambda: [0, 0])
    top = report("top", "--by", "stack", "--at", "peak", "-n", "0", "--raw-frames", tally)
    for group in top["groups"]:
        if group["peak_blocks"] == 0:
            continue
        stack = tuple(
            (os.path.basename(os.path.realpath(frame["module"])), number(frame["offset"]) - 1)
            for frame in group["frames"]
            if frame.get("module") and not frame.get("inlined")
        )
        sites[stack][0] += group["peak_bytes"]
        sites[stack][1] += group["peak_blocks"]
    return dict(sites)


def check_sites(command):
    expected = dhat_sites(*dhat(command))
    equal(record("run.tally", command, "--realloc=origin").returncode, 0, "status")
    got = heaptally_sites("run.tally")
    different = {
        stack: (got.get(stack), expected.get(stack))
        for stack in set(got) | set(expected)
        if got.get(stack) != expected.get(stack)
    }
    assert len(expected) > 10, expected
    for stack, values in list(different.items())[:5]:
        print("# (heaptally, DHAT)", values, [(name, hex(offset)) for name, offset in stack])
    equal(len(different), 0, "sites that differ of %d" % len(expected))


for name, make_command in (("jq", jq_command), ("sqlite3", sqlite_command)):

    @case("%s: totals equal memcheck's heap summary" % name)
    def totals(_directory, make_command=make_command):
        check_totals(make_command())

    @case("%s: the peak equals DHAT's t-gmax" % name)
    def peak(_directory, make_command=make_command):
        check_peak(make_command())

    @case("%s: every site at the peak equals DHAT's" % name)
    def sites(_directory, make_command=make_command):
        check_sites(make_command())


run_cases()
