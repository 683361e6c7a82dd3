# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every captured stack equals what unw_backtrace finds at the same place: a million and more."""
import os

from harness import DATA, LIBRARY, case, environment, equal, need, report, run, run_cases


@case("CPython, PYTHONMALLOC=malloc: a million stacks and no difference")
def cpython(_directory):
    variables = environment(
        PYTHONMALLOC="malloc",
        LD_PRELOAD=LIBRARY,
        HEAPTALLY="crosscheck=1:out=%s/check.rec" % os.getcwd(),
    )
    command = [need("python3"), "-sB", os.path.join(DATA, "json-ast.py")]
    equal(run(command, env=variables).returncode, 0, "status")
    info = report("info", "check.rec")
    assert info["crosscheck_count"] >= 1000000, info
    equal(info["crosscheck_differences"], 0, "differences")


run_cases()
