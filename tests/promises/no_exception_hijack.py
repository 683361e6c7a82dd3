# SPDX-License-Identifier: LGPL-2.1-or-later
"""C++ exceptions of the program stay libgcc's: nobody else's unwinder is bound."""
import re

from harness import case, equal, run_cases
from traced import os, same, target, traced


@case("a plugin throws through a C program")
def throws(_directory):
    same([target("exceptions"), "200", target("throw_plugin.so")])


@case("every _Unwind_ symbol is bound to libgcc_s")
def bindings(_directory):
    words = [target("exceptions"), "5", target("throw_plugin.so")]
    result = traced(words, LD_DEBUG="bindings", LD_DEBUG_OUTPUT="bindings")
    equal(result.returncode, 0, "status")
    seen = set()
    for name in [name for name in os.listdir(".") if name.startswith("bindings.")]:
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
        pattern = r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: normal symbol `(_Unwind_\w+)'"
        seen |= set(re.findall(pattern, text))
    own = {binding for binding in seen if "libunwind" not in binding[0]}
    assert own, "no binding of _Unwind_ seen"
    wrong = {binding for binding in own if "libgcc_s.so" not in binding[1]}
    equal(wrong, set(), "hijacked")


run_cases()
