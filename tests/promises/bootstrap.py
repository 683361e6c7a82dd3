# SPDX-License-Identifier: LGPL-2.1-or-later
"""Allocations before and while the runtime starts are served, and kept valid for ever."""
import re

from harness import LIBRARY, case, environment, equal, run, run_cases
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


@case("a file that has nothing yet is not read ahead")
def not_read_ahead(directory):
    path = os.path.join(directory, "r.recording")
    done = run(["cat", "/proc/self/smaps"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + path))
    equal(done.returncode, 0, "status")
    maps = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", done.stdout.decode(), flags=re.M)
    flags = [re.search(r"^VmFlags: (.*)$", text, re.M)[1].split() for text in maps if path in text]
    assert flags and all("rr" in words for words in flags), flags


run_cases()
