# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CPythons to test: the system's python3 and those in PYTHONS, separated by spaces."""
import os
import shutil

from harness import Skip, run


def pythons():
    system = shutil.which("python3", path="/usr/bin:/bin")
    found = [path for path in [system, *os.environ.get("PYTHONS", "").split()] if path]
    if not found:
        raise Skip("there is no CPython")
    return found


def minor_of(python):
    return int(run([python, "-c", "import sys; print(sys.version_info[1])"]).stdout)
