# SPDX-License-Identifier: LGPL-2.1-or-later
"""Allocations before and while the runtime starts are served, and kept valid for ever."""
import re

from harness import LIBRARY, case, environment, equal, need, run, run_cases
from traced import info, os, same, target

PLUGIN = target("boot_plugin.so")


@case("a program that allocates in its .preinit_array")
def preinit(_directory):
    result = same([target("boot")])
    seen = info(result)
    # What came before the runtime could start is told apart, and not live for ever.
    equal(seen["total_blocks"] + seen["dropped_events"], result.counted["total_blocks"], "blocks")
    equal(seen["live_blocks"], 0, "live blocks")


for order in ([LIBRARY, PLUGIN], [PLUGIN, LIBRARY]):
    for now in ("", "1"):
        first = "runtime" if order[0] == LIBRARY else "plugin"

        @case("IFUNC resolver and constructor allocate, %s first, LD_BIND_NOW=%s" % (first, now))
        def plugin(_directory, order=order, now=now):
            variables = environment(LD_PRELOAD=":".join(order), HEAPTALLY="out=%s/%%p.recording" % os.getcwd())
            if now:
                variables["LD_BIND_NOW"] = now
            result = run([target("boot")], env=variables)
            equal(
                (result.returncode, result.stdout, result.stderr),
                (0, b"value 42, damaged 0\ndamaged 0\n", b""),
                "result",
            )


@case("a file that has nothing yet is not read ahead, and its pages are as good as others afterwards")
def not_read_ahead(directory):
    path = os.path.join(directory, "r.recording")
    variables = ["-E", "LD_PRELOAD=" + LIBRARY, "-E", "HEAPTALLY=out=" + path]
    done = run([need("strace"), "-o", "calls", "-e", "trace=madvise", *variables, "cat", "/proc/self/smaps"])
    equal(done.returncode, 0, "status")
    with open("calls", encoding="ascii", errors="replace") as file:
        advice = re.findall(r"MADV_RANDOM|MADV_NORMAL|MADV_POPULATE_WRITE|0x17\b", file.read())
    assert "MADV_RANDOM" in advice, advice
    for first, then in zip(advice, advice[1:] + ["end"]):
        assert first != "MADV_RANDOM" or then in ("MADV_POPULATE_WRITE", "0x17"), advice
    equal(advice.count("MADV_RANDOM"), advice.count("MADV_NORMAL"), "taken back")
    maps = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", done.stdout.decode(), flags=re.M)
    flags = [re.search(r"^VmFlags: (.*)$", text, re.M)[1].split() for text in maps if path in text]
    assert flags and not any("rr" in words for words in flags), flags


run_cases()
