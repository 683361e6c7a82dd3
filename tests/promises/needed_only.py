# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime needs libc and the loader, and is bound completely when it is loaded."""
import re

from harness import LIBRARY, case, equal, need, run, run_cases


def readelf(*options):
    result = run([need("readelf"), "-W", *options, LIBRARY])
    equal(result.returncode, 0, "status of readelf")
    return result.stdout.decode()


@case("needed libraries")
def needed(_directory):
    names = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d")))
    equal(names - {"libc.so.6", "ld-linux-x86-64.so.2"}, set(), "foreign libraries")


@case("bound at load time, never unloaded")
def bound(_directory):
    dynamic = readelf("-d")
    assert re.search(r"BIND_NOW|FLAGS.*NOW", dynamic), "lazy binding"
    assert "NODELETE" in dynamic, "could be unloaded"


@case("no relocation that runs or copies code")
def relocations(_directory):
    found = set(re.findall(r"R_X86_64_\w+", readelf("-r")))
    equal(found & {"R_X86_64_IRELATIVE", "R_X86_64_COPY"}, set(), "relocations")


@case("keeps shadow stacks and branch tracking on")
def control_flow(_directory):
    notes = readelf("-n")
    assert "IBT" in notes and "SHSTK" in notes, notes


run_cases()
